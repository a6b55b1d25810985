import Contract
import Foundation
@testable import Masking
import Testing

/// Bytes for a terminal through a masker, in pieces that end at `cuts`; after those at `flushes` it is flushed.
func stream(
    _ bytes: [UInt8], _ plan: DocumentPlan, cuts: [Int] = [], flushes: Set<Int> = []
) -> (output: [UInt8], counts: [String: UInt64]) {
    let masker = StreamMasker(plan: plan)
    var output: [UInt8] = []
    var start = 0
    for cut in cuts + [bytes.count] {
        bytes[start..<cut].withUnsafeBytes { masker.write($0) }
        if flushes.contains(cut) { masker.flush() }
        output += masker.takeOutput()
        start = cut
    }
    masker.finish()
    output += masker.takeOutput()
    return (output, Dictionary(uniqueKeysWithValues: masker.counts.map { ($0.name, $0.count) }))
}

func stream(_ text: String, _ plan: DocumentPlan) -> String {
    String(decoding: stream(Array(text.utf8), plan).output, as: UTF8.self)
}

/// What a terminal is sent: sequences stay, values between them do not.
@Suite struct StreamTests {
    private static func plan(_ style: MaskStyle = .redact) throws -> DocumentPlan {
        try MaskingTests.plan(detect: ["email", "credit_card", "us_ssn", "private_key"], style)
    }

    @Test(arguments: [
        ("hi bob@b.co there\r\n", "hi [redacted:email] there\r\n"),
        // Colours, character sets, and other sequences within a value.
        ("al\u{1b}[31mice@ex\u{1b}[0mample.com", "[redacted:email]\u{1b}[31m\u{1b}[0m"),
        ("\u{1b}[1mbob@b.co\u{1b}[m!", "\u{1b}[1m[redacted:email]\u{1b}[m!"),
        ("bob\u{1b}(B@b\u{f}.c\u{1b}[?25ho", "[redacted:email]\u{1b}(B\u{f}\u{1b}[?25h"),
        ("b\u{1b}]0;x\u{7}ob@b.co", "[redacted:email]\u{1b}]0;x\u{7}"),
        ("b\u{1b}P1$r0m\u{1b}\\ob@b.co", "[redacted:email]\u{1b}P1$r0m\u{1b}\\"),
        ("4111 1111\u{1b}[38;5;200m 1111 1111", "[redacted:credit_card]\u{1b}[38;5;200m"),
        (
            "bob\u{1b}[0\u{0}m@b.co \u{1b}[3\u{18}bob@b.co",
            "[redacted:email]\u{1b}[0\u{0}m \u{1b}[3\u{18}[redacted:email]"
        ),
        ("b\u{85}ob@b.co", "[redacted:email]\u{85}"),
        ("\u{1b}[2\n 536-90-4399 \u{1b}[m", "\u{1b}[2\n [redacted:us_ssn] \u{1b}[m"),
        ("\u{1b}[2 536-90-4399 ", "\u{1b}[2 [redacted:us_ssn] "),
        ("-4\u{1b}[ 4111 1111 1111 1111 \u{1b}[m", "-4\u{1b}[ [redacted:credit_card] \u{1b}[m"),
        ("\u{1b} 536-90-4399 \u{1b} F", "\u{1b} [redacted:us_ssn] \u{1b} F"),
        // Titles, links and the like say things too.
        ("\u{1b}]0;mail bob@b.co\u{7}\r\n", "\u{1b}]0;mail [redacted:email]\u{7}\r\n"),
        (
            "\u{1b}]8;;mailto:bob@b.co\u{1b}\\Bob\u{1b}]8;;\u{1b}\\",
            "\u{1b}]8;;mailto:[redacted:email]\u{1b}\\Bob\u{1b}]8;;\u{1b}\\"
        ),
        // Where the cursor brings a value together.
        ("alicx\u{8}e@b.co ", "[redacted:email] "),
        ("4111 1111 1111 1112\u{8}\u{1b}[K1", "[redacted:credit_card]\u{1b}[K"),
        ("xxx@b.co\rbob", "[redacted:email]\r"),
        ("\u{1b}[9G-90-4399\u{1b}[1G 536\u{1b}[5G", "\u{1b}[9G-90-4399\u{1b}[1G 536\u{1b}[5G"),
        ("\u{1b}[5G-90-4399\u{1b}[1G 536\u{1b}[5G", "\u{1b}[5G[redacted:us_ssn]\u{1b}[1G \u{1b}[5G"),
        ("536-90-4\u{1b}[5D\u{1b}[1@-\u{1b}[5C399", "536-90-4\u{1b}[5D\u{1b}[1@-\u{1b}[5C399"),
        ("536-90x-4399\u{1b}[6D\u{1b}[P", "[redacted:us_ssn]\u{1b}[6D\u{1b}[P"),
        ("b\u{8}bo\u{8}ob\u{8}b@b.co", "[redacted:email]"),
        // And where it parts it from what stands before it.
        ("12\u{1b}[10G4111111111111111\u{1b}[40G34", "12\u{1b}[10G[redacted:credit_card]\u{1b}[40G34"),
        ("\u{1b}[1;1H4111111111111111\u{1b}[2;1H99", "\u{1b}[1;1H[redacted:credit_card]\u{1b}[2;1H99"),
        // No sequences, but text.
        (
            "\u{1b}[" + String(repeating: "1;", count: 200) + " bob@b.co\n",
            "\u{1b}[" + String(repeating: "1;", count: 200) + " [redacted:email]\n"
        ),
        ("\u{1b}]0;no end bob@b.co", "\u{1b}]0;no end [redacted:email]"),
        ("\u{1b}", "\u{1b}"), ("a\u{1b}[3", "a\u{1b}[3"),
        (
            "-----BEGIN " + "RSA PRIVATE KEY-----\r\nMIIE\u{1b}[0m\r\nAAAA\r\n-----END RSA PRIVATE KEY-----\r\nx",
            "[redacted:private_key]\u{1b}[0m\r\nx"
        ),
    ])
    func masks(_ text: String, _ expected: String) throws {
        let plan = try Self.plan()
        #expect(stream(text, plan) == expected, "\(stream(text, plan).debugDescription)")
        let bytes = Array(text.utf8)
        for cut in bytes.indices {
            #expect(stream(bytes, plan, cuts: [cut]).output == Array(expected.utf8), "cut at \(cut)")
        }
        #expect(stream(bytes, plan, cuts: Array(bytes.indices)).output == Array(expected.utf8))
    }

