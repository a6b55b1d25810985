import Glibc

/// The digits and letters of an identifier, its separators left out.
struct Symbols {
    static let capacity = 64
    private(set) var values = SIMD64<UInt8>()
    private(set) var count = 0

    /// Digits and letters of `range`, as many as there is room for.
    init(_ scope: Scope, _ range: Range<Int>, onlyDigits: Bool = false) {
        for index in range
        where count < Symbols.capacity && (onlyDigits ? scope[index].isDigit : scope[index].isAlphanumeric) {
            values[count] = UInt8(truncatingIfNeeded: scope[index].base36)
            count += 1
        }
    }

    @inline(__always) subscript(index: Int) -> Int { Int(values[index]) }

    var allEqual: Bool { count > 0 && (1..<count).allSatisfy { values[$0] == values[0] } }
    var allDigits: Bool { (0..<count).allSatisfy { values[$0] < 10 } }

    /// ISO/IEC 7812-1 annex B.
    var isLuhnValid: Bool {
        var sum = 0
        for index in 0..<count {
            let digit = self[count - 1 - index]
            sum += index % 2 == 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
        }
        return allDigits && sum % 10 == 0
    }

    /// ISO/IEC 7064 MOD 97-10 as ISO 13616 uses it: the first four symbols are read last.
    var isMod97Valid: Bool {
        guard count > 4 else { return false }
        var rest = 0
        for index in 0..<count {
            let value = self[(index + 4) % count]
            rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
        }
        return rest == 1
    }

    /// J. Verhoeff, Error Detecting Decimal Codes, 1969: the dihedral group of order 10.
    var isVerhoeffValid: Bool {
        guard allDigits, count > 1 else { return false }
        var sum = 0
        for index in 0..<count {
            var digit = self[count - 1 - index]
            for _ in 0..<index % 8 { digit = Symbols.verhoeffPermutation[digit] }
            sum = Symbols.dihedral(sum, digit)
        }
        return sum == 0
    }

    private static let verhoeffPermutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

    private static func dihedral(_ left: Int, _ right: Int) -> Int {
        switch (left < 5, right < 5) {
        case (true, true): (left + right) % 5
        case (true, false): 5 + (left + right - 5) % 5
        case (false, true): 5 + (left - 5 - right + 5) % 5
        case (false, false): (left - right + 5) % 5
        }
    }

    /// ISO/IEC 7064 MOD 11,10.
    var isMod11And10Valid: Bool {
        guard allDigits, count > 1 else { return false }
        var product = 10
        for index in 0..<count - 1 {
            let sum = (self[index] + product) % 10
            product = (sum == 0 ? 10 : sum) * 2 % 11
        }
        return (11 - product) % 10 == self[count - 1]
    }

    /// ICAO 9303 part 3 section 4.9: weights 7, 3, 1, letters counted from 10.
    func checkDigit731(_ first: Int) -> Int {
        var sum = 0
        for index in 0..<first { sum += self[index] * [7, 3, 1][index % 3] }
        return sum % 10
    }
}

/// CRC-32 of ISO/IEC 3309, which some vendors put at the end of their tokens.
func crc32(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    return ~crc
}

extension Scope {
    /// Shannon entropy in bits per byte.
    func entropy(_ range: Range<Int>) -> Double {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            for index in range { counts[Int(self[index])] += 1 }
            var bits = 0.0
            for count in counts where count > 0 { bits -= Double(count) * log2(Double(count)) }
            return range.isEmpty ? 0 : bits / Double(range.count) + log2(Double(range.count))
        }
    }

    /// Of the bytes in `range`, how many different ones; counting ends at `enough`.
    func distinctBytes(_ range: Range<Int>, enough: Int) -> Int {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in range {
            let byte = self[index]
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
            if low.nonzeroBitCount + high.nonzeroBitCount >= enough { return enough }
        }
        return low.nonzeroBitCount + high.nonzeroBitCount
    }
}
