import Masking

/// Numbers in binary format: big-endian, as int2send, int4send, int8send, float4send, float8send and uuid_send write them.
enum WireNumber {
    /// Of two, four or eight bytes.
    static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        let bits = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = 64 - 8 * bytes.count
        return Int64(bitPattern: bits << unused) >> unused
    }

    static func bytes(_ value: Int64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    /// The shortest text that is read as the same number, as PostgreSQL shows it; nil for what is no number.
    static func realText(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        let bits = integer(bytes)
        if bytes.count == 4 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            return value.isFinite ? Array(value.description.utf8) : nil
        }
        let value = Double(bitPattern: UInt64(bitPattern: bits))
        return value.isFinite ? Array(value.description.utf8) : nil
    }

    static func realBytes(_ text: [UInt8], count: Int) -> [UInt8]? {
        let text = String(decoding: text, as: UTF8.self)
        if count == 4 {
            guard let value = Float(text), value.isFinite else { return nil }
            return bytes(Int64(value.bitPattern), count: 4)
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return bytes(Int64(bitPattern: value.bitPattern), count: 8)
    }

    static func uuidBytes(_ text: [UInt8]) -> [UInt8]? {
        let digits = text.compactMap(\.hexadecimalValue)
        guard digits.count == 32 else { return nil }
        return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
