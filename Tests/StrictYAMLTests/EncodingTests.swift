import StrictYAML
import Testing

@Suite struct EncodingTests {
    @Test(
        arguments: [
            ([0x61, 0xff], 1, 2), ([0x0a, 0x0a, 0xc3, 0xa9, 0xc3], 3, 2), ([0x61, 0x0d, 0x0a, 0xed, 0xa0, 0x80], 2, 1),
            ([0xc0, 0x80], 1, 1), ([0xf0, 0x9f, 0x98], 1, 1), ([0xe2, 0x82, 0xac, 0x20, 0x80, 0x0a], 1, 3),
        ] as [([UInt8], Int, Int)])
    func mistakesHaveAPlace(_ bytes: [UInt8], _ line: Int, _ column: Int) throws {
        let mistake = try #require(ConfigurationError(encodingOf: bytes, file: "words.txt"))
        #expect(mistake.line == line && mistake.column == column && mistake.file == "words.txt")
        #expect(mistake.message.contains("not valid UTF-8"))
    }

    @Test(arguments: ["", "a\né€😀\u{0}\n"])
    func textHasNone(_ text: String) { #expect(ConfigurationError(encodingOf: Array(text.utf8), file: "f") == nil) }
}
