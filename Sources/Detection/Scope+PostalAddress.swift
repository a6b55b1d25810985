extension Scope {
    private static let maximumStreetBytes = 48
    private static let maximumTailBytes = 80
    private static let maximumAddressField = 200

    /// An address around a word for a kind of street.
    func streetAddress(word: Range<Int>, form: Detector.StreetForm) -> Range<Int>? {
        guard word.lowerBound >= lower, word.upperBound <= upper else { return nil }
        switch form {
        case .numberFirst: return numberFirst(word)
        case .numberLast: return numberLast(word)
        case .french: return french(word)
        case .spanish: return spanish(word)
        case .box: return box(word)
        }
    }

    /// `221B Baker Street`, `1600 Pennsylvania Ave. NW, Washington, DC 20500`: the word includes the space before it.
    private func numberFirst(_ word: Range<Int>) -> Range<Int>? {
        guard !byte(word.upperBound).isName, !byte(word.upperBound).isDigit else { return nil }
        var index = word.lowerBound
        var words = 0
        while words < 5 {
            let end = index
            while index > lower,
                self[index - 1].isAlphanumeric || self[index - 1].isWide || self[index - 1] == 0x2e
                    || (self[index - 1] == 0x27 && byte(index - 2).isName) || self[index - 1] == 0x2d,
                word.lowerBound - index < Scope.maximumStreetBytes
            { index -= 1 }
            guard index < end else { return nil }
            if words > 0, isHouseNumber(index..<end) {
                var stop = word.upperBound
                if byte(stop) == 0x2e, !byte(stop + 1).isDigit { stop += 1 }
                return index..<addressTail(from: stop)
            }
            // The names of streets are capitalised or numbered.
            guard self[index].isUpper || self[index].isWide || self[index].isDigit else { return nil }
            words += 1
            guard byte(index - 1) == 0x20 else { return nil }
            index -= 1
        }
        return nil
    }

    /// One to six digits, perhaps a letter after them.
    private func isHouseNumber(_ range: Range<Int>) -> Bool {
        let digits = digitCount(from: range.lowerBound, most: 7)
        guard (1...6).contains(digits), self[range.lowerBound] != 0x30, byte(range.lowerBound - 1) != 0x23 else {
            return false
        }
        let rest = range.lowerBound + digits..<range.upperBound
        return rest.isEmpty || (rest.count == 1 && self[rest.lowerBound].isLetter)
            || (rest.count > 1 && self[rest.lowerBound] == 0x2d && rest.dropFirst().allSatisfy { self[$0].isDigit })
    }

    /// Unit, city, state and postal code after a street, as far as they are there.
    private func addressTail(from start: Int) -> Int {
        var end = start
        var index = start
        // Directions and units: `NW`, `, Apt 4B`, ` #12`.
        for direction: StaticString in [" NW", " NE", " SW", " SE", " N", " S", " E", " W"]
        where holds(direction, at: index) {
            if !byte(index + direction.utf8CodeUnitCount).isName { index += direction.utf8CodeUnitCount }
            end = index
        }
        let afterComma = byte(index) == 0x2c ? skipSpaces(index + 1, most: 1) : skipSpaces(index, most: 1)
        for unit: StaticString in ["apt", "suite", "unit", "ste", "flat", "floor"]
        where holdsAnyCase(unit, at: afterComma) {
            var stop = afterComma + unit.utf8CodeUnitCount
            if byte(stop) == 0x2e { stop += 1 }
            if byte(stop) == 0x20 { stop += 1 }
            let first = stop
            while byte(stop).isAlphanumeric, stop - first < 6 { stop += 1 }
            if stop > first {
                index = stop
                end = stop
            }
            break
        }
        // The city and what is after it count only when a postal code ends them.
        let ceiling = min(upper, index + Scope.maximumTailBytes)
        var place = index
        while place < ceiling, self[place] != 0x0a, self[place] != 0x22, self[place] != 0x3b, self[place] != 0x7c {
            if self[place].isAlphanumeric, !byte(place - 1).isAlphanumeric, let stop = postalCode(at: place) {
                return stop
            }
            place += 1
        }
        return end
    }

    /// `20500`, `20500-0001`, `SW1A 2AA`.
    private func postalCode(at start: Int) -> Int? {
        let digits = digitCount(from: start, most: 6)
        if digits == 5 || digits == 4 {
            var stop = start + digits
            if digits == 5, byte(stop) == 0x2d, digitCount(from: stop + 1, most: 5) == 4 { stop += 5 }
            guard digits == 5, !byte(stop).isName else { return nil }
            return stop
        }
        guard self[start].isUpper else { return nil }
        var index = start + 1
        if byte(index).isUpper { index += 1 }
        guard byte(index).isDigit else { return nil }
        index += 1
        if byte(index).isUpper || byte(index).isDigit { index += 1 }
        guard byte(index) == 0x20, byte(index + 1).isDigit, byte(index + 2).isUpper, byte(index + 3).isUpper,
            !byte(index + 4).isAlphanumeric
        else { return nil }
        return index + 4
    }

    /// `Musterstraße 12a, 12345 Berlin`: the word ends the street's name.
    private func numberLast(_ word: Range<Int>) -> Range<Int>? {
        var start = word.lowerBound
        while start > lower, self[start - 1].isName || self[start - 1] == 0x2d,
            word.lowerBound - start < Scope.maximumStreetBytes
        {
            start -= 1
        }
        var number = word.upperBound
        if byte(number) == 0x2e { number += 1 }
        guard byte(number) == 0x20 else { return nil }
        number += 1
        let digits = digitCount(from: number, most: 5)
        guard (1...4).contains(digits), self[start].isUpper || self[start].isWide else { return nil }
        var end = number + digits
        if byte(end).isLetter, !byte(end + 1).isName { end += 1 }
        if byte(end) == 0x20, byte(end + 1).isLetter, !byte(end + 2).isAlphanumeric, byte(end + 1) | 0x20 < 0x68 {
            end += 2
        }
        guard !byte(end).isAlphanumeric else { return nil }
        return start..<codeAndCity(from: end)
    }

    /// `, 75001 Paris`
    private func codeAndCity(from end: Int) -> Int {
        guard byte(end) == 0x2c || byte(end) == 0x20 else { return end }
        var index = byte(end) == 0x2c ? end + 1 : end
        if byte(index) == 0x20 { index += 1 }
        guard digitCount(from: index, most: 6) == 5, byte(index + 5) == 0x20,
            byte(index + 6).isUpper || byte(index + 6).isWide
        else { return end }
        index += 6
        while index < upper, self[index].isName || self[index] == 0x2d { index += 1 }
        return index
    }

    /// `12 bis, rue de la Paix, 75002 Paris`: the word has a space before and after it.
    private func french(_ word: Range<Int>) -> Range<Int>? {
        var index = word.lowerBound
        if byte(index - 1) == 0x2c { index -= 1 }
        for suffix: StaticString in [" bis", " ter"] where holds(suffix, at: index - 4) { index -= 4 }
        let stop = index
        while index > lower, self[index - 1].isDigit, stop - index < 5 { index -= 1 }
        guard index < stop, stop - index <= 4, !byte(index - 1).isAlphanumeric else { return nil }
        var end = word.upperBound
        var words = 0
        var hasCapital = false
        while words < 6 {
            let first = end
            while end < upper, self[end].isName || self[end] == 0x27 || self[end] == 0x2d { end += 1 }
            guard end > first else { break }
            let capital = self[first].isUpper || self[first] == 0xc3
            let joins: [StaticString] = ["de", "du", "des", "la", "le", "les", "et", "l", "d", "aux"]
            let joining =
                joins.contains { end - first == $0.utf8CodeUnitCount && holds($0, at: first) }
                || ((self[first] == 0x6c || self[first] == 0x64) && byte(first + 1) == 0x27)
            guard capital || joining else {
                end = first - 1
                break
            }
            hasCapital = hasCapital || capital || byte(first + 2).isUpper
            words += 1
            guard byte(end) == 0x20, byte(end + 1).isName else { break }
            end += 1
        }
        return hasCapital ? index..<codeAndCity(from: end) : nil
    }

    /// `Calle Mayor 5, 28013 Madrid`, `Rua Augusta, 1500`.
    private func spanish(_ word: Range<Int>) -> Range<Int>? {
        guard !byte(word.lowerBound - 1).isName else { return nil }
        var index = word.upperBound
        var capital = false
        while index < upper, index - word.upperBound < Scope.maximumStreetBytes {
            let byte = self[index]
            if byte.isDigit {
                let before = self.byte(index - 1)
                let digits = digitCount(from: index, most: 5)
                guard capital, digits <= 4, before == 0x20, !self.byte(index + digits).isName else { return nil }
                return word.lowerBound..<codeAndCity(from: index + digits)
            }
            guard byte.isName || byte == 0x20 || byte == 0x2c || byte == 0x2e || byte == 0x27 || byte == 0xba else {
                return nil
            }
            capital = capital || byte.isUpper
            index += 1
        }
        return nil
    }

    /// `P.O. Box 123`
    private func box(_ word: Range<Int>) -> Range<Int>? {
        guard !byte(word.lowerBound - 1).isAlphanumeric, byte(word.upperBound) == 0x20 else { return nil }
        let start = word.upperBound + 1
        let digits = digitCount(from: start, most: 8)
        return (1...7).contains(digits) && !byte(start + digits).isName ? word.lowerBound..<start + digits : nil
    }

    // MARK: near a word, or in a column

    /// What stands after `address: ` or in `"address": "…"`, up to the end of the line or the string.
    func addressAfterWord(in range: Range<Int>) -> Range<Int>? {
        var start = range.lowerBound
        if byte(start).isQuote { start += 1 }
        start = skipSpaces(start, most: 2)
        guard byte(start) == 0x3a || byte(start) == 0x3d else { return nil }
        start = skipSpaces(start + 1, most: 2)
        let quoted = byte(start) == 0x22
        if quoted { start += 1 }
        var end = start
        let ceiling = min(upper, start + Scope.maximumAddressField)
        while end < ceiling, self[end] != 0x0a, self[end] != 0x22, self[end] != 0x3b, self[end] != 0x7c,
            self[end] != 0x09
        {
            end += 1
        }
        return addressField(start..<end)
    }

    /// A number of up to six digits that is no part of a word, a version or a host's address.
    private func holdsHouseNumber(_ range: Range<Int>) -> Bool {
        range.contains { index in
            guard self[index].isDigit, !byte(index - 1).isAlphanumeric, byte(index - 1) != 0x2e else { return false }
            let digits = digitCount(from: index, most: 7)
            let after = byte(index + digits)
            return digits < 7 && after != 0x3a && !(after == 0x2e && byte(index + digits + 1).isDigit)
        }
    }

    /// The whole of a field that reads like an address: a number, and two words or more, one of them capitalised.
    func addressField(_ range: Range<Int>) -> Range<Int>? {
        var first = range.lowerBound
        var last = range.upperBound
        while first < last, self[first].isSpace { first += 1 }
        while last > first, self[last - 1].isSpace { last -= 1 }
        let field = first..<last
        guard (6...Scope.maximumAddressField).contains(field.count),
            self[first].isUpper || self[first].isDigit || self[first].isWide,
            holdsHouseNumber(field), field.contains(where: { self[$0] == 0x20 }),
            !field.contains(where: { self[$0] == 0x40 || self[$0] == 0x7b || self[$0] == 0x3d })
        else { return nil }
        var letters = 0
        for index in field {
            letters = self[index].isName ? letters + 1 : 0
            if letters == 3 { return field }
        }
        return nil
    }
}
