extension Scope {
    /// ISO/IEC 7812-1: a primary account number has at most 19 digits; 13 is the shortest in use.
    private static let cardDigits = 13...19
    /// A group of digits before the last one has at least three (4-4-4-4, 4-6-5).
    private static let minimumGroupDigits = 3

    /// Card numbers in a run of digits and separators.
    func cards(in run: Range<Int>, found: (Range<Int>) -> Void) {
        var index = run.lowerBound
        while index < run.upperBound {
            guard self[index].isDigit, index == run.lowerBound || !self[index - 1].isDigit else {
                index += 1
                continue
            }
            if let match = card(from: index, to: run.upperBound) {
                found(index..<match)
                index = match
            } else {
                index += 1
            }
        }
    }

    private func isSeparator(_ index: Int) -> Bool { self[index] == 0x20 || self[index] == 0x2d }

    private func card(from start: Int, to stop: Int) -> Int? {
        // The decimals of a fraction are no card number.
        if start >= lower + 2, self[start - 1] == 0x2e, self[start - 2].isDigit { return nil }
        var number: UInt64 = 0
        var count = 0
        var group = 0
        var separator: UInt8?
        var best: Int?
        var index = start
        while index < stop {
            let byte = self[index]
            if byte.isDigit {
                guard count < Scope.cardDigits.upperBound else { break }
                number = number * 10 + UInt64(byte - 0x30)
                count += 1
                group += 1
                let closes = index + 1 == stop || !self[index + 1].isDigit
                if closes, Scope.cardDigits.contains(count), isIssued(number, digits: count), isLuhnValid(number) {
                    best = index + 1
                }
            } else {
                guard isSeparator(index), separator ?? byte == byte, group >= Scope.minimumGroupDigits else { break }
                separator = byte
                group = 0
            }
            index += 1
        }
        guard let best, !isHexadecimalToken(start..<best) else { return nil }
        return best
    }

    /// Digits inside a longer hexadecimal word (a hash, an object id) are no card number.
    private func isHexadecimalToken(_ range: Range<Int>) -> Bool {
        var letters = false
        var index = range.lowerBound
        while index > lower, self[index - 1].isAlphanumeric, range.lowerBound - index < 64 {
            index -= 1
            if self[index].isLetter { if self[index].isHexLetter { letters = true } else { return false } }
        }
        index = range.upperBound
        while index < upper, self[index].isAlphanumeric, index - range.upperBound < 64 {
            if self[index].isLetter { if self[index].isHexLetter { letters = true } else { return false } }
            index += 1
        }
        return letters
    }

    private func isLuhnValid(_ number: UInt64) -> Bool {
        var rest = number
        var sum: UInt64 = 0
        var doubled = false
        while rest > 0 {
            let digit = rest % 10
            sum += doubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
            doubled.toggle()
            rest /= 10
        }
        return sum % 10 == 0
    }

    /// Issuer identification numbers of the networks and the lengths that they issue.
    private func isIssued(_ number: UInt64, digits: Int) -> Bool {
        var first4 = number
        for _ in 4..<digits { first4 /= 10 }
        switch first4 {
        case 4000...4999: return digits == 13 || digits == 16 || digits == 19  // Visa
        case 5100...5599, 2221...2720: return digits == 16  // Mastercard
        case 3400...3499, 3700...3799: return digits == 15  // American Express
        case 3000...3059, 3090...3099, 3600...3699, 3800...3999: return digits == 14 || digits == 16  // Diners Club
        // JCB, Discover, UnionPay, Mir
        case 3528...3589, 6011, 6440...6599, 6200...6299, 2200...2204: return digits >= 16
        case 8100...8299, 6000...6099: return digits == 16  // RuPay
        case 5000...5099, 5600...5899, 6300...6399, 6700...6799: return true  // Maestro
        case _: return false
        }
    }
}
