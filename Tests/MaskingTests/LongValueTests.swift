import Contract
import Masking
import Testing

/// Values that are too long to be held: masked piece by piece, whatever stands at the end of a piece.
@Suite struct LongValueTests {
    private static let piece = 1 << 20
    private static let address = "alice.b@example.com"

    /// Words with addresses; some stand across the ends of pieces.
    private static func text(_ masked: String, space: String = " ", at: String = "@") -> (String, String) {
        var text = ""
        var expected = ""
        let shown = address.replacing("@", with: at)
        for number in 0..<3 {
            let words = String(repeating: "word" + space, count: (piece - 300 - number * 7) / (4 + space.utf8.count))
            for gap in 0..<25 {
                text += (gap == 0 ? words : "w" + space) + shown + space
                expected += (gap == 0 ? words : "w" + space) + masked + space
            }
        }
        return (text, expected)
    }

    private static func check(
        _ format: DocumentFormat, before: String, after: String, _ value: (String, String), cuts: [Int] = []
    ) throws {
        let document = Array((before + value.0 + after).utf8)
        let masked = mask(document, format, try plan(detect: ["email"]), cuts: cuts)
        #expect(masked.output == Array((before + value.1 + after).utf8), "\(format)")
        #expect(masked.counts["email"] == 75)
    }

    @Test(arguments: [
        (DocumentFormat.text, "x\n", "\ny\n"), (.json, "{\"a\": \"", "\", \"b\": [1]}\n"),
        (.ndjson, "data: {\"a\": \"", "\"}\n\n{}\n"), (.csv, "a,b\n1,\"", "\"\n2,c\n"), (.csv, "a,b\n1,", ",x\n2,c\n"),
        (.csv, "a,b\n\"", "\",x\n2,c\n"),
    ])
    func inPieces(_ format: DocumentFormat, _ before: String, _ after: String) throws {
        let value = Self.text("[redacted:email]")
        try Self.check(format, before: before, after: after, value)
        try Self.check(
            format, before: before, after: after, value,
            cuts: Array(stride(from: 65_537, to: value.0.utf8.count, by: 65_537)))
    }

    @Test func inPiecesOfEscapes() throws {
        try Self.check(
            .json, before: "[\"", after: "\"]", Self.text("[redacted:email]", space: "\\u0020", at: "\\u0040"))
        try Self.check(
            .form, before: "a=", after: "&b=1", Self.text("%5Bredacted%3Aemail%5D", space: "+", at: "%40"))
    }

    @Test func underARule() throws {
        let rules = try plan(columns: [("a", .hash)])
        let long = String(repeating: "secret\\\" ", count: 400_000)
        #expect(mask("{\"a\": \"\(long)\", \"b\": 1}", .json, rules) == "{\"a\": \"[redacted]\", \"b\": 1}")
        #expect(mask("{\"a\": {\"c\": \"\(long)\"}, \"b\": 1}", .json, rules) == "{\"a\": \"[redacted]\", \"b\": 1}")
        // Nobody reads such a key: its value may be any.
        let masked = mask("{\"\(long)\": \"x\", \"b\": 1}", .json, rules)
        #expect(masked.hasSuffix("\": \"h:") == false && !masked.contains("\"x\""))
        let field = String(repeating: "secret", count: 400_000)
        #expect(mask("a,b\n\(field),1\n\"\(field)\",2\n", .csv, rules) == "a,b\n[redacted],1\n\"[redacted]\",2\n")
        #expect(mask("a=\(field)&b=1", .form, rules) == "a=%5Bredacted%5D&b=1")
        #expect(mask("\(field)=x&b=1", .form, rules).hasSuffix("&b=1"))
    }

    /// A finding longer than what pieces share is seen in parts, and none of it passes.
    @Test func aFindingLongerThanAPiece() throws {
        let key = "-----BEGIN " + "PRIVATE KEY-----" + String(repeating: "MIIEabcd", count: 400_000)
        let masked = mask("x " + key + " y\nz\n", .text, try plan(detect: ["private_key"]))
        #expect(!masked.contains("MIIE") && masked.hasSuffix("z\n") && masked.hasPrefix("x [redacted:private_key]"))
    }
}
