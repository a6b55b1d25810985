import Testing

@testable import Detection

/// What stands beside a value decides whether it is one by itself, in every script.
@Suite struct NeighbourTests {
    private static let values = [
        "Bluebird", "DE89370400440532013000", "529.982.247-25", "+14155552671", "192.0.2.17",
        "0x52908400098527886E0F7030069857D2E4169EE7", "4111111111111111",
    ]

    private static func findings(_ bytes: [UInt8]) throws -> [Finding] {
        let engine = try DetectionEngine(
            entities: Entity.all,
            dictionaries: [CustomDictionary(entity: "project", words: ["Bluebird", "東京計画"])])
        var findings: [Finding] = []
        try bytes.withUnsafeBytes { try engine.findings(in: $0, into: &findings) }
        return findings
    }

    private static func finds(_ value: String, in text: String) throws -> Bool {
        let findings = try findings(Array(text.utf8))
        let start = Array(text[..<(try #require(text.firstRange(of: value))).lowerBound].utf8).count
        let range = start..<start + value.utf8.count
        return findings.contains { $0.range.lowerBound <= range.lowerBound && $0.range.upperBound >= range.upperBound }
    }

    @Test(arguments: [
        ("“", "”"), ("«", "»"), ("—", "…"), ("\u{a0}", "\u{a0}"), ("\u{200b}", "\u{200b}"), ("\u{feff}", "。"),
        ("“", "’s"), ("計画", "だ"), ("かな", "カナ"), ("❤", "❤"), ("(", ")"),
    ])
    func whatIsNoPartOfAWordHidesNothing(before: String, after: String) throws {
        for value in Self.values {
            #expect(try Self.finds(value, in: before + value + after), "\(before)\(value)\(after)")
        }
    }

    @Test func aWordOfAScriptWithoutSpacesIsFoundWithinIt() throws {
        #expect(try Self.finds("東京計画", in: "新東京計画だ"))
    }

    @Test(arguments: [("é", "x"), ("x", "é"), ("9", ""), ("", "9"), ("Я", ""), ("", "ß"), ("", "٣")])
    func whatIsPartOfAWordIsNone(before: String, after: String) throws {
        #expect(try !Self.finds("Bluebird", in: before + "Bluebird" + after))
    }

    /// Text of another encoding.
    @Test func brokenBytesHideNothing() throws {
        let findings = try Self.findings([0x93] + Array("Bluebird".utf8) + [0x94])
        #expect(findings.map(\.range) == [1..<9])
    }
}
