// National numbers that carry check digits of their own.
extension Scope {
    // MARK: Brazil

    func cpf(_ groups: DigitGroups) -> Range<Int>? {
        guard groups.separator(0) == 0x2e, groups.separator(1) == 0x2e, groups.separator(2) == 0x2d else { return nil }
        let range = groups.range(4)
        return isWord(range) && standsAlone(range) && isCPF(range) ? range : nil
    }

    /// Receita Federal: two digits modulo 11; repeated digits are not issued.
    func isCPF(_ range: Range<Int>) -> Bool {
        let symbols = Symbols(self, range)
        guard symbols.count == 11, symbols.allDigits, !symbols.allEqual else { return false }
        return (9...10).allSatisfy { place in
            var sum = 0
            for index in 0..<place { sum += symbols[index] * (place + 1 - index) }
            return sum * 10 % 11 % 10 == symbols[place]
        }
    }

    /// `12.ABC.345/01DE-35`, whose last byte is before `end`.
    func cnpj(end: Int) -> Range<Int>? {
        let range = end - 18..<end
        guard range.lowerBound >= lower, end <= upper, isWord(range), standsAlone(range), isCNPJ(range) else {
            return nil
        }
        return range
    }

    /// Receita Federal, IN RFB 2229/2024: twelve digits or capitals, each counted by its ASCII code less 48, and two
    /// digits modulo 11.
    func isCNPJ(_ range: Range<Int>) -> Bool {
        let symbols = Symbols(self, range)
        guard symbols.count == 14, !symbols.allEqual, symbols[12] < 10, symbols[13] < 10,
            !range.contains(where: { self[$0].isLower })
        else { return false }
        return (12...13).allSatisfy { place in
            var sum = 0
            for index in 0..<place {
                // A is 17 in this count and 10 in base 36.
                let value = symbols[index] < 10 ? symbols[index] : symbols[index] + 7
                sum += value * ((place - 1 - index) % 8 + 2)
            }
            let rest = sum % 11
            return (rest < 2 ? 0 : 11 - rest) == symbols[place]
        }
    }

    // MARK: Germany

    func germanTaxNumber(_ groups: DigitGroups) -> Range<Int>? {
        guard groups.lengths(4) == 0x2333, groups.uniform(4) == 0x20 else { return nil }
        let range = groups.range(4)
        return standsApart(range, groups: 3, by: 0x20) && isGermanTaxNumber(range) ? range : nil
    }

    /// Bundeszentralamt für Steuern: of the first ten digits one comes two or three times, the others once at most; no
    /// leading zero; ISO 7064 MOD 11,10.
    func isGermanTaxNumber(_ range: Range<Int>) -> Bool {
        let symbols = Symbols(self, range)
        guard symbols.count == 11, symbols.isMod11And10Valid, symbols[0] != 0 else { return false }
        var counts = SIMD16<UInt8>()
        for index in 0..<10 { counts[symbols[index]] += 1 }
        var repeated = 0
        for digit in 0..<10 where counts[digit] > 1 { repeated += 1 }
        return repeated == 1 && counts.max() <= 3
    }

    /// The first word that begins in `range` and is a number by BSI TR-03105: a letter of the issuing office, eight symbols without vowels and look-alikes, perhaps the check digit.
    func germanIDCard(in range: Range<Int>) -> Range<Int>? {
        var result: Range<Int>?
        words(in: range) { word in
            guard result == nil, word.count == 9 || word.count == 10, self[word.lowerBound].isUpper,
                word.prefix(9).allSatisfy({ Scope.germanIDSymbols.contains(self[$0]) }),
                word.count(where: { self[$0].isDigit }) >= 2
            else { return }
            if word.count == 10 {
                let symbols = Symbols(self, word)
                guard symbols[9] < 10, symbols.checkDigit731(9) == symbols[9] else { return }
            }
            result = word
        }
        return result
    }

    private static let germanIDSymbols = Detector.TokenRule.Alphabet("0123456789CFGHJKLMNPRTVWXYZ")

    // MARK: France

    func nir(_ groups: DigitGroups) -> Range<Int>? {
        let range: Range<Int>
        if groups.length(0) == 15 {
            guard digitCount(from: groups.start, most: 16) == 15 else { return nil }
            range = groups.start..<groups.start + 15
        } else if groups.lengths(2) == 0xd2 {
            range = groups.range(2)
        } else if groups.lengths(7) == 0x1222332, let separator = groups.uniform(7),
            separator == 0x20 || separator == 0x2d || separator == 0x2e
        {
            range = groups.range(7)
        } else {
            return nil
        }
        return isWord(range) && standsAlone(range) && isNIR(range) ? range : nil
    }

