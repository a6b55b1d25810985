/// Groups of digits with single separators between them, from one place on.
struct DigitGroups {
    /// The longest forms (a French number) have seven groups.
    static let most = 8
    let start: Int
    private(set) var count = 0
    private var lengths = SIMD8<UInt8>()
    private var separators = SIMD8<UInt8>()

    init(_ scope: Scope, from start: Int, to stop: Int) {
        self.start = start
        var index = start
        while count < DigitGroups.most {
            let first = index
            while index < stop, scope[index].isDigit { index += 1 }
            lengths[count] = UInt8(min(index - first, 15))
            count += 1
            guard index + 1 < stop, !scope[index].isDigit else { return }
            separators[count - 1] = scope[index]
            index += 1
        }
    }

    @inline(__always) func length(_ group: Int) -> Int { Int(lengths[group]) }
    @inline(__always) func separator(_ group: Int) -> UInt8 { separators[group] }

    /// The lengths of the first groups as hexadecimal digits: `0x324` for `123-45-6789`. Fifteen stands for more, too.
    func lengths(_ groups: Int) -> Int {
        guard groups <= count else { return 0 }
        var value = 0
        for group in 0..<groups { value = value << 4 | length(group) }
        return value
    }

    /// The one separator among the first groups.
    func uniform(_ groups: Int) -> UInt8? {
        for group in 0..<groups - 1 where separators[group] != separators[0] { return nil }
        return separators[0]
    }

    /// The bytes of the first groups, none of which has 15 digits or more unless it is the only one.
    func range(_ groups: Int) -> Range<Int> {
        var end = start + groups - 1
        for group in 0..<groups { end += length(group) }
        return start..<end
    }
}

extension Scope {
    /// The run of digits and single separators (space `-` `.` `/`) that holds the digit before `end`.
    func numberRun(end: Int) -> Range<Int>? {
        guard end > lower, end <= upper, self[end - 1].isDigit else { return nil }
        var start = end - 1
        while start > lower {
            if self[start - 1].isDigit {
                start -= 1
            } else if isNumberSeparator(start - 1), start - 1 > lower, self[start - 2].isDigit {
                start -= 2
            } else {
                break
            }
        }
        var stop = end
        while stop < upper {
            if self[stop].isDigit {
                stop += 1
            } else if isNumberSeparator(stop), stop + 1 < upper, self[stop + 1].isDigit {
                stop += 2
            } else {
                break
            }
        }
        return start..<stop
    }

    @inline(__always) private func isNumberSeparator(_ index: Int) -> Bool {
        switch self[index] {
        case 0x20, 0x2d, 0x2e, 0x2f: true
        case _: false
        }
    }

    /// Calls `body` with the groups from each start of a group in `run`.
    func eachGroup(in run: Range<Int>, body: (DigitGroups) -> Void) {
        var index = run.lowerBound
        while index < run.upperBound {
            body(DigitGroups(self, from: index, to: run.upperBound))
            while index < run.upperBound, self[index].isDigit { index += 1 }
            index += 1
        }
    }

    /// The value of one kind that begins with these groups.
    func match(_ check: Detector.NumberCheck, _ groups: DigitGroups) -> Range<Int>? {
        switch check {
        case .paymentCard: nil  // looked for in the whole run
        case .socialSecurity: dashedSocialSecurityNumber(groups)
        case .taxpayer: dashedTaxpayerNumber(groups)
        case .phone: nationalPhone(groups)
        case .cpf: groups.lengths(4) == 0x3332 ? cpf(groups) : nil
        case .germanTax: germanTaxNumber(groups)
        case .nir: nir(groups)
        case .aadhaar: aadhaar(groups)
        case .dni: dni(groups)
        }
    }

    /// Not a part of a longer number.
    func standsAlone(_ range: Range<Int>) -> Bool {
        let before = byte(range.lowerBound - 1)
        if before.isDigit { return false }
        if before == 0x2d || before == 0x2e, byte(range.lowerBound - 2).isDigit { return false }
        let after = byte(range.upperBound)
        return !after.isDigit && !(after == 0x2d && byte(range.upperBound + 1).isDigit)
    }

    /// Not a part of a longer number or word, nor of a row of groups of one length: digits that `separator` joins to it and
    /// that are as many as those of the groups at its ends.
    func standsApart(_ range: Range<Int>, groups of: Int, by separator: UInt8) -> Bool {
        guard isWord(range), standsAlone(range) else { return false }
        if byte(range.upperBound) == separator, digitCount(from: range.upperBound + 1, most: of + 1) == of {
            return false
        }
        guard byte(range.lowerBound - 1) == separator else { return true }
        var start = range.lowerBound - 1
        while byte(start - 1).isDigit, range.lowerBound - start <= of + 1 { start -= 1 }
        return range.lowerBound - 1 - start != of
    }

    /// Not a part of a longer number or word, nor of a row of groups.
    func standsApart(_ range: Range<Int>) -> Bool {
        guard isWord(range), standsAlone(range) else { return false }
        let before = byte(range.lowerBound - 1)
        if before == 0x20 || before == 0x2f, byte(range.lowerBound - 2).isDigit { return false }
        let after = byte(range.upperBound)
        switch after {
        case 0x20, 0x2e, 0x2f: return !byte(range.upperBound + 1).isDigit
        case _: return true
        }
    }

    /// Runs of exactly `count` digits that begin in `range` and are no part of a longer number.
    func bareNumbers(of count: Int, in range: Range<Int>, found: (Range<Int>) -> Void) {
        var index = range.lowerBound
        while index < range.upperBound {
            guard self[index].isDigit else {
                index += 1
                continue
            }
            let digits = digitCount(from: index, most: count + 1)
            if digits == count, standsAlone(index..<index + count) { found(index..<index + count) }
            while index < range.upperBound, self[index].isDigit { index += 1 }
        }
    }
}
