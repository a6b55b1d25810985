extension Scope {
    /// A name in a text has at most so many words after its first.
    private static let maximumNameWords = 4
    private static let maximumNameBytes = 64
    private static let particles: [StaticString] = [
        "van", "von", "der", "den", "de", "da", "do", "dos", "del", "della", "di", "la", "le", "el", "al", "bin", "ibn",
        "zu", "ter", "ten", "e", "y", "st",
    ]

    /// Mr, Frau, Dr: the capitalised words after a title that ends before `title.upperBound`.
    func titledName(title: Range<Int>) -> Range<Int>? {
        guard title.lowerBound >= lower, !byte(title.lowerBound - 1).isName, !byte(title.lowerBound - 1).isDigit else {
            return nil
        }
        var start = title.upperBound
        if byte(start) == 0x2e { start += 1 }
        guard byte(start) == 0x20 else { return nil }
        start += 1
        guard let end = nameWords(from: start, most: 3), end - start >= 2 else { return nil }
        return start..<end
    }

    /// Two capitalised words, both in the dictionary: `second` is just after the capital of the second one.
    func namePair(second: Int) -> Range<Int>? {
        var start = second - 2
        // A letter of two bytes begins the second word.
        while start > lower, self[start] != 0x20 { start -= 1 }
        let firstEnd = start
        guard start > lower, self[start] == 0x20 else { return nil }
        while start > lower, isNameByte(start - 1), firstEnd - start < Scope.maximumNameBytes { start -= 1 }
        while start < firstEnd, isQuoteOrDash(start) { start += 1 }
        guard isCapital(start), !byte(start - 1).isDigit, Names.isFirstName(self, start..<firstEnd),
            let end = nameWords(from: firstEnd + 1, most: 3)
        else { return nil }
        var last = end
        // The surname is the last word, or the last but one where the sentence goes on with a capital.
        while true {
            var word = last
            while word > firstEnd + 1, self[word - 1] != 0x20 { word -= 1 }
            if Names.isSurname(self, word..<last) { return start..<last }
            guard word > firstEnd + 1 else { return nil }
            last = word - 1
        }
    }

    /// The end of one to `most` capitalised words, particles among them.
    private func nameWords(from start: Int, most: Int) -> Int? {
        var index = start
        var end: Int?
        var words = 0
        while words < most {
            let first = index
            while index < upper, isNameByte(index), index - first < Scope.maximumNameBytes { index += 1 }
            while index > first, self[index - 1] == 0x27 || self[index - 1] == 0x2d { index -= 1 }
            guard index > first else { break }
            if isCapital(first) {
                if index - first == 1, byte(index) == 0x2e {
                    index += 1
                }  // an initial
                else if index - first > 1, isAllCapitals(first..<index), index - first > 3, words == 0 {
                    return nil
                }
                words += 1
                end = index
            } else if !(words > 0 && isParticle(first..<index)) {
                break
            }
            guard byte(index) == 0x20 else { break }
            index += 1
        }
        return end
    }

    @inline(__always) private func isNameByte(_ index: Int) -> Bool {
        self[index].isName || self[index] == 0x27 || self[index] == 0x2d
    }

    private func isCapital(_ index: Int) -> Bool {
        guard index >= lower, index + 1 < upper else { return false }
        return self[index].isUpper || (self[index] == 0xc3 && (0x80...0x9e).contains(self[index + 1]))
    }

    private func isAllCapitals(_ range: Range<Int>) -> Bool { range.allSatisfy { self[$0].isUpper } }

    private func isParticle(_ range: Range<Int>) -> Bool {
        Scope.particles.contains { range.count == $0.utf8CodeUnitCount && holds($0, at: range.lowerBound) }
    }

    // MARK: near a word, or in a column

    /// The name after `name: `, `"full_name": "` or `Dear `, which begins in the first bytes of `range`.
    /// - Parameter needsDictionary: the words around say too little.
    func nameAfterWord(in range: Range<Int>, needsDictionary: Bool) -> Range<Int>? {
        var index = range.lowerBound
        while index < range.upperBound, index - range.lowerBound < 8, !isNameByte(index) || isQuoteOrDash(index) {
            // A sentence that ends is no label.
            if self[index] == 0x2e || self[index] == 0x0a || self[index] == 0x3b || self[index].isDigit { return nil }
            index += 1
        }
        if holdsAnyCase("is", at: index), byte(index + 2) == 0x20 { index += 3 }
        guard isCapital(index), let end = nameWords(from: index, most: Scope.maximumNameWords) else { return nil }
        let name = index..<end
        guard end - index >= 2, !isPlaceholder(name), !needsDictionary || holdsKnownName(name) else { return nil }
        return name
    }

    private func isQuoteOrDash(_ index: Int) -> Bool { self[index] == 0x27 || self[index] == 0x2d }

    /// The whole field, when it is one to six words without digits.
    func nameField(_ range: Range<Int>, needsDictionary: Bool) -> Range<Int>? {
        var first = range.lowerBound
        var last = range.upperBound
        while first < last, self[first].isSpace { first += 1 }
        while last > first, self[last - 1].isSpace { last -= 1 }
        let name = first..<last
        guard (2...Scope.maximumNameBytes).contains(name.count), !isPlaceholder(name),
            name.allSatisfy({ isNameByte($0) || self[$0] == 0x20 || self[$0] == 0x2e || self[$0] == 0x2c }),
            name.count(where: { self[$0] == 0x20 }) < 6, name.contains(where: { self[$0].isName })
        else { return nil }
        return !needsDictionary || holdsKnownName(name) ? name : nil
    }

    private func holdsKnownName(_ range: Range<Int>) -> Bool {
        var first = range.lowerBound
        for index in range.lowerBound...range.upperBound {
            guard index == range.upperBound || !isNameByte(index) else { continue }
            if index > first, Names.isFirstName(self, first..<index) || Names.isSurname(self, first..<index) {
                return true
            }
            first = index + 1
        }
        return false
    }
}
