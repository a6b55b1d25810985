// Byte classes. ASCII only; bytes of 0x80 and above count as letters where a name may hold any script.
extension UInt8 {
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isUpper: Bool { self &- 0x41 < 26 }
    @inline(__always) var isAlphanumeric: Bool { isDigit || isLetter }
    @inline(__always) var isHexLetter: Bool { (self | 0x20) &- 0x61 < 6 }
    @inline(__always) var isSpace: Bool { self == 0x20 || self &- 0x09 < 5 }
    @inline(__always) var isWide: Bool { self >= 0x80 }
    @inline(__always) var isQuote: Bool { self == 0x22 || self == 0x27 || self == 0x60 }
}

/// The bytes of one value inside a larger buffer: nothing outside `lower..<upper` is looked at.
struct Scope {
    let bytes: UnsafeRawBufferPointer
    let lower: Int
    let upper: Int

    @inline(__always) subscript(index: Int) -> UInt8 { bytes[index] }

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
}
