import Contract
import Detection
import Foundation
import Testing

@testable import Masking

/// Documents that are damaged, or made to be misread.
@Suite struct HostileTests {
    private static let document = #"{"a": ["x", {"b": 1.5}], "email": "alice.b\u0040example.com", "c": [null, "\\"]}"#

    /// Every document that differs from one in one byte.
    private static func damaged(_ document: [UInt8]) -> [(bytes: [UInt8], place: Int)] {
        document.indices.flatMap { place -> [([UInt8], Int)] in
            var removed = document
            removed.remove(at: place)
            let replaced = Array("\"\\{}[],: \n0x".utf8).flatMap { byte -> [([UInt8], Int)] in
                var other = document
                other[place] = byte
                var longer = document
                longer.insert(byte, at: place)
                return [(other, place), (longer, place)]
            }
            return [(removed, place)] + replaced
        }
    }

    private static func read(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { String(decoding: ValueEncoding.jsonLike.decode($0)?.bytes ?? [], as: UTF8.self) }
    }

    @Test func damagedJSONHidesNothing() throws {
        let rules = try plan(detect: ["email"])
        for (bytes, place) in Self.damaged(Array(Self.document.utf8)) {
            for format in [DocumentFormat.json, .ndjson] {
                let masked = Self.read(mask(bytes, format, rules).output)
                #expect(!masked.contains("alice.b@example.com"), "\(place): \(Self.read(bytes))\n\(masked)")
            }
        }
    }

    @Test func damagedJSONShowsNoMaskedKey() throws {
        let document = Array(#"{"a": ["x", {"b": 1}], "k": {"email": ["opaque7", 1]}, "c": [null]}"#.utf8)
        let key = Array("\"email\"".utf8)
        let start = try #require((0..<document.count).first { document[$0...].starts(with: key) })
        let rules = try plan(columns: [("*.email", .redact)])
        for (bytes, place) in Self.damaged(document) where !(start...start + key.count).contains(place) {
            let masked = Self.read(mask(bytes, .json, rules).output)
            #expect(!masked.contains("opaque7"), "\(place): \(Self.read(bytes))\n\(masked)")
        }
    }

    @Test func anyBytesAreTaken() throws {
        let rules = try plan(columns: [("*.a", .redact), ("b", .null)], detect: ["all"])
        var random = Seeded(7)
        let parts =
            [
                "\"", "\\", "{", "}", "[", "]", ":", ",", "a", "b", "=", "&", "%", "%4", "+", "\n", "\r\n", "\r",
                "data:",
                "data", "-", "1", "a@b.co", "\u{feff}", " ", "\\u", "\\ud83d", "null", "-----BEGIN PRIVATE KEY-----",
            ].map { Array($0.utf8) } + [[0], [0xff], [0xc3], [0xef, 0xbb]]
        for _ in 0..<400 {
            let document = (0...random.number(below: 30)).flatMap { _ in random.pick(parts) }
            for format in DocumentFormat.allCases {
                let whole = mask(document, format, rules)
                #expect(
                    mask(document, format, rules, cuts: Array(document.indices)).output == whole.output, "\(document)")
                #expect(!Self.read(whole.output).contains("a@b.co"), "\(format) \(document)")
            }
        }
    }

    /// Columns behind those that are remembered may be any, and so may one whose name is no name.
    @Test func columnsAreBounded() throws {
        let rules = try plan(columns: [("email", .redact)])
        let row = String(repeating: "a,", count: CSVMasker.maximumColumns)
        #expect(mask("\(row)email,x\n\(row)b,c", .csv, rules) == "\(row)email,x\n\(row)[redacted],[redacted]")
        #expect(
            mask("\(row)email\n\(row)b\n", .csv, try plan(columns: [("email", .drop)])) == "\(row)email\n\(row)\n")
        let long = String(repeating: "email ", count: 200_000)
        #expect(mask("id,\(long),x\n1,b,c", .csv, rules) == "id,\(long),x\n1,[redacted],c")
        #expect(mask("\"\(long)\"\nb", .csv, rules) == "\"\(long)\"\n[redacted]")
    }

    @Test func depthIsBounded() throws {
        let deep = String(repeating: "[", count: 100_000) + "\"a@b.co\""
        let masked = mask(deep, .json, try plan(detect: ["email"]))
        #expect(masked == String(repeating: "[", count: 100_000) + "\"[redacted:email]\"")
    }

    /// Places in an encoding, compared with decoding each of its prefixes.
    @Test func placesInEncodings() throws {
        let cases: [(ValueEncoding, String)] = [
            (.json, #"a\u0040\n\\b\ud83d\ude00\ud83dé"#), (.quoted, "a\"\"b\"\"\"\"c"), (.percent, "a+%40%C3%A9b%25"),
            (.plain, "abc"),
        ]
        for (encoding, text) in cases {
            let bytes = Array(text.utf8)
            let decoded = try #require(bytes.withUnsafeBytes { encoding.decode($0) })
            #expect(decoded.encoded(0..<decoded.bytes.count) == 0..<bytes.count)
            for place in 0..<decoded.bytes.count {
                let range = decoded.encoded(place..<place + 1)
                let part = try #require(bytes[range].withUnsafeBytes { encoding.decode($0) })
                #expect(part.bytes.contains(decoded.bytes[place]), "\(text) \(place)")
            }
        }
    }

    @Test(arguments: [
        (#"{"a"#, false), (#"{"a" 1}"#, false), ("{,}", false), ("[1,]", false), ("[1 2]", false), ("]", false),
        ("{]", false), ("tru", false), ("1.", false), ("-", false), ("1e", false), ("\"\\x\"", false),
        ("{\"a\":}", false),
        ("{1:2}", false), ("nul", false), ("[", false), ("{\"a\":1}", true), ("[]", true),
        ("[{},[],\"\",-0.5E+3]", true),
        ("NaN", true), ("\"\\u00e9\\/\"", true), ("1 2", true),
    ])
    func isJSON(_ text: String, _ expected: Bool) throws {
        let rules = try plan(detect: ["email"])
        var engine = DocumentPass(rules, finds: false).engine
        var out: [UInt8] = []
        let outcome = Array(text.utf8).withUnsafeBytes {
            engine.maskJSON(
                $0, near: .none, names: NameTable(detection: nil, rules: []), isQuiet: false, to: &out)
        }
        #expect((outcome == .unchanged) == expected && (outcome == .invalid) != expected)
    }
}
