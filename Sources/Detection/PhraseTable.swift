/// Phrases of some words each, and what they mean: a bit for each meaning.
struct PhraseTable<Bits: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// By their words with a space between.
    private var meanings: [Substring: Bits] = [:]
    /// Words of the longest.
    private var longest = 0

    /// One without words stands nowhere.
    mutating func add(_ words: [Substring], _ bits: Bits) {
        guard !words.isEmpty else { return }
        meanings[PhraseTable.joined(words[...]), default: 0] |= bits
        longest = max(longest, words.count)
    }

    /// What the phrases mean that stand in `words`, and those that end them. Takes time by the number of words, however many
    /// phrases there are.
    func meanings(of words: [Substring]) -> (anywhere: Bits, last: Bits) {
        var anywhere: Bits = 0
        var last: Bits = 0
        for end in words.indices {
            for start in max(0, end + 1 - longest)..<end + 1 {
                guard let bits = meanings[PhraseTable.joined(words[start...end])] else { continue }
                anywhere |= bits
                if end == words.count - 1 { last |= bits }
            }
        }
        return (anywhere, last)
    }

    private static func joined(_ words: ArraySlice<Substring>) -> Substring {
        guard words.count > 1 || words.isEmpty else { return words[words.startIndex] }
        return Substring(words.joined(separator: " "))
    }
}
