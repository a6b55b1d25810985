import Contract
import Testing

/// References in XML that are not read.
@Suite struct XMLTests {
    private let rules = plan(detect: everyEntity)

    private func masked(_ text: String, _ type: UInt32 = 142) throws -> [String?] {
        try [Int32(0), 1].map { try maskText(rules, column("v", type: type, format: $0), text) }
    }

    @Test(arguments: [
        "<!DOCTYPE x [<!ENTITY a \"&#64;\">]><x>alice&a;example.com</x>",
        "<!DOCTYPE x [<!ENTITY b SYSTEM \"b\"><!ENTITY a '@'>]><x>alice&a;example.com</x>",
        "<x>alice&#" + String(repeating: "0", count: 28) + "64;example.com</x>",
        "<x>alice&#x" + String(repeating: "0", count: 300) + "40;example.com</x>",
    ])
    func areWithheld(text: String) throws {
        #expect(try masked(text) == [nil, nil])
        // A type of an extension.
        #expect(try masked(text, 16_999) == [nil, nil])
        let withheld = try mask(batch(rules, [column("v", type: 142)]), Wire.row([Array(text.utf8)]))
        #expect(withheld.reply.counts.map(\.entity) == ["withheld"])
        #expect(try maskText(plan(columns: [("*.other", .redact)]), column("v", type: 142), text) == text)
    }

    @Test(arguments: [
        "<!DOCTYPE x [<!ENTITY a 'b'>]><x>c</x>", "<!DOCTYPE x [<!ELEMENT x ANY>]><x>&amp;</x>",
        "<x>&longNameOfNothingThatIsDeclaredAnywhereHere; &#; &#x;</x>", "<x a='?b=1&#c'/>",
        "<x>&#" + String(repeating: "0", count: 27) + "65;</x>", "<x>&#" + String(repeating: "0", count: 20),
    ])
    func areKept(text: String) throws {
        #expect(try masked(text) == [text, text])
    }

    @Test func theLongestReferenceIsRead() throws {
        let text = "<x>alice&#" + String(repeating: "0", count: 27) + "64;example.com</x>"
        #expect(try masked(text) == ["<x>[redacted:email]</x>", "<x>[redacted:email]</x>"])
    }
}