    /// A number of a person born in Corsica: `2A` or `2B`, which ends before `end`, stands for the department.
    func corsicanNIR(end: Int) -> Range<Int>? {
        // The trigger is the department's letter and the six digits after it.
        var stop = end
        if byte(stop) == 0x20 { stop += 1 }
        guard stop + 2 <= upper, self[stop].isDigit, self[stop + 1].isDigit else { return nil }
        stop += 2
        var start = stop
        var symbols = 0
        while start > lower, symbols < 15, self[start - 1].isAlphanumeric || self[start - 1] == 0x20 {
            start -= 1
            if self[start].isAlphanumeric { symbols += 1 }
        }
        let range = start..<stop
        return symbols == 15 && isWord(range) && isNIR(range) ? range : nil
    }

    /// INSEE: sex, year and month of birth, department, commune, order, and the key 97 less the rest of the division.
    func isNIR(_ range: Range<Int>) -> Bool {
        let symbols = Symbols(self, range)
        guard symbols.count == 15, [1, 2, 7, 8].contains(symbols[0]) else { return false }
        var value = 0
        for index in 0..<13 {
            var digit = symbols[index]
            if index == 6, digit == 10 || digit == 11, symbols[5] == 2 {
                // 2A counts as 19 and 2B as 18.
                value -= 1
                digit = digit == 10 ? 9 : 8
            }
            guard digit < 10 else { return false }
            value = value * 10 + digit
        }
        let month = symbols[3] * 10 + symbols[4]
        guard (1...12).contains(month) || month == 20 || (30...42).contains(month) || month >= 50 else { return false }
        return symbols[13] < 10 && symbols[14] < 10 && 97 - value % 97 == symbols[13] * 10 + symbols[14]
    }

    // MARK: India

    func aadhaar(_ groups: DigitGroups) -> Range<Int>? {
        guard groups.lengths(3) == 0x444, let separator = groups.uniform(3), separator == 0x20 || separator == 0x2d
        else {
            return nil
        }
        let range = groups.range(3)
        return standsApart(range, groups: 4, by: separator) && isAadhaar(range) ? range : nil
    }

    /// UIDAI: twelve digits, the first 2 to 9, Verhoeff; palindromes are not issued.
    func isAadhaar(_ range: Range<Int>) -> Bool {
        let symbols = Symbols(self, range)
        guard symbols.count == 12, symbols[0] >= 2, symbols.isVerhoeffValid else { return false }
        return !(0..<6).allSatisfy { symbols[$0] == symbols[11 - $0] }
    }

    /// Income Tax Department: five letters, the fourth one the kind of holder, four digits, a letter.
    func pan(_ range: Range<Int>) -> Range<Int>? {
        guard range.lowerBound >= lower, range.upperBound <= upper, isWord(range) else { return nil }
        return number(range.lowerBound + 5, 4) > 0 ? range : nil
    }

    // MARK: Spain

    func dni(_ groups: DigitGroups) -> Range<Int>? {
        let digits: Range<Int>
        if groups.length(0) == 8 {
            digits = groups.range(1)
        } else if groups.lengths(3) == 0x233, groups.uniform(3) == 0x2e {
            digits = groups.range(3)
        } else {
            return nil
        }
        return spanishNumber(digits, leading: 0)
    }

    /// `X1234567L`, whose letter is before `end`.
    func nie(end: Int) -> Range<Int>? {
        var start = end - 1
        if byte(start - 1) == 0x2d { start -= 1 }
        let stop = start
        start -= 7
        guard start > lower else { return nil }
        let first = self[start - 1] == 0x2d ? start - 2 : start - 1
        guard first >= lower, (0x58...0x5a).contains(self[first]),
            let range = spanishNumber(start..<stop, leading: Int(self[first] - 0x58), checksStart: false)
        else { return nil }
        return isWord(first..<range.upperBound) ? first..<range.upperBound : nil
    }

    /// Ministerio del Interior: the letter is the number modulo 23.
    private func spanishNumber(_ digits: Range<Int>, leading: Int, checksStart: Bool = true) -> Range<Int>? {
        var value = leading
        for index in digits where self[index].isDigit { value = value * 10 + Int(self[index] - 0x30) }
        var end = digits.upperBound
        if byte(end) == 0x2d || byte(end) == 0x20 { end += 1 }
        guard byte(end).isUpper, self[end] == Scope.spanishLetters[value % 23] else { return nil }
        let range = digits.lowerBound..<end + 1
        guard !isJoined(after: range.upperBound) else { return nil }
        return !checksStart || (isWord(range) && standsAlone(range)) ? range : nil
    }

    private static let spanishLetters = Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)

    // MARK: words

    /// Words of digits and ASCII letters that begin in `range`.
    func words(in range: Range<Int>, found: (Range<Int>) -> Void) {
        var index = range.lowerBound
        if index > lower, self[index - 1].isAlphanumeric {
            while index < range.upperBound, self[index].isAlphanumeric { index += 1 }
        }
        while index < range.upperBound {
            let first = index
            while index < upper, self[index].isAlphanumeric { index += 1 }
            if index > first, isWord(first..<index) { found(first..<index) }
            index = max(index, first) + 1
        }
    }
}
