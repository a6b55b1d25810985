extension Scope {
    /// How far from the word a bare number may stand.
    private static let contextBytes = 48

    /// The dashed number that ends at `end`.
    func dashedSocialSecurityNumber(end: Int) -> Range<Int>? {
        let start = end - 11
        guard start >= lower, end <= upper, self[start + 3] == 0x2d, self[start + 6] == 0x2d, standsAlone(start..<end)
        else { return nil }
        return isIssued(area: number(start, 3), group: number(start + 4, 2), serial: number(start + 7, 4))
            ? start..<end : nil
    }

    /// Numbers without dashes around the context word at `word`.
    func socialSecurityNumbers(around word: Range<Int>, found: (Range<Int>) -> Void) {
        guard word.lowerBound >= lower, word.upperBound <= upper else { return }
        if word.lowerBound > lower, self[word.lowerBound - 1].isLetter { return }
        if word.upperBound < upper, self[word.upperBound].isLetter { return }
        let from = max(lower, word.lowerBound - Scope.contextBytes)
        bareSocialSecurityNumbers(in: from..<min(upper, word.upperBound + Scope.contextBytes), found: found)
    }

    /// Numbers without dashes anywhere in `range`, whose context says that they may be there.
    func bareSocialSecurityNumbers(in range: Range<Int>, found: (Range<Int>) -> Void) {
        var index = range.lowerBound
        while index < range.upperBound {
            guard self[index].isDigit else {
                index += 1
                continue
            }
            if let end = bareNumber(from: index), standsAlone(index..<end) { found(index..<end) }
            while index < range.upperBound, self[index].isDigit { index += 1 }
        }
    }

    private func bareNumber(from start: Int) -> Int? {
        let digits = digitCount(from: start, most: 10)
        if digits == 9 {
            return isIssued(area: number(start, 3), group: number(start + 3, 2), serial: number(start + 5, 4))
                ? start + 9 : nil
        }
        guard digits == 3, start + 11 <= upper, self[start + 3] == 0x20, self[start + 6] == 0x20,
            digitCount(from: start + 4, most: 3) == 2, digitCount(from: start + 7, most: 5) == 4
        else { return nil }
        return isIssued(area: number(start, 3), group: number(start + 4, 2), serial: number(start + 7, 4))
            ? start + 11 : nil
    }

    private func digitCount(from start: Int, most: Int) -> Int {
        var count = 0
        while count < most, start + count < upper, self[start + count].isDigit { count += 1 }
        return count
    }

    private func number(_ start: Int, _ digits: Int) -> Int {
        var value = 0
        for index in start..<start + digits { value = value * 10 + Int(self[index] &- 0x30) }
        return value
    }

    /// Not a part of a longer number.
    private func standsAlone(_ range: Range<Int>) -> Bool {
        if range.lowerBound > lower {
            let before = self[range.lowerBound - 1]
            if before.isDigit { return false }
            if before == 0x2d || before == 0x2e, range.lowerBound > lower + 1, self[range.lowerBound - 2].isDigit {
                return false
            }
        }
        if range.upperBound < upper {
            let after = self[range.upperBound]
            if after.isDigit { return false }
            if after == 0x2d, range.upperBound + 1 < upper, self[range.upperBound + 1].isDigit { return false }
        }
        return true
    }

    /// Social Security Administration, RM 10201.035: numbers that are never assigned; two were voided by publication.
    private func isIssued(area: Int, group: Int, serial: Int) -> Bool {
        guard area != 0, area != 666, area < 900, group != 0, serial != 0 else { return false }
        return !(area == 78 && group == 5 && serial == 1120) && !(area == 219 && group == 9 && serial == 9999)
    }
}
