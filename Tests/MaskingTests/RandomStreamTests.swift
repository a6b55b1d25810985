import Contract
import Masking
import Testing

/// Streams made from seeds.
@Suite struct RandomStreamTests {
    private static let sensitive = [
        ("alice.b@example.com", "email"), ("jürgen@müller.de", "email"), ("4111 1111 1111 1111", "credit_card"),
        ("536-90-4399", "us_ssn"), ("DE89 3704 0044 0532 0130 00", "iban"),
    ]
    private static let words = ["plain", "Grüße", "日本", "\u{1f600}", "50 %", "x=1&y=2", "'q'", "\t", "a, b", "~$ "]
    private static let sequences = [
        "\u{1b}[31m", "\u{1b}[0m", "\u{1b}[38;2;1;2;3m", "\u{1b}(B", "\u{1b}[?2004h", "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://x/\u{1b}\\", "\u{1b}P+q544e\u{1b}\\", "\u{7}", "\u{f}", "\u{1b}=",
    ]
    private static let movements = [
        "\u{1b}[K", "\u{1b}[3C", "\u{1b}[2A", "\u{1b}[5;7H", "\u{1b}[80G", "\u{1b}E", "\u{8}",
    ]

    /// Lines of words and values; sequences stand anywhere, movements only between words.
    private static func random(_ seed: Int) -> Expected {
        var random = Seeded(seed)
        var expected = Expected()
        for _ in 0...random.number(below: 5) {
            for _ in 0...random.number(below: 4) {
                expected.add(random.pick(words))
                if random.number(below: 3) == 0 { expected.add(random.pick(sequences + movements)) }
                guard random.number(below: 2) == 0 else { continue }
                let (value, entity) = random.pick(sensitive)
                expected.values.append(value)
                expected.add(" | ")
                var substitute = "[redacted:\(entity)]"
                for character in value {
                    expected.add(String(character), masked: substitute)
                    substitute = ""
                    if random.number(below: 6) == 0 { expected.add(random.pick(sequences)) }
                }
                expected.add(" | ")
            }
            expected.add(random.pick(["\r\n", "\n"]))
        }
        return expected
    }

    /// What a terminal is sent without its sequences.
    private func shown(_ bytes: [UInt8]) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        for sequence in Self.sequences { text = text.replacing(sequence, with: "") }
        return text
    }

    @Test func nothingElseChanges() throws {
        let rules = try plan(detect: Expected.entities)
        for seed in 0..<400 {
            let expected = Self.random(seed)
            let masked = stream(expected.document, rules).output
            #expect(
                masked == expected.masked,
                "\(seed)\n\(String(decoding: expected.document, as: UTF8.self).debugDescription)\n\(String(decoding: masked, as: UTF8.self).debugDescription)"
            )
            for value in expected.values { #expect(!shown(masked).contains(value), "\(seed)") }
        }
    }

    @Test func cutsDoNotMatter() throws {
        let rules = try plan(detect: Expected.entities)
        for seed in 0..<20 {
            let document = Self.random(seed).document
            let whole = stream(document, rules)
            for cut in document.indices {
                let cuts = stream(document, rules, cuts: [cut])
                #expect(cuts.output == whole.output && cuts.counts == whole.counts, "\(seed), cut at \(cut)")
            }
            #expect(stream(document, rules, cuts: Array(document.indices)).output == whole.output, "\(seed)")
        }
    }

    /// Flushed anywhere, all but values stays as it is, and no value is whole.
    @Test func flushesLoseNothing() throws {
        let rules = try plan(detect: ["email", "us_ssn"])
        for seed in 0..<20 {
            let document = Self.random(seed).document
            for cut in document.indices {
                let flushed = stream(document, rules, cuts: [cut], flushes: [cut]).output
                for value in ["alice.b@example.com", "536-90-4399"] {
                    #expect(!shown(flushed).contains(value), "\(seed), flushed at \(cut)")
                }
            }
            let none = try plan(detect: ["btc_address"])
            #expect(
                stream(document, none, cuts: Array(document.indices), flushes: Set(document.indices)).output == document
            )
        }
    }

    /// Lines, sequences and strings that never end: nothing is lost, little is held, and values are found across pieces.
    @Test(arguments: [
        "word ", "\u{1b}[1mw ", "\u{1b}]0;", "\u{1b}P", "\u{1b}[", "\u{1b}[1;", "x\u{8}x ", "\u{1b}[9;9Hx ", "é ",
    ])
    func endlessLines(_ unit: String) throws {
        let rules = try plan(detect: ["email"])
        let masker = StreamMasker(plan: rules)
        var output: [UInt8] = []
        var written = 0
        var expected: [UInt8] = []
        for number in 0..<60 {
            let filler = Array(String(repeating: unit, count: (7000 + number * 13) / unit.utf8.count).utf8)
            let piece = filler + Array("\u{18} al\u{1b}[1mice@example.com ".utf8)
            expected += filler + Array("\u{18} [redacted:email]\u{1b}[1m ".utf8)
            written += piece.count
            piece.withUnsafeBytes { masker.write($0) }
            output += masker.takeOutput()
            #expect(written - output.count <= StreamMasker.maximumHeldBytes + 60 * 20)
        }
        masker.finish()
        output += masker.takeOutput()
        #expect(output == expected)
    }
}
