/// Reads a serialised protobuf message field by field, without building it: tag, then a varint, 4 or 8 bytes, or a
/// length and as many bytes (protobuf.dev, "Encoding").
struct WireFields {
    struct Field {
        let number: Int
        /// A varint's value; 0 for other types.
        let value: UInt64
        /// Where a length-delimited field's bytes are; nil for other types.
        let bytes: Range<Int>?
    }

    /// Bytes of the longest varint.
    private static let maxVarint = 10

    private let raw: UnsafeRawBufferPointer
    private var place: Int
    private let end: Int

    init(_ raw: UnsafeRawBufferPointer, in range: Range<Int>) {
        self.raw = raw
        place = range.lowerBound
        end = range.upperBound
    }

    init(_ raw: UnsafeRawBufferPointer) { self.init(raw, in: 0..<raw.count) }

    /// The next field; nil at the end.
    ///
    /// - Throws: `invalid` when the bytes are no protobuf message.
    mutating func next() throws(RecordingError) -> Field? {
        guard place < end else { return nil }
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 <= UInt64(Int32.max) else { throw malformed() }
        let number = Int(tag >> 3)
        switch tag & 7 {
        case 0: return Field(number: number, value: try varint(), bytes: nil)
        case 1: return try skip(8, number)
        case 5: return try skip(4, number)
        case 2:
            let length = try varint()
            guard length <= UInt64(end - place) else { throw malformed() }
            let range = place..<(place + Int(length))
            place = range.upperBound
            return Field(number: number, value: 0, bytes: range)
        default: throw malformed()
        }
    }

    private mutating func skip(_ length: Int, _ number: Int) throws(RecordingError) -> Field {
        guard end - place >= length else { throw malformed() }
        place += length
        return Field(number: number, value: 0, bytes: nil)
    }

    private mutating func varint() throws(RecordingError) -> UInt64 {
        var value: UInt64 = 0
        for step in 0..<Self.maxVarint {
            guard place < end else { throw malformed() }
            let byte = raw[place]
            place += 1
            // The tenth byte carries the last bit.
            guard step < Self.maxVarint - 1 || byte <= 1 else { throw malformed() }
            value |= UInt64(byte & 0x7f) << UInt64(7 * step)
            if byte & 0x80 == 0 { return value }
        }
        throw malformed()
    }

    private func malformed() -> RecordingError { RecordingError(.invalid, "not a protobuf message") }
}
