import Contract
import Testing

/// What is put into a statement stays within its quotes, whatever letters stand beside them.
@Suite struct SQLTextTests {
    /// Combining marks, a prepended mark, joiners, a variation selector, a letter that joins marks.
    private static let neighbours = [
        "", "a", "\u{301}", "\u{600}", "\u{200d}", "\u{fe0f}", "\u{20dd}", "\u{1f3fb}", "\u{0e33}", "\u{ad4}", "\r",
        "\n",
    ]

    @Test(arguments: neighbours, neighbours)
    func quotesAreDoubled(_ before: String, _ after: String) {
        for (special, escaped) in [("'", "''"), ("\\", "\\\\"), ("\0", ""), ("\"", "\"")] {
            let literal = SQLText.literal(before + special + after)
            #expect(literal.unicodeScalars.elementsEqual(("E'" + before + escaped + after + "'").unicodeScalars))
        }
        let identifier = SQLText.identifier(before + "\"" + after)
        #expect(identifier.unicodeScalars.elementsEqual(("\"" + before + "\"\"" + after + "\"").unicodeScalars))
    }
}