    /// What the fuzzer found: values that stood in the output, and inputs whose cuts mattered.
    @Test func replaysCrashes() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/crashes")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        let plan = try Self.plan()
        for file in files where file.pathExtension == "stream" {
            let bytes = Array(try Data(contentsOf: file))
            let masked = stream(bytes, plan).output
            #expect(stream(bytes, plan, cuts: Array(bytes.indices)).output == masked, "\(file.lastPathComponent)")
            for value in ["alice.b@example.com", "4111 1111 1111 1111", "536-90-4399"] {
                #expect(!String(decoding: masked, as: UTF8.self).contains(value), "\(file.lastPathComponent)")
            }
        }
    }

    @Test func bytesThatAreNoTextPass() throws {
        let plan = try Self.plan()
        let bytes =
            [UInt8](0...255).filter { $0 != 0x1b } + [0xff, 0xe2, 0x82, 0x41, 0xc2, 0xed, 0xa0, 0x80, 0xf0, 0x9f]
        let value = Array(" bob@b.co ".utf8)
        let masked = stream(bytes + value + bytes, plan, cuts: [100, 256]).output
        #expect(masked == bytes + Array(" [redacted:email] ".utf8) + bytes)
    }

    @Test func styles() throws {
        #expect(
            stream("al\u{1b}[1mice@b.co 4111111111111111", try Self.plan(.partial)) == "a***@b.co\u{1b}[1m ****1111")
        #expect(stream("al\u{1b}[1mice@b.co", try Self.plan(.hash)).hasPrefix("h:"))
        #expect(stream("alice@b.co", try Self.plan(.null)) == "[redacted:email]")
    }

    /// A prompt, and what is typed at it, show when they are asked for.
    @Test func flushPutsOutWhatIsHeld() throws {
        let masker = StreamMasker(plan: try Self.plan())
        func show(_ text: [UInt8]) -> String {
            text.withUnsafeBytes { masker.write($0) }
            let before = masker.takeOutput()
            masker.flush()
            return String(decoding: before, as: UTF8.self) + "|" + String(decoding: masker.takeOutput(), as: UTF8.self)
        }
        #expect(show(Array("login: ".utf8)) == "|login: ")
        #expect(show(Array("b\u{8}bo".utf8)) == "|b\u{8}bo")
        // What is out is seen: the rest of the value is masked.
        #expect(show(Array("b@b.co".utf8)) == "|[redacted:email]")
        #expect(show(Array("mpany.org x".utf8)) == "| x")
        #expect(show([0xe2]) == "|" && show([0x82]) == "|" && show([0xac]) == "|€")
        #expect(show(Array("\u{1b}[3".utf8)) == "|\u{1b}[3")
        #expect(show(Array("1m 4111 1111 1111 1111".utf8)) == "|1m [redacted:credit_card]")
        #expect(show(Array("\u{1b}]0;t".utf8)) == "|\u{1b}]0;t")
        #expect(show(Array(" bob@b.co".utf8)) == "| [redacted:email]")
        #expect(show(Array("\u{7}\r\n$ ".utf8)) == "\u{7}\r\n|$ ")
        #expect(show([]) == "|")
        // What seemed to be a title was text.
        #expect(show(Array("\u{1b}]0;t\nbob@".utf8)) == "|\u{1b}]0;t\nbob@")
        let words = String(repeating: "word ", count: 1000)
        #expect(show(Array("b.co \(words)\r\n".utf8)) == "[redacted:email] \(words)\r\n|")
        let key = "-----BEGIN " + "PRIVATE KEY-----\r\n"
        #expect(show(Array((key + "MIIE\r\n").utf8)) == "|[redacted:private_key]")
        #expect(show(Array("AAAA\r\n".utf8)) == "|")
        #expect(show(Array("-----END PRIVATE KEY-----\r\n$ ".utf8)) == "\r\n|$ ")
    }
}
