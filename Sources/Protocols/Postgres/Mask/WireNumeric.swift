/// numeric in binary format: groups of four digits, weight of the first group, sign, display scale (numeric_send).
enum WireNumeric {
    private static let headerBytes = 8
    private static let groupDigits = 4
    private static let negative = 0x4000
    /// Digits before the point, in groups: of longer numbers nothing is shown.
    private static let maximumWeight = 250
    private static let maximumScale = 1000

    /// Nil for what is no number, NaN and infinity included, and for one too long.
    static func text(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count >= headerBytes else { return nil }
        let groups = bytes.int16(at: 0)
        let weight = bytes.int16(at: 2)
        let sign = bytes.int16(at: 4)
        let scale = bytes.int16(at: 6)
        guard groups >= 0, bytes.count == headerBytes + 2 * groups, sign == 0 || sign == negative,
            (-maximumWeight...maximumWeight).contains(weight), (0...maximumScale).contains(scale)
        else { return nil }
        var digits: [UInt8] = []
        var power = max(weight, 0)
        while power >= 0 {
            guard let group = group(bytes, weight - power, of: groups) else { return nil }
            digits += group
            power -= 1
        }
        let whole = digits.drop { $0 == 0x30 }
        var decimals: [UInt8] = []
        while decimals.count < scale {
            guard let group = group(bytes, weight - power, of: groups) else { return nil }
            decimals += group
            power -= 1
        }
        decimals.removeLast(decimals.count - scale)
        return (sign == negative ? [0x2d] : []) + (whole.isEmpty ? [0x30] : Array(whole))
            + (scale > 0 ? [0x2e] : []) + decimals
    }

    /// The digits of a group; zeros where none is written.
    private static func group(_ bytes: UnsafeRawBufferPointer, _ index: Int, of count: Int) -> [UInt8]? {
        guard (0..<count).contains(index) else { return Array(repeating: 0x30, count: groupDigits) }
        var value = bytes.int16(at: headerBytes + 2 * index)
        guard (0...9999).contains(value) else { return nil }
        var digits = [UInt8](repeating: 0x30, count: groupDigits)
        for place in digits.indices.reversed() {
            digits[place] += UInt8(value % 10)
            value /= 10
        }
        return digits
    }

    /// - Parameter text: digits, perhaps with a sign before and a point among them.
    static func bytes(_ text: [UInt8]) -> [UInt8]? {
        let isNegative = text.first == 0x2d
        let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: 0x2e, omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 &- 0x30 < 10 } })
        else { return nil }
        let scale = parts.count == 2 ? parts[1].count : 0
        func zeros(_ count: Int) -> [UInt8] {
            Array(repeating: 0x30, count: (groupDigits - count % groupDigits) % groupDigits)
        }
        let whole = zeros(parts[0].count) + parts[0]
        let digits = whole + (parts.count == 2 ? Array(parts[1]) + zeros(scale) : [])
        var groups = stride(from: 0, to: digits.count, by: groupDigits).map { start in
            digits[start..<start + groupDigits].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        var weight = whole.count / groupDigits - 1
        while groups.first == 0 {
            groups.removeFirst()
            weight -= 1
        }
        while groups.last == 0 { groups.removeLast() }
        if groups.isEmpty { weight = 0 }
        let sign = isNegative && !groups.isEmpty ? negative : 0
        return ([groups.count, weight, sign, scale] + groups).flatMap {
            [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
        }
    }
}
