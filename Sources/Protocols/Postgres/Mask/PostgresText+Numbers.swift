extension PostgresText {
    /// A longer amount is no entity, and takes part in none; nor does a number with a larger exponent.
    static let maximumNumberBytes = 256
    /// A number of more digits is withheld: ten bytes of binary can stand for a hundred thousand.
    static let maximumNumberDigits = 1000

    /// numeric.c: base 10000, weight of the first digit, sign, display scale. Nil also for a number of more than
    /// ``maximumNumberDigits``.
    static func numeric(_ reader: inout ValueReader) -> [UInt8]? {
        guard let digits = reader.int16(), let weight = reader.int16(), let sign = reader.number(UInt16.self),
            let scale = reader.int16(), digits >= 0, scale >= 0, digits * 2 <= reader.left
        else { return nil }
        switch sign {
        case 0, 0x4000: break
        case 0xc000: return Array("NaN".utf8)
        case 0xd000: return Array("Infinity".utf8)
        case 0xf000: return Array("-Infinity".utf8)
        case _: return nil
        }
        var groups: [Int] = []
        for _ in 0..<digits {
            guard let group = reader.int16(), (0...9999).contains(group) else { return nil }
            groups.append(group)
        }
        // The first group has from one to four digits.
        guard max(weight, 0) * 4 + 1 + scale <= maximumNumberDigits else { return nil }
        func group(at place: Int) -> [UInt8] {
            let index = weight - place
            let decimal = Array(String(groups.indices.contains(index) ? groups[index] : 0).utf8)
            return Array(repeating: 0x30, count: 4 - decimal.count) + decimal
        }
        var whole = stride(from: weight, through: 0, by: -1).flatMap(group)
        whole = Array(whole.drop { $0 == 0x30 })
        guard max(whole.count, 1) + scale <= maximumNumberDigits else { return nil }
        let fraction = stride(from: -1, through: -(scale + 3) / 4, by: -1).flatMap(group).prefix(scale)
        return (sign == 0x4000 ? [0x2d] : []) + (whole.isEmpty ? [0x30] : whole)
            + (scale == 0 ? [] : [0x2e] + fraction)
    }

    static func float8(_ reader: inout ValueReader) -> [UInt8]? {
        reader.float8().map { float($0.description, scientificFrom: 15) }
    }

    /// The shortest digits that read back as the number, in PostgreSQL's form (ryu's `to_chars`).
    /// - Parameter scientificFrom: the power of ten from which on there is an exponent.
    static func float(_ description: String, scientificFrom: Int) -> [UInt8] {
        let isNegative = description.hasPrefix("-")
        let sign: [UInt8] = isNegative ? [0x2d] : []
        let parts = description.dropFirst(isNegative ? 1 : 0).split(separator: "e")
        guard let mantissa = parts.first, mantissa.utf8.first.map({ $0 &- 0x30 < 10 }) ?? false else {
            return description == "nan" ? Array("NaN".utf8) : sign + Array("Infinity".utf8)
        }
        let halves = mantissa.split(separator: ".")
        var digits = halves.flatMap { Array($0.utf8) }
        // Where the point stands, counted from the first digit.
        var point = halves[0].utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        let leading = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(leading)
        point -= leading
        while digits.last == 0x30 { digits.removeLast() }
        guard !digits.isEmpty else { return sign + [0x30] }
        let exponent = point - 1
        if exponent < -4 || exponent >= scientificFrom {
            let magnitude = Array(String(exponent.magnitude).utf8)
            return sign + [digits[0]] + (digits.count > 1 ? [0x2e] + digits[1...] : [])
                + [0x65, exponent < 0 ? 0x2d : 0x2b] + (magnitude.count < 2 ? [0x30] : []) + magnitude
        }
        if point <= 0 { return sign + [0x30, 0x2e] + Array(repeating: 0x30, count: -point) + digits }
        if point >= digits.count { return sign + digits + Array(repeating: 0x30, count: point - digits.count) }
        return sign + digits[..<point] + [0x2e] + digits[point...]
    }

    /// Whether a text may be an amount of money in some locale: digits, what stands between them, and a sign for the
    /// currency.
    static func isAmount(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count <= maximumNumberBytes else { return false }
        var isDivided = false
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x20, 0x27, 0x2d, 0x2e: break
            case 0x24, 0x2c, 0x80...: isDivided = true
            case _: return false
            }
        }
        return isDivided
    }

    /// Whether a text is a number of more than ``maximumNumberDigits``.
    static func isLongNumber(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count > maximumNumberDigits else { return false }
        let number = text.dropFirst(text.first == 0x2d || text.first == 0x2b ? 1 : 0)
        var digits = 0
        for byte in number {
            if byte &- 0x30 < 10 { digits += 1 } else if byte != 0x2e { return false }
        }
        return digits > maximumNumberDigits && number.count - digits <= 1
    }

    /// The digits before the point of a number as it is written, without sign and exponent; nil for what is no number,
    /// for less than one, and for one that ``isLongNumber(_:)``.
    static func wholeDigits(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        // A sign and a point.
        guard text.count <= maximumNumberDigits + 2 else { return nil }
        var index = text.first == 0x2d || text.first == 0x2b ? 1 : 0
        var digits: [UInt8] = []
        var point: Int?
        while index < text.count, text[index] &- 0x30 < 10 || text[index] == 0x2e && point == nil {
            if text[index] == 0x2e { point = digits.count } else { digits.append(text[index]) }
            index += 1
        }
        var places = point ?? digits.count
        if index < text.count, text[index] | 0x20 == 0x65 {
            guard let exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)),
                exponent.magnitude <= maximumNumberBytes
            else { return nil }
            places += exponent
            index = text.count
        }
        guard index == text.count, !digits.isEmpty, places > 0 else { return nil }
        let whole = digits.prefix(places) + Array(repeating: 0x30, count: max(0, places - digits.count))
        return Array(whole.drop { $0 == 0x30 })
    }
}
