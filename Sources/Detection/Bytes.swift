// Byte classes. ASCII only; bytes of 0x80 and above count as letters where a name may hold any script.
extension UInt8 {
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isUpper: Bool { self &- 0x41 < 26 }
    @inline(__always) var isLower: Bool { self &- 0x61 < 26 }
    @inline(__always) var isAlphanumeric: Bool { isDigit || isLetter }
    @inline(__always) var isHexLetter: Bool { (self | 0x20) &- 0x61 < 6 }
    @inline(__always) var isHexadecimal: Bool { isDigit || isHexLetter }
    @inline(__always) var isSpace: Bool { self == 0x20 || self &- 0x09 < 5 }
    @inline(__always) var isWide: Bool { self >= 0x80 }
    @inline(__always) var isQuote: Bool { self == 0x22 || self == 0x27 || self == 0x60 }
    /// Letters of any script.
    @inline(__always) var isName: Bool { isLetter || isWide }
    /// What a digit or a letter stands for in base 36.
    @inline(__always) var base36: Int { isDigit ? Int(self &- 0x30) : Int((self | 0x20) &- 0x57) }
}

/// The bytes of one value inside a larger buffer: nothing outside `lower..<upper` is looked at.
struct Scope {
    let bytes: UnsafeRawBufferPointer
    let lower: Int
    let upper: Int

    @inline(__always) subscript(index: Int) -> UInt8 { bytes[index] }

    /// The byte at `index`, zero outside the value.
    @inline(__always) func byte(_ index: Int) -> UInt8 { index >= lower && index < upper ? bytes[index] : 0 }

    func holds(_ text: StaticString, at index: Int) -> Bool {
        guard index >= lower, index + text.utf8CodeUnitCount <= upper else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] { return false }
        return true
    }

    func holdsAnyCase(_ text: StaticString, at index: Int) -> Bool {
        guard index >= lower, index + text.utf8CodeUnitCount <= upper else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] | 0x20 != text.utf8Start[offset] {
            return false
        }
        return true
    }

    /// A context word, and not the middle of another: `user_ssn`, `userSsn` and `SSN_no` hold `ssn`, `classname` does not.
    func isContextWord(_ range: Range<Int>) -> Bool {
        guard range.lowerBound >= lower, range.upperBound <= upper else { return false }
        let before = byte(range.lowerBound - 1)
        if before.isLetter, !(before.isLower && self[range.lowerBound].isUpper) { return false }
        let after = byte(range.upperBound)
        return !after.isLetter || (after.isUpper && self[range.upperBound - 1].isLower)
    }

    func number(_ start: Int, _ digits: Int) -> Int {
        var value = 0
        for index in start..<start + digits { value = value * 10 + Int(self[index] &- 0x30) }
        return value
    }

    func digitCount(from start: Int, most: Int) -> Int {
        var count = 0
        while count < most, start + count < upper, self[start + count].isDigit { count += 1 }
        return count
    }

    func skipSpaces(_ start: Int, most: Int) -> Int {
        var index = start
        while index < upper, index - start < most, self[index].isSpace { index += 1 }
        return index
    }
}
