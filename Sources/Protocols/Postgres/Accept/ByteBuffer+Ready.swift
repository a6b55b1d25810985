import NIOCore
import PostgresWire

extension ByteBuffer {
    /// Moves to the first ReadyForQuery; false when there is none.
    mutating func skipToReady() -> Bool {
        while let type = getInteger(at: readerIndex, as: UInt8.self),
            let length = getInteger(at: readerIndex + 1, as: Int32.self)
        {
            if type == BackendType.readyForQuery { return true }
            guard length >= 4, readableBytes > Int(length) else { return false }
            moveReaderIndex(forwardBy: Int(length) + 1)
        }
        return false
    }
}
