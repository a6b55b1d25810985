import Masking

/// The text that PostgreSQL shows for binary values, in its standard settings.
///
/// Every function takes the whole value and gives nil when the bytes are not of the type.
enum PostgresText {
    static func scalar(_ type: ScalarType, _ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let text = scalar(type, &reader), reader.isAtEnd else { return nil }
        return text
    }

    private static func scalar(_ type: ScalarType, _ reader: inout ValueReader) -> [UInt8]? {
        switch type {
        case .boolean: reader.byte().map { [$0 == 0 ? 0x66 : 0x74] }
        case .character: reader.byte().map { [$0] }
        case .void: []
        case .int2: reader.int16().map { Array(String($0).utf8) }
        case .int4: reader.int32().map { Array(String($0).utf8) }
        case .int8: reader.int64().map { Array(String($0).utf8) }
        case .oid, .objectName: reader.number(UInt32.self).map { Array(String($0).utf8) }
        case .xid8: reader.number(UInt64.self).map { Array(String($0).utf8) }
        case .numeric: numeric(&reader)
        case .float4:
            reader.number(UInt32.self).map { float(Float(bitPattern: $0).description, scientificFrom: 6) }
        case .float8: float8(&reader)
        // Cents, or what the locale has for them: where they begin is not known, and only the digits are read.
        case .money: reader.int64().map { Array("$\($0)".utf8) }
        case .date: reader.int32().map(date(days:))
        case .time: reader.int64().flatMap(time)
        case .timetz: timetz(&reader)
        case .timestamp: reader.int64().map { timestamp($0, zone: "") }
        case .timestamptz: reader.int64().map { timestamp($0, zone: "+00") }
        case .interval: interval(&reader)
        case .inet: inet(&reader)
        case .macaddr: macaddr(&reader)
        case .uuid: reader.take(16).map(uuid)
        case .bits: bits(&reader)
        case .point: point(&reader)
        case .lseg: points(&reader, 2).map { [0x5b] + $0 + [0x5d] }
        case .path: path(&reader)
        case .box: points(&reader, 2)
        case .polygon: polygon(&reader)
        case .line: floats(&reader, 3).map { [0x7b] + $0 + [0x7d] }
        case .circle: circle(&reader)
        case .lsn: lsn(&reader)
        case .tid: tid(&reader)
        case .snapshot: snapshot(&reader)
        case .tsvector: tsvector(&reader)
        case .tsquery: tsquery(&reader)
        case .jsonpath: reader.byte() == 1 ? reader.take(reader.left).map { Array($0) } : nil
        case .string: reader.take(reader.left).map { Array($0) }
        }
    }

    static func uuid(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(0x2d) }
            appendHexadecimal(byte, to: &text)
        }
        return text
    }

    static func appendHexadecimal(_ byte: UInt8, to text: inout [UInt8]) {
        for digit in [byte >> 4, byte & 15] { text.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }

    private static func bits(_ reader: inout ValueReader) -> [UInt8]? {
        guard let count = reader.int32(), (0...maximumRenderedBytes).contains(count),
            let bytes = reader.take(count / 8 + (count % 8 == 0 ? 0 : 1))
        else { return nil }
        return (0..<count).map { bytes[$0 / 8] & 0x80 >> UInt8($0 % 8) == 0 ? 0x30 : 0x31 }
    }

    private static func lsn(_ reader: inout ValueReader) -> [UInt8]? {
        guard let high = reader.number(UInt32.self), let low = reader.number(UInt32.self) else { return nil }
        return Array((String(high, radix: 16, uppercase: true) + "/" + String(low, radix: 16, uppercase: true)).utf8)
    }

    private static func tid(_ reader: inout ValueReader) -> [UInt8]? {
        guard let block = reader.number(UInt32.self), let offset = reader.number(UInt16.self) else { return nil }
        return Array("(\(block),\(offset))".utf8)
    }

    private static func snapshot(_ reader: inout ValueReader) -> [UInt8]? {
        guard let count = reader.int32(), let first = reader.number(UInt64.self), let last = reader.number(UInt64.self),
            count >= 0, count <= reader.left / 8
        else { return nil }
        let running = (0..<count).compactMap { _ in reader.number(UInt64.self).map { String($0) } }
        return Array("\(first):\(last):\(running.joined(separator: ","))".utf8)
    }

    // MARK: text

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
