/// What is looked for in commands: words, all of which must be there; the beginning of a word (`cust*`); words that stand one
/// behind the other (`"drop table"`). What is written with punctuation is such a phrase too: `public.customers`,
/// `jane@example.com`. Punctuation itself does not count.
public struct SearchQuery: Sendable, Equatable {
    /// Words one behind the other.
    struct Term: Sendable, Equatable {
        var words: [[UInt8]]
        /// The last word is the beginning of one.
        var isPrefix = false
    }

    static let maxTerms = 32
    /// Words of one phrase.
    static let maxWords = 64
    /// Characters of the beginning of a word: of a shorter one nearly all is found.
    static let minPrefix = 2

    let terms: [Term]

    /// Everything matches.
    public init() { terms = [] }

    /// - Throws: `invalid` when a part cannot be looked for.
    public init(_ text: String) throws(RecordingError) {
        var terms: [Term] = []
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "\"" {
                let body = rest.dropFirst()
                guard let end = body.firstIndex(of: "\"") else {
                    throw RecordingError(.invalid, "a quote is not closed in “\(text)”")
                }
                rest = body[body.index(after: end)...]
                let isPrefix = rest.first == "*"
                if isPrefix { rest.removeFirst() }
                terms.append(try Self.term(body[..<end], isPrefix: isPrefix))
            } else {
                let end = rest.firstIndex { $0.isWhitespace || $0 == "\"" } ?? rest.endIndex
                terms.append(try Self.term(rest[..<end], isPrefix: rest[..<end].last == "*"))
                rest = rest[end...]
            }
        }
        guard terms.count <= Self.maxTerms else {
            throw RecordingError(.invalid, "more than \(Self.maxTerms) words or phrases")
        }
        self.terms = terms
    }

    private static func term(_ text: Substring, isPrefix: Bool) throws(RecordingError) -> Term {
        var words: [[UInt8]] = []
        var scanner = SearchWords()
        scanner.forEach(Array(text.utf8)) { word, _ in words.append(word) }
        guard let last = words.last else {
            throw RecordingError(.invalid, "“\(text)” has no word in it: look for other text with --contains")
        }
        guard words.count <= maxWords else { throw RecordingError(.invalid, "a phrase of more than \(maxWords) words") }
        guard !isPrefix || String(decoding: last, as: UTF8.self).count >= minPrefix else {
            throw RecordingError(.invalid, "“\(text)”: give at least \(minPrefix) letters of a word")
        }
        return Term(words: words, isPrefix: isPrefix)
    }

    /// Where the first of the terms stands that each have to be in one of the parts; nil when one is in none. Without
    /// terms the beginning of the first part.
    func match(_ parts: [[UInt8]]) -> (part: Int, range: Range<Int>)? {
        guard !terms.isEmpty else { return (0, 0..<0) }
        let cut = parts.map { part in
            var words: [(word: [UInt8], range: Range<Int>)] = []
            var scanner = SearchWords()
            scanner.forEach(part) { word, range in words.append((word, range)) }
            return words
        }
        var first: (part: Int, range: Range<Int>)?
        for term in terms {
            var found: (part: Int, range: Range<Int>)?
            for (part, words) in cut.enumerated() {
                guard let place = words.indices.first(where: { term.matches(words, at: $0) }) else { continue }
                found = (part, words[place].range.lowerBound..<words[place + term.words.count - 1].range.upperBound)
                break
            }
            guard let found else { return nil }
            if first == nil { first = found }
        }
        return first
    }
}

extension SearchQuery.Term {
    fileprivate func matches(_ text: [(word: [UInt8], range: Range<Int>)], at place: Int) -> Bool {
        guard text.count - place >= words.count else { return false }
        for (index, word) in words.enumerated() {
            let other = text[place + index].word
            let isLast = index == words.count - 1
            guard isPrefix && isLast ? other.starts(with: word) : other == word else { return false }
        }
        return true
    }
}
