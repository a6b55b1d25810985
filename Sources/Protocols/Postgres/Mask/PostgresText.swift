import Masking

/// The text that PostgreSQL shows for binary values, as far as detectors need it.
enum PostgresText {
    /// numeric.c: base 10000, weight of the first digit, sign, display scale. Empty for numbers too long to be an
    /// entity and for NaN and infinities; nil when the bytes are no numeric.
    static func numeric(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count >= 8 else { return nil }
        let digits = bytes.int16(at: 0)
        let weight = bytes.int16(at: 2)
        let sign = UInt16(truncatingIfNeeded: bytes.int16(at: 4))
        let scale = bytes.int16(at: 6)
        guard digits >= 0, bytes.count == 8 + digits * 2, scale >= 0 else { return nil }
        guard sign == 0 || sign == 0x4000 else { return sign == 0xc000 || sign == 0xd000 || sign == 0xf000 ? [] : nil }
        // 24 decimal digits before the point: no entity is that long.
        guard (0..<6).contains(weight) else { return [] }
        var text: [UInt8] = []
        for group in 0...weight {
            let value = group < digits ? bytes.int16(at: 8 + group * 2) : 0
            guard (0...9999).contains(value) else { return nil }
            let decimal = Array(String(value).utf8)
            if !text.isEmpty { text.append(contentsOf: repeatElement(0x30, count: 4 - decimal.count)) }
            if !text.isEmpty || value != 0 { text.append(contentsOf: decimal) }
        }
        // The decimals are left out: the detectors take no entity from them.
        return text
    }

    /// `YYYY-MM-DD` of the proleptic Gregorian calendar; empty for years that no detector takes, and for infinity.
    static func date(days: Int) -> [UInt8] {
        // Days from 1600-01-01, where a cycle of 400 years begins, to 2000-01-01: one such cycle.
        var rest = days + 146_097
        guard (0..<2 * 146_097).contains(rest) else { return [] }
        var year = 1600
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        while rest >= (isLeap(year) ? 366 : 365) {
            rest -= isLeap(year) ? 366 : 365
            year += 1
        }
        var month = 1
        for length in [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            guard rest >= length else { break }
            rest -= length
            month += 1
        }
        func two(_ value: Int) -> [UInt8] { [UInt8(0x30 + value / 10), UInt8(0x30 + value % 10)] }
        return two(year / 100) + two(year % 100) + [0x2d] + two(month) + [0x2d] + two(rest + 1)
    }

    static func uuid(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(0x2d) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// Both output formats of bytea: `\x4142` and `AB\000`.
    static func bytea(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var bytes: [UInt8] = []
        if text.count >= 2, text[0] == 0x5c, text[1] == 0x78 {
            guard text.count % 2 == 0 else { return nil }
            bytes.reserveCapacity(text.count / 2)
            for index in stride(from: 2, to: text.count, by: 2) {
                guard let high = text[index].hexadecimalValue, let low = text[index + 1].hexadecimalValue else {
                    return nil
                }
                bytes.append(high << 4 | low)
            }
            return bytes
        }
        var index = 0
        while index < text.count {
            if text[index] != 0x5c {
                bytes.append(text[index])
                index += 1
            } else if index + 1 < text.count, text[index + 1] == 0x5c {
                bytes.append(0x5c)
                index += 2
            } else {
                guard index + 3 < text.count, (index + 1...index + 3).allSatisfy({ text[$0] &- 0x30 < 8 }) else {
                    return nil
                }
                bytes.append(
                    (text[index + 1] &- 0x30) << 6 | (text[index + 2] &- 0x30) << 3 | (text[index + 3] &- 0x30))
                index += 4
            }
        }
        return bytes
    }

    /// Valid UTF-8 without control characters other than white space.
    static func isPlainText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        !bytes.contains { $0 < 0x20 && !(0x09...0x0d).contains($0) } && String(validating: bytes, as: UTF8.self) != nil
    }
}
