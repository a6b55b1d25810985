/// Writes numeric in binary format, which ``PostgresText/numeric(_:)`` reads: groups of four digits, weight of the first group,
/// sign, display scale (numeric_send).
enum WireNumeric {
    private static let groupDigits = 4
    private static let negative = 0x4000

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
