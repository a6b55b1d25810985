/// How what is searched by is written into the full-text table, whose tokenizer takes ASCII letters and digits, `_`, `#`, `~` and
/// all bytes above 0x7F as parts of a token: words as they are, and what no word can be for everything else.
enum SearchTokens {
    /// Between parts of a command, so that no phrase goes from one into another.
    static let border = Array("#".utf8)
    /// Before words that have digits, as keys and hashes do, and tables that are made by the hundred: they are in no vocabulary.
    static let marker = UInt8(ascii: "~")

    /// What stands at ``SearchIndex/isEdge(_:)``, where there is no command.
    static let edge = "#e"

    /// Whether a word is one of the vocabulary.
    static func isVocabulary(_ word: [UInt8]) -> Bool { !word.contains(where: isDigit) }

    static func append(_ word: [UInt8], to text: inout [UInt8]) {
        if !text.isEmpty { text.append(UInt8(ascii: " ")) }
        if !isVocabulary(word) { text.append(marker) }
        text.append(contentsOf: word)
    }

    static func token(_ word: [UInt8]) -> String {
        var text: [UInt8] = []
        append(word, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    static func facet(_ kind: NameKind, _ id: Int64) -> String { "#\(kind.rawValue)\(id)" }
    static func facet(_ decision: RecordingIndex.Filter.Decision) -> String { "#v\(decision.rawValue)" }

    /// What names are kept in the index of.
    enum NameKind: String { case identity = "i", resource = "r", rule = "u", table = "t" }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
