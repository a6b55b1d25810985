import Masking

/// A type whose values some styles can show, and the format they come in. What the style makes of a value's text is written in
/// the same format, so that text and binary agree.
struct StyledType {
    private enum Wire { case text, binary }

    let shown: ShownType
    private let wire: Wire
    private let bytes: Int

    /// Nil for a type of which every style but those of text leaves NULL.
    init?(type: UInt32, binary: Bool) {
        switch type {
        case 21: (shown, bytes) = (.integer(bits: 16), 2)
        case 23: (shown, bytes) = (.integer(bits: 32), 4)
        case 20: (shown, bytes) = (.integer(bits: 64), 8)
        case 1700: (shown, bytes) = (.decimal, 0)
        case 700: (shown, bytes) = (.real, 4)
        case 701: (shown, bytes) = (.real, 8)
        case 1082: (shown, bytes) = (.date, 4)
        case 1114: (shown, bytes) = (.timestamp, 8)
        case 1184: (shown, bytes) = (.timestampWithZone, 8)
        case 2950: (shown, bytes) = (.uuid, 16)
        case _: return nil
        }
        wire = binary ? .binary : .text
    }

    /// - Returns: nil: NULL.
    func styled(_ value: UnsafeRawBufferPointer, _ style: Style, _ substitutes: Substitutes) -> [UInt8]? {
        switch wire {
        case .text: return substitutes.typed(style, shown, value)
        case .binary:
            guard let text = text(value) else { return nil }
            return text.withUnsafeBytes { substitutes.typed(style, shown, $0) }.flatMap(binary)
        }
    }

    /// The text that PostgreSQL would show, in style ISO and zone UTC.
    private func text(_ value: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes == 0 || value.count == bytes else { return nil }
        switch shown {
        case .integer: return Array(String(WireNumber.integer(value)).utf8)
        case .decimal:
            var reader = ValueReader(value)
            let text = PostgresText.numeric(&reader)
            return reader.isAtEnd ? text : nil
        case .real: return WireNumber.realText(value)
        case .date: return WireTime.dateText(WireNumber.integer(value))
        case .timestamp: return PostgresText.timestamp(WireNumber.integer(value), zone: "")
        case .timestampWithZone: return PostgresText.timestamp(WireNumber.integer(value), zone: "+00")
        case .uuid: return PostgresText.uuid(value)
        }
    }

    private func binary(_ text: [UInt8]) -> [UInt8]? {
        switch shown {
        case .integer:
            return Int64(String(decoding: text, as: UTF8.self)).map { WireNumber.bytes($0, count: bytes) }
        case .decimal: return WireNumeric.bytes(text)
        case .real: return WireNumber.realBytes(text, count: bytes)
        case .date: return WireTime.dateBytes(text)
        case .timestamp, .timestampWithZone: return WireTime.timestampBytes(text)
        case .uuid: return WireNumber.uuidBytes(text)
        }
    }
}
