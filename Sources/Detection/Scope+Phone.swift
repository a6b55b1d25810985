extension Scope {
    /// ITU-T E.164 section 6: at most 15 digits.
    private static let maximumPhoneDigits = 15
    private static let minimumPhoneDigits = 7

    /// ITU-T E.164 assigned country codes: how many digits numbers have with the code. Codes that are not listed take what
    /// E.164 allows.
    private static func phoneDigits(countryCode code: Int) -> ClosedRange<Int>? {
        switch code {
        case 1, 7: 11...11
        case 33, 34, 61, 31, 41, 48: 11...11
        case 32, 44: 10...12
        case 49: 9...13
        case 39: 8...13
        case 55: 12...13
        case 91: 12...12
        case 86: 11...13
        case 81: 11...12
        case 45, 47: 10...10
        case 20, 27, 30, 36, 40, 43, 46, 51, 52, 53, 54, 56, 57, 58, 60, 62, 63, 64, 65, 66, 82, 84, 90, 92, 93, 94, 95,
            98:
            9...14
        case 211...213, 216, 218, 220...269, 290, 291, 297...299, 350...359, 370...378, 380...383, 385...387, 389, 420,
            421, 423, 500...509, 590...599, 670, 672...683, 685...692, 850, 852, 853, 855, 856, 880, 886, 960...968,
            970...977, 992...996, 998:
            9...15
        case _: nil
        }
    }

    /// `+`, a country code and a number, whose `+` is at `plus`.
    func internationalPhone(plus: Int) -> Range<Int>? {
        guard plus >= lower, byte(plus + 1).isDigit, self[plus + 1] != 0x30 else { return nil }
        let before = byte(plus - 1)
        guard !isJoined(before: plus), before != 0x2b, before != 0x2f, before != 0x5f else { return nil }
        var code = 0
        var lengths: ClosedRange<Int>?
        for digits in 1...3 where lengths == nil {
            guard byte(plus + digits).isDigit else { return nil }
            code = code * 10 + Int(self[plus + digits] - 0x30)
            lengths = Scope.phoneDigits(countryCode: code)
        }
        guard let lengths else { return nil }
        return phone(from: plus + 1, digits: lengths).map { plus..<$0 }
    }

    /// Where a number with this many digits, which starts at `start`, ends.
    private func phone(from start: Int, digits lengths: ClosedRange<Int>) -> Int? {
        var index = start
        var digits = 0
        var separator: UInt8?
        var end: Int?
        while true {
            let byte = self.byte(index)
            if byte.isDigit {
                digits += 1
                index += 1
                if digits > lengths.upperBound { return end }
                if lengths.contains(digits), !self.byte(index).isDigit { end = index }
                continue
            }
            // Dots divide all groups or none.
            if digits == lengths.upperBound || ((separator ?? byte) == 0x2e) != (byte == 0x2e) { break }
            guard let next = afterPhoneSeparator(index) else { break }
            separator = byte
            index = next
        }
        // One digit after a dot is a decimal.
        guard let end, self.byte(end).isDigit || !isJoined(after: end), self.byte(end) != 0x40,
            self.byte(end - 2) != 0x2e
        else { return nil }
        return end
    }

    /// One space, hyphen, dot or slash, or parentheses with a space on their outer side; then a digit.
    private func afterPhoneSeparator(_ start: Int) -> Int? {
        var index = start
        switch byte(index) {
        case 0x20, 0x2d, 0x2e, 0x2f:
            index += 1
            if byte(index) == 0x28 { index += 1 }
        case 0x28: index += 1
        case 0x29:
            index += 1
            if byte(index) == 0x20 || byte(index) == 0x2d { index += 1 }
        case _: return nil
        }
        return byte(index).isDigit ? index : nil
    }

    // MARK: national forms

    /// Forms of countries whose grouping and leading digits tell them from other numbers.
    func nationalPhone(_ groups: DigitGroups) -> Range<Int>? {
        let start = groups.start
        switch groups.lengths(3) {
        case 0x334:
            if let separator = groups.uniform(3), separator != 0x2f, isNorthAmerican(groups) {
                return phone(groups.range(3), longDistance: true)
            }
        case 0x344, 0x434, 0x433:
            if self[start] == 0x30, byte(start + 1) != 0x30, let separator = groups.uniform(3), separator != 0x2e,
                separator != 0x2f
            {
                return phone(groups.range(3))
            }
        case 0x244:
            if self[start] == 0x30, byte(start + 1) != 0x30, groups.uniform(3) == 0x2d { return phone(groups.range(3)) }
            if let open = brazilianAreaCode(before: start) { return phone(open..<groups.range(3).upperBound) }
        case _: break
        }
        if groups.lengths(5) == 0x22222, self[start] == 0x30, byte(start + 1) != 0x30,
            let separator = groups.uniform(5),
            separator != 0x2f
        {
            return phone(groups.range(5))
        }
        if groups.count >= 2 { return inTwoGroups(groups) }
        return nil
    }

    private func inTwoGroups(_ groups: DigitGroups) -> Range<Int>? {
        let start = groups.start
        switch groups.lengths(2) {
        case 0x34 where groups.separator(0) == 0x2d || groups.separator(0) == 0x2e || groups.separator(0) == 0x20:
            // (415) 555-2671
            guard let open = areaCode(before: start, digits: 3), self[open + 1] >= 0x32, self[start] >= 0x32 else {
                return nil
            }
            return phone(open..<groups.range(2).upperBound, longDistance: true)
        case 0x44 where groups.separator(0) == 0x2d, 0x54 where groups.separator(0) == 0x2d:
            guard let open = areaCode(before: start, digits: 2), self[open + 1] != 0x30 else { return nil }
            return phone(open..<groups.range(2).upperBound)
        case 0x56, 0x57, 0x37, 0x38, 0x47, 0x48:
            // 07700 900123, 030/1234567
            guard self[start] == 0x30, byte(start + 1) != 0x30, groups.separator(0) != 0x2e else { return nil }
            return phone(groups.range(2))
        case _: return nil
        }
    }

    /// North American Numbering Plan: area and exchange begin with 2 to 9, an area does not end with 11.
    private func isNorthAmerican(_ groups: DigitGroups) -> Bool {
        let start = groups.start
        return self[start] >= 0x32 && self[start + 4] >= 0x32 && !(self[start + 1] == 0x31 && self[start + 2] == 0x31)
    }

    private func brazilianAreaCode(before start: Int) -> Int? { areaCode(before: start, digits: 2) }

    /// The parenthesis that opens an area code before `start`.
    private func areaCode(before start: Int, digits: Int) -> Int? {
        let close = byte(start - 1) == 0x20 ? start - 2 : start - 1
        guard byte(close) == 0x29 else { return nil }
        let open = close - digits - 1
        guard byte(open) == 0x28, (open + 1..<close).allSatisfy({ self[$0].isDigit }) else { return nil }
        return open
    }

    private func phone(_ range: Range<Int>, longDistance: Bool = false) -> Range<Int>? {
        var range = range
        if longDistance, byte(range.lowerBound - 2) == 0x31,
            byte(range.lowerBound - 1) == 0x2d || byte(range.lowerBound - 1) == 0x20
                || byte(range.lowerBound - 1) == 0x2e
        {
            let start = range.lowerBound - 2
            if byte(start - 1) == 0x2b { return nil }  // the international form finds it
            if !byte(start - 1).isDigit { range = start..<range.upperBound }
        }
        if byte(range.lowerBound - 1) == 0x2b { return nil }
        // A space before or after may divide it from a number of another kind, unless spaces divide its own groups.
        let spaced = range.contains { self[$0] == 0x20 && self[$0 - 1] != 0x29 }
        return (spaced ? standsApart(range) : isWord(range) && standsAlone(range)) ? range : nil
    }

    // MARK: near a word

    /// Numbers of 7 to 15 digits in any grouping that begin in `range`; dates and addresses of hosts are none.
    func phones(in range: Range<Int>, found: (Range<Int>) -> Void) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = self[index]
            guard byte.isDigit || byte == 0x28 || byte == 0x2b, !self.byte(index - 1).isAlphanumeric else {
                index += 1
                continue
            }
            var first = index
            if byte == 0x2b || byte == 0x28 { first += 1 }
            if byte == 0x2b, self.byte(first) == 0x28 { first += 1 }
            guard self.byte(first).isDigit,
                let end = phone(from: first, digits: Scope.minimumPhoneDigits...Scope.maximumPhoneDigits),
                !isDateOrHost(first..<end), !self.byte(end).isAlphanumeric,
                self.byte(end) != 0x2d || !self.byte(end + 1).isAlphanumeric
            else {
                index = max(index + 1, first)
                while index < range.upperBound, self[index].isDigit { index += 1 }
                continue
            }
            found(index..<end)
            index = end
        }
    }

    private func isDateOrHost(_ range: Range<Int>) -> Bool {
        let groups = DigitGroups(self, from: range.lowerBound, to: range.upperBound)
        switch groups.lengths(3) {
        case 0x422, 0x224: return groups.separator(0) == groups.separator(1)
        case _: break
        }
        return groups.count == 4 && groups.uniform(4) == 0x2e && (0..<4).allSatisfy { groups.length($0) <= 3 }
    }
}
