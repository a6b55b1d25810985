extension Scope {
    private static let years = 1900...2029
    private static let months: [StaticString] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let longestMonth = 9

    /// The first date of a person's life that begins in `range`.
    func date(in range: Range<Int>) -> Range<Int>? {
        var index = range.lowerBound
        while index < range.upperBound {
            if self[index].isDigit, !byte(index - 1).isAlphanumeric {
                if let end = numericDate(from: index) ?? dayAndMonth(from: index) { return index..<end }
                while index < range.upperBound, self[index].isDigit { index += 1 }
            } else if self[index].isLetter, !byte(index - 1).isName, let end = monthAndDay(from: index) {
                return index..<end
            } else {
                index += 1
            }
        }
        return nil
    }

    /// `1980-05-17`, `17.05.1980`, `5/17/1980`, `19800517`, `17/5/80`.
    private func numericDate(from start: Int) -> Int? {
        let groups = DigitGroups(self, from: start, to: min(upper, start + 10))
        if groups.length(0) == 8, !byte(start + 8).isDigit {
            return isDate(number(start, 4), number(start + 4, 2), number(start + 6, 2)) ? start + 8 : nil
        }
        guard groups.count >= 3, let separator = groups.uniform(3), separator != 0x20 else { return nil }
        let end = groups.range(3).upperBound
        guard !byte(end).isDigit, (1...2).contains(groups.length(1)) else { return nil }
        let first = number(start, groups.length(0))
        let second = number(start + groups.length(0) + 1, groups.length(1))
        let third = number(end - groups.length(2), groups.length(2))
        switch (groups.length(0), groups.length(2)) {
        case (4, 1...2): return isDate(first, second, third) ? end : nil
        case (1...2, 4): return isDate(third, second, first) || isDate(third, first, second) ? end : nil
        case (2, 2): return isDate(1900 + third, second, first) || isDate(1900 + third, first, second) ? end : nil
        case _: return nil
        }
    }

    private func isDate(_ year: Int, _ month: Int, _ day: Int) -> Bool {
        Scope.years.contains(year) && (1...12).contains(month) && (1...31).contains(day)
    }

    /// `17 May 1980`, `17th of May, 1980`.
    private func dayAndMonth(from start: Int) -> Int? {
        let digits = digitCount(from: start, most: 3)
        guard digits <= 2, (1...31).contains(number(start, digits)) else { return nil }
        var index = start + digits
        for suffix: StaticString in ["st", "nd", "rd", "th"] where holdsAnyCase(suffix, at: index) { index += 2 }
        if byte(index) == 0x2e { index += 1 }
        index = skipDateSpaces(index)
        if holdsAnyCase("of", at: index), byte(index + 2) == 0x20 { index += 3 }
        guard let month = month(at: index) else { return nil }
        return year(after: month)
    }

    /// `May 17, 1980`.
    private func monthAndDay(from start: Int) -> Int? {
        guard var index = month(at: start) else { return nil }
        index = skipDateSpaces(index)
        let digits = digitCount(from: index, most: 3)
        guard (1...2).contains(digits), (1...31).contains(number(index, digits)) else { return nil }
        index += digits
        for suffix: StaticString in ["st", "nd", "rd", "th"] where holdsAnyCase(suffix, at: index) { index += 2 }
        return year(after: index)
    }

    private func year(after start: Int) -> Int? {
        var index = start
        if byte(index) == 0x2c || byte(index) == 0x2e { index += 1 }
        index = skipDateSpaces(index)
        guard digitCount(from: index, most: 5) == 4, Scope.years.contains(number(index, 4)) else { return nil }
        return index + 4
    }

    private func month(at start: Int) -> Int? {
        guard Scope.months.contains(where: { holdsAnyCase($0, at: start) }) else { return nil }
        var end = start + 3
        while byte(end).isLetter { end += 1 }
        return end - start <= Scope.longestMonth ? end : nil
    }

    private func skipDateSpaces(_ start: Int) -> Int {
        byte(start) == 0x20 || byte(start) == 0x2d || byte(start) == 0x2f ? start + 1 : start
    }

    // MARK: passports

    /// The first word that begins in `range` and has the form of a passport number: ICAO 9303 part 4 allows nine digits
    /// and capitals; the states' own forms have seven to nine, four of them digits at least.
    func passport(in range: Range<Int>) -> Range<Int>? {
        var result: Range<Int>?
        words(in: range) { word in
            guard result == nil, (7...9).contains(word.count), !word.contains(where: { self[$0].isLower }) else {
                return
            }
            let digits = word.count(where: { self[$0].isDigit })
            guard digits >= 4 || (word.count == 9 && digits >= 2 && isGermanPassport(word)) else { return }
            if digits == 8, word.count == 8, isDay(word.lowerBound) { return }
            result = word
        }
        return result
    }

    /// `20301231`: the day on which a passport ends, not its number.
    private func isDay(_ start: Int) -> Bool {
        (19...20).contains(number(start, 2)) && (1...12).contains(number(start + 4, 2))
            && (1...31).contains(number(start + 6, 2))
    }

    private func isGermanPassport(_ word: Range<Int>) -> Bool {
        let symbols = Detector.TokenRule.Alphabet("0123456789CFGHJKLMNPRTVWXYZ")
        return word.allSatisfy { symbols.contains(self[$0]) }
    }
}
