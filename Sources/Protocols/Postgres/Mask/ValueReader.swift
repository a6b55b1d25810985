import Masking

/// Reads a binary value from its front. Each step is nil when there are fewer bytes than it takes.
struct ValueReader {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }
    var left: Int { bytes.count - index }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= left else { return nil }
        defer { index += count }
        return bytes.part(index..<index + count)
    }

    mutating func byte() -> UInt8? { take(1)?[0] }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        take(MemoryLayout<Number>.size).map { Number(bigEndian: $0.loadUnaligned(as: Number.self)) }
    }

    mutating func int16() -> Int? { number(Int16.self).map(Int.init) }
    mutating func int32() -> Int? { number(Int32.self).map(Int.init) }
    mutating func int64() -> Int64? { number(Int64.self) }
    mutating func float8() -> Double? { number(UInt64.self).map(Double.init(bitPattern:)) }

    /// How many of something follow, each of at least `size` bytes.
    mutating func count(ofSize size: Int) -> Int? {
        guard let count = int32(), count >= 0, count <= left / size else { return nil }
        return count
    }

    /// The bytes up to a zero byte, which is taken too.
    mutating func string() -> UnsafeRawBufferPointer? {
        guard let end = bytes[index...].firstIndex(of: 0) else { return nil }
        defer { index = end + 1 }
        return bytes.part(index..<end)
    }

    /// Bytes after their Int32 length: inner nil for NULL, outer nil for a length that does not fit.
    mutating func counted() -> UnsafeRawBufferPointer?? {
        guard let length = int32() else { return nil }
        if length == -1 { return .some(nil) }
        guard let part = take(length) else { return nil }
        return part
    }
}
