import NIOCore

/// One regular message: type byte, Int32 length that includes itself, body.
public struct Frame: Sendable {
    public let type: UInt8
    /// Type, length and body, as received.
    public let bytes: ByteBuffer

    public init(type: UInt8, bytes: ByteBuffer) {
        self.type = type
        self.bytes = bytes
    }

    /// The body alone.
    public var body: ByteBuffer {
        var body = bytes
        body.moveReaderIndex(forwardBy: 5)
        return body
    }

    public var count: Int { bytes.readableBytes }
}

/// Cuts a stream of bytes into messages. Every length is checked before it is waited for.
public struct FrameDecoder: Sendable {
    private var buffer = ByteBuffer()
    private var maximum: Int

    /// `maximum`: most bytes after the type byte.
    public init(maximum: Int) { self.maximum = maximum }

    /// Bytes that are not part of a whole message yet.
    public var pendingBytes: Int { buffer.readableBytes }

    /// Takes longer messages from now on.
    public mutating func raise(maximum: Int) { self.maximum = maximum }

    public mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            var bytes = bytes
            buffer.writeBuffer(&bytes)
        }
    }

    /// Type of the next message, as soon as its first byte is here.
    public var nextType: UInt8? { buffer.getInteger(at: buffer.readerIndex) }

    /// The next whole message; nil when more bytes are needed.
    public mutating func next() throws(WireError) -> Frame? {
        guard buffer.readableBytes >= 5,
            let type = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self),
            let length = buffer.getInteger(at: buffer.readerIndex + 1, as: Int32.self)
        else { return nil }
        guard length >= 4, Int(length) <= maximum else {
            throw WireError("invalid message length \(length): use 4 to \(maximum) bytes")
        }
        guard let bytes = buffer.readSlice(length: Int(length) + 1) else { return nil }
        return Frame(type: type, bytes: bytes)
    }
}

extension ByteBuffer {
    /// A NUL-terminated string; throws when the NUL is missing or the text is not UTF-8.
    mutating func readCString() throws(WireError) -> String {
        guard let end = readableBytesView.firstIndex(of: 0) else { throw WireError("string without its end") }
        let length = end - readerIndex
        guard let slice = readSlice(length: length) else { throw WireError("string without its end") }
        moveReaderIndex(forwardBy: 1)
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw WireError("text is not valid UTF-8")
        }
        return text
    }

    /// Name of a statement or portal. PostgreSQL cuts names at 63 bytes (NAMEDATALEN) and converts them from the client's
    /// encoding; only names that it takes as they are can be told apart here as they are there.
    mutating func readObjectName() throws(WireError) -> String {
        let name = try readCString()
        guard name.utf8.count <= WireLimit.objectName, name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw WireError(
                "a statement's or portal's name has at most \(WireLimit.objectName) bytes, all of them ASCII")
        }
        return name
    }

    /// A NUL-terminated run of bytes, without the NUL.
    mutating func readCBytes() throws(WireError) -> ByteBuffer {
        guard let end = readableBytesView.firstIndex(of: 0), let slice = readSlice(length: end - readerIndex) else {
            throw WireError("string without its end")
        }
        moveReaderIndex(forwardBy: 1)
        return slice
    }

    /// The secret of a PasswordMessage.
    public mutating func readPassword() throws(WireError) -> String {
        let secret = try readCString()
        try finish()
        return secret
    }

    mutating func need<Value: FixedWidthInteger>(_ type: Value.Type) throws(WireError) -> Value {
        guard let value = readInteger(as: type) else { throw WireError("message is cut short") }
        return value
    }

    mutating func need(bytes count: Int) throws(WireError) -> ByteBuffer {
        guard count >= 0, let slice = readSlice(length: count) else { throw WireError("message is cut short") }
        return slice
    }

    func finish() throws(WireError) {
        guard readableBytes == 0 else { throw WireError("message has \(readableBytes) bytes left over") }
    }

    mutating func writeCString(_ text: String) {
        writeString(text)
        writeInteger(UInt8(0))
    }

    /// Writes a message: type, length (filled in), what `body` writes.
    mutating func writeMessage(_ type: UInt8, _ body: (inout ByteBuffer) -> Void) {
        writeInteger(type)
        let start = writerIndex
        writeInteger(Int32(0))
        body(&self)
        setInteger(Int32(writerIndex - start), at: start)
    }
}
