import Masking

extension UnsafeRawBufferPointer {
    @inline(__always) func int32(at offset: Int) -> Int {
        Int(Int32(bigEndian: loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
    @inline(__always) func int16(at offset: Int) -> Int {
        Int(Int16(bigEndian: loadUnaligned(fromByteOffset: offset, as: Int16.self)))
    }

    func equals(_ range: Range<Int>, _ other: [UInt8]) -> Bool {
        guard range.count == other.count else { return false }
        for index in 0..<other.count where self[range.lowerBound + index] != other[index] { return false }
        return true
    }
}

extension [UInt8] {
    mutating func appendInt32(_ value: Int) {
        Swift.withUnsafeBytes(of: Int32(truncatingIfNeeded: value).bigEndian) { append(contentsOf: $0) }
    }

    mutating func appendInt16(_ value: Int) {
        let bits = UInt16(truncatingIfNeeded: value)
        append(UInt8(bits >> 8))
        append(UInt8(truncatingIfNeeded: bits))
    }

    mutating func setInt32(_ value: Int, at offset: Int) {
        let bits = UInt32(bitPattern: Int32(truncatingIfNeeded: value))
        self[offset] = UInt8(truncatingIfNeeded: bits >> 24)
        self[offset + 1] = UInt8(truncatingIfNeeded: bits >> 16)
        self[offset + 2] = UInt8(truncatingIfNeeded: bits >> 8)
        self[offset + 3] = UInt8(truncatingIfNeeded: bits)
    }
}

/// Copies a source to an output with edits. Untouched stretches are copied as late and as long as possible.
struct Rewriter {
    let source: UnsafeRawBufferPointer
    var out: [UInt8]
    private(set) var copied: Int

    /// - Parameter copied: how much of the source is already in the output.
    init(source: UnsafeRawBufferPointer, out: consuming [UInt8], copied: Int = 0) {
        self.source = source
        self.out = out
        self.copied = copied
    }

    /// Where the source byte at `index`, not yet copied, will stand in the output.
    func place(of index: Int) -> Int { out.count + index - copied }

    mutating func copy(upTo index: Int) {
        if index > copied { out.append(contentsOf: source.part(copied..<index)) }
        copied = index
    }

    /// Leaves out the source up to `index`.
    mutating func skip(to index: Int) { copied = index }

    /// Replaces an Int16.
    mutating func replaceInt16(at index: Int, with value: Int) {
        copy(upTo: index)
        out.appendInt16(value)
        copied = index + 2
    }

    mutating func replace(_ range: Range<Int>, with bytes: [UInt8]) {
        copy(upTo: range.lowerBound)
        out.append(contentsOf: bytes)
        copied = range.upperBound
    }

    /// Leaves out a value and the Int32 length before it.
    mutating func dropCounted(_ range: Range<Int>) {
        copy(upTo: range.lowerBound - 4)
        copied = range.upperBound
    }

    /// Replaces a value and the Int32 length before it; nil stands for NULL.
    mutating func replaceCounted(_ range: Range<Int>, with bytes: [UInt8]?) {
        copy(upTo: range.lowerBound - 4)
        out.appendInt32(bytes?.count ?? -1)
        if let bytes { out.append(contentsOf: bytes) }
        copied = range.upperBound
    }
}
