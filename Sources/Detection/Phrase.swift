/// Words that stand behind one another, as a dictionary or a context has them: what white space is between them does not matter.
struct Phrase {
    /// White space between two of its words, in bytes. More parts them.
    static let maximumGapBytes = 256

    private let parts: [[UInt8]]
    private let isCaseSensitive: Bool
    /// The word that the matcher looks for, and its place.
    private let trigger: Int

    static func words(of text: String) -> [String] {
        text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map { String($0) }
    }

    /// - Parameter trigger: the place of one of the words.
    init(_ words: [String], isCaseSensitive: Bool, trigger: Int = 0) {
        parts = words.map { word in
            word.utf8.map { isCaseSensitive || !$0.isUpper ? $0 : $0 | 0x20 }
        }
        self.isCaseSensitive = isCaseSensitive
        self.trigger = trigger
    }

    /// Where the phrase ends that begins at a place; nil: it does not.
    func end(in scope: Scope, from start: Int) -> Int? { end(in: scope, of: parts[...], from: start) }

    /// Where it stands when the word that the matcher looks for is at `span`.
    func range(in scope: Scope, around span: Range<Int>) -> Range<Int>? {
        var start = span.lowerBound
        for part in parts[..<trigger].reversed() {
            guard let gap = scope.spaceStart(before: start, most: Phrase.maximumGapBytes), gap < start,
                holds(part, scope, gap - part.count)
            else { return nil }
            start = gap - part.count
        }
        return end(in: scope, of: parts[trigger...], from: span.lowerBound).map { start..<$0 }
    }

    private func end(in scope: Scope, of parts: ArraySlice<[UInt8]>, from start: Int) -> Int? {
        var index = start
        for (place, part) in zip(parts.indices, parts) {
            if place > parts.startIndex {
                guard let next = scope.spaceEnd(from: index, most: Phrase.maximumGapBytes), next > index else {
                    return nil
                }
                index = next
            }
            guard holds(part, scope, index) else { return nil }
            index += part.count
        }
        return index
    }

    private func holds(_ part: [UInt8], _ scope: Scope, _ start: Int) -> Bool {
        guard start >= scope.lower, scope.upper - start >= part.count else { return false }
        for offset in part.indices {
            let byte = scope[start + offset]
            if (isCaseSensitive || !byte.isUpper ? byte : byte | 0x20) != part[offset] { return false }
        }
        return true
    }
}

extension Scope {
    /// How many bytes long the white space beyond ASCII is that stands at a place, in UTF-8 (Unicode, White_Space): U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029,
    /// U+202F, U+205F, U+3000.
    private func wideSpaceBytes(at start: Int) -> Int {
        switch (byte(start), byte(start + 1), byte(start + 2)) {
        case (0xc2, 0x85, _), (0xc2, 0xa0, _): 2
        case (0xe1, 0x9a, 0x80), (0xe2, 0x80, 0x80...0x8a), (0xe2, 0x80, 0xa8), (0xe2, 0x80, 0xa9), (0xe2, 0x80, 0xaf),
            (0xe2, 0x81, 0x9f), (0xe3, 0x80, 0x80):
            3
        case _: 0
        }
    }

    /// Where the white space from `start` on ends; nil when there is more than `most` bytes of it.
    func spaceEnd(from start: Int, most: Int) -> Int? {
        var index = start
        while index < upper {
            let length = self[index].isSpace ? 1 : wideSpaceBytes(at: index)
            if length == 0 { break }
            index += length
            if index - start > most { return nil }
        }
        return index
    }

    /// Where the white space before `end` begins; nil when there is more than `most` bytes of it.
    func spaceStart(before end: Int, most: Int) -> Int? {
        var index = end
        while index > lower {
            let length = self[index - 1].isSpace ? 1 : [2, 3].first { wideSpaceBytes(at: index - $0) == $0 } ?? 0
            if length == 0 { break }
            index -= length
            if end - index > most { return nil }
        }
        return index
    }
}
