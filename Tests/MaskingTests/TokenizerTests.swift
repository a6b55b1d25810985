import Testing

@testable import Masking

@Suite struct TokenizerTests {
    private let tokenizer: Tokenizer

    init() throws { tokenizer = try Self.made("a key for tests") }

    private static func made(_ key: String) throws -> Tokenizer {
        let keys = MaskingKeys(key: Array(key.utf8))
        try keys.prepare([.tokenize])
        return try #require(keys.tokenizer)
    }

    private func token(_ text: String) throws -> String {
        let bytes = Array(text.utf8)
        return String(decoding: try #require(bytes.withUnsafeBytes { tokenizer.token(of: $0) }), as: UTF8.self)
    }

    private func value(_ token: String) -> String? {
        let bytes = Array(token.utf8)
        return bytes.withUnsafeBytes { tokenizer.value(of: $0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Letters and digits change, all else stays where it is.
    private func shape(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? "x" : $0 })
    }

    @Test(arguments: [
        "4111111111111111", "4111 1111 1111 1111", "536-90-4399", "078-05-1120", "+49 30 901820", "123456", "-1234567",
        "ann@example.com", "Ann Smith", "AB12", "GB82 WEST 1234 5698 7654 32", "2001:db8::8a2e:370:7334", "key=a1b2",
        "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "00000000-0000-0000-0000-000000000000", "2147483647",
        "9223372036854775807",
    ])
    func tokensOfTheValuesForm(_ text: String) throws {
        let token = try token(text)
        #expect(shape(token) == shape(text) && token != text)
        #expect(TokenForm(token) == TokenForm(text))
        #expect(value(token) == text)
        #expect(try self.token(text) == token)
    }

    @Test(arguments: [
        "", "a", "abc", "12345", "012345", "12-34", "Zoë Müller", "naïve", "a\nbcdef", "…", "tok_abcdef", "tok_",
        String(repeating: "a", count: 65), String(repeating: "7", count: 65), "\u{0}\u{1}", "   ",
    ])
    func sealedTokens(_ text: String) throws {
        let token = try token(text)
        #expect(token.hasPrefix("tok_"))
        #expect(
            token.utf8.allSatisfy {
                $0 == 0x5f || $0 == 0x2d || Character(UnicodeScalar($0)).isLetter || $0 &- 0x30 < 10
            })
        #expect(value(token) == text)
        #expect(try self.token(text) == token)
        for index in token.indices.dropFirst(4) {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            #expect(value(changed) != text)
        }
    }

    @Test(arguments: ["tok_", "tok_AAAA", "tok_!", "abc", "12345", ""]) func whatIsNoToken(_ text: String) {
        #expect(value(text) == nil)
    }

    @Test func textsTooLongHaveNone() {
        let most = [UInt8](repeating: 0x61, count: Tokenizer.maximumBytes)
        #expect(most.withUnsafeBytes { tokenizer.token(of: $0) } != nil)
        for form in ["a", "123456", "tok_"] {
            let long = Array(form.utf8) + [UInt8](repeating: 0x20, count: Tokenizer.maximumBytes)
            #expect(long.withUnsafeBytes { tokenizer.token(of: $0) } == nil)
            #expect(long.withUnsafeBytes { tokenizer.tokenOfForm(of: $0) } == nil)
        }
    }

    /// Every value has a token of its own, and the token tells how to turn it back.
    @Test func randomValuesAreReversible() throws {
        var random = Seeded(38)
        var values: [String: String] = [:]
        let alphabets = [
            "0123456789", "0123456789-  ", "abcdefgXYZ0123456789", "ab@._/ 0129", "aé漢😀 1", "0123456789abcdef",
        ]
        for _ in 0..<4000 {
            let alphabet = Array(random.pick(alphabets))
            let text = String((0..<random.number(below: 24)).map { _ in random.pick(alphabet) })
            let token = try token(text)
            #expect(value(token) == text)
            #expect(values.updateValue(text, forKey: token) ?? text == text)
            #expect(TokenForm(token) == TokenForm(text) || token.hasPrefix("tok_"))
        }
    }

    /// Numbers stay as long as they are, and within what 32 and 64 bits hold.
    @Test func numbersStayWithinTheirType() throws {
        var random = Seeded(8)
        for _ in 0..<500 {
            let digits = 6 + random.number(below: 14)
            let text =
                "\(1 + random.number(below: 9))" + (1..<digits).map { _ in "\(random.number(below: 10))" }.joined()
            let token = try token(text)
            #expect(token.count == text.count && token.first != "0")
            if Int64(text) != nil { #expect(Int64(token) != nil) }
            if Int32(text) != nil { #expect(Int32(token) != nil) }
        }
    }

    @Test func anotherKeyMakesOtherTokens() throws {
        let other = try Self.made("another key")
        for text in ["4111111111111111", "ann@example.com", "naïve"] {
            let token = try token(text)
            #expect(Array(token.utf8).withUnsafeBytes { other.value(of: $0) } != Array(text.utf8))
        }
    }
}

extension TokenForm {
    fileprivate init(_ text: String) { self = Array(text.utf8).withUnsafeBytes { TokenForm($0) } }
}
