extension Scope {
    /// The dashed number that ends at `end`.
    func dashedSocialSecurityNumber(end: Int) -> Range<Int>? {
        guard end - 11 >= lower, end <= upper else { return nil }
        return dashedSocialSecurityNumber(DigitGroups(self, from: end - 11, to: end))
    }

    func dashedSocialSecurityNumber(_ groups: DigitGroups) -> Range<Int>? {
        guard groups.lengths(3) == 0x324, groups.uniform(3) == 0x2d else { return nil }
        let range = groups.range(3)
        return standsAlone(range) && isSocialSecurity(range) ? range : nil
    }

    func dashedTaxpayerNumber(_ groups: DigitGroups) -> Range<Int>? {
        guard groups.lengths(3) == 0x324, groups.uniform(3) == 0x2d else { return nil }
        let range = groups.range(3)
        return standsAlone(range) && isTaxpayer(range) ? range : nil
    }

    /// Numbers without dashes that begin in `range`, whose context says that they may be there.
    func socialSecurityNumbers(in range: Range<Int>, found: (Range<Int>) -> Void) {
        nineDigits(in: range) { if isSocialSecurity($0) { found($0) } }
    }

    func taxpayerNumbers(in range: Range<Int>, found: (Range<Int>) -> Void) {
        nineDigits(in: range) { if isTaxpayer($0) { found($0) } }
    }

    private func nineDigits(in range: Range<Int>, found: (Range<Int>) -> Void) {
        bareNumbers(of: 9, in: range, found: found)
        bareNumbers(of: 3, in: range) { area in
            let start = area.lowerBound
            guard start + 11 <= upper, self[start + 3] == 0x20, self[start + 6] == 0x20,
                digitCount(from: start + 4, most: 3) == 2, digitCount(from: start + 7, most: 5) == 4,
                standsAlone(start..<start + 11)
            else { return }
            found(start..<start + 11)
        }
    }

    /// Social Security Administration, RM 10201.035: numbers that are never assigned; two were voided by publication.
    private func isSocialSecurity(_ range: Range<Int>) -> Bool {
        let (area, group, serial) = parts(range)
        guard area != 0, area != 666, area < 900, group != 0, serial != 0 else { return false }
        return !(area == 78 && group == 5 && serial == 1120) && !(area == 219 && group == 9 && serial == 9999)
    }

    /// IRS, Internal Revenue Manual 3.21.263.2: area 9xx, groups 50 to 65, 70 to 88, 90 to 92 and 94 to 99.
    private func isTaxpayer(_ range: Range<Int>) -> Bool {
        let (area, group, _) = parts(range)
        guard area >= 900 else { return false }
        switch group {
        case 50...65, 70...88, 90...92, 94...99: return true
        case _: return false
        }
    }

    private func parts(_ range: Range<Int>) -> (area: Int, group: Int, serial: Int) {
        let gap = range.count == 11 ? 1 : 0
        let start = range.lowerBound
        return (number(start, 3), number(start + 3 + gap, 2), number(start + 5 + 2 * gap, 4))
    }
}
