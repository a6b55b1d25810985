/// A decimal number of any size: `-12.50`, and `1.5e+20` as floating-point numbers are written.
struct DecimalText {
    /// Digits before and after the point, written out.
    static let maximumDigits = 1000
    /// Of double precision; a number with a larger one is none.
    private static let maximumExponent = 400
    /// ``Bucket/width`` is in billionths.
    private static let decimals = 9

    private let isNegative: Bool
    private let whole: [UInt8]
    private let fraction: [UInt8]

    init?(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        isNegative = bytes.first == 0x2d
        if isNegative { index = 1 }
        func digits() -> [UInt8] {
            let start = index
            while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
            return bytes[start..<index].map { $0 - 0x30 }
        }
        guard bytes.count <= DecimalText.maximumDigits + DecimalText.maximumExponent else { return nil }
        var whole = digits()
        var fraction: [UInt8] = []
        guard !whole.isEmpty else { return nil }
        if index < bytes.count, bytes[index] == 0x2e {
            index += 1
            fraction = digits()
            guard !fraction.isEmpty else { return nil }
        }
        if index < bytes.count, bytes[index] | 0x20 == 0x65 {
            let text = String(decoding: bytes[(index + 1)...], as: UTF8.self)
            guard let exponent = Int(text), exponent.magnitude <= DecimalText.maximumExponent else { return nil }
            for _ in 0..<max(0, exponent) { whole.append(fraction.isEmpty ? 0 : fraction.removeFirst()) }
            for _ in 0..<max(0, -exponent) { fraction.insert(whole.popLast() ?? 0, at: 0) }
            index = bytes.count
        }
        guard index == bytes.count, whole.count + fraction.count <= DecimalText.maximumDigits else { return nil }
        self.whole = whole
        self.fraction = fraction
    }

    /// Whether ranges of a width can hide something of the number: they are wider than one of its last digit. Zeros at the end of
    /// the decimals count only when they are kept.
    func isHidden(by width: UInt64, keepsScale: Bool) -> Bool {
        let decimals = keepsScale ? fraction.count : fraction.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
        guard decimals <= DecimalText.decimals else { return width > 0 }
        return width > (decimals..<DecimalText.decimals).reduce(UInt64(1)) { unit, _ in unit * 10 }
    }

    /// The greatest multiple of a width that is not above the number.
    /// - Parameters:
    ///   - width: in billionths, above zero.
    ///   - keepsScale: as many decimals as the number has, where fewer would do.
    func floored(to width: UInt64, keepsScale: Bool) -> [UInt8] {
        // Only whole billionths decide, since a width has no smaller parts: floor(x / n) = floor(floor(x) / n).
        let shown = fraction.prefix(DecimalText.decimals)
        var digits = whole + shown + Array(repeating: 0, count: DecimalText.decimals - shown.count)
        if isNegative, fraction.dropFirst(DecimalText.decimals).contains(where: { $0 != 0 }) {
            DecimalText.add(1, to: &digits)
        }
        // A width is below 10¹⁸ and one, so ten remainders fit.
        let remainder = digits.reduce(UInt64(0)) { ($0 * 10 + UInt64($1)) % width }
        if !isNegative {
            DecimalText.subtract(remainder, from: &digits)
        } else if remainder > 0 {
            DecimalText.add(width - remainder, to: &digits)
        }
        return text(digits, scale: keepsScale ? fraction.count : 0)
    }

    private func text(_ digits: [UInt8], scale: Int) -> [UInt8] {
        var whole = Array(digits.dropLast(DecimalText.decimals).drop { $0 == 0 })
        if whole.isEmpty { whole = [0] }
        var decimals = Array(digits.suffix(DecimalText.decimals))
        while decimals.count > scale, decimals.last == 0 { decimals.removeLast() }
        decimals += Array(repeating: 0, count: max(0, scale - decimals.count))
        let sign: [UInt8] = isNegative && digits.contains { $0 != 0 } ? [0x2d] : []
        let point: [UInt8] = decimals.isEmpty ? [] : [0x2e]
        return sign + whole.map { $0 + 0x30 } + point + decimals.map { $0 + 0x30 }
    }

    private static func add(_ value: UInt64, to digits: inout [UInt8]) {
        var rest = value
        for index in digits.indices.reversed() where rest > 0 {
            let sum = UInt64(digits[index]) + rest % 10
            digits[index] = UInt8(sum % 10)
            rest = rest / 10 + sum / 10
        }
        while rest > 0 {
            digits.insert(UInt8(rest % 10), at: 0)
            rest /= 10
        }
    }

    /// - Parameter value: not above what the digits say.
    private static func subtract(_ value: UInt64, from digits: inout [UInt8]) {
        var rest = value
        for index in digits.indices.reversed() where rest > 0 {
            let digit = UInt8(rest % 10)
            rest /= 10
            if digits[index] < digit {
                digits[index] += 10
                rest += 1
            }
            digits[index] -= digit
        }
    }
}
