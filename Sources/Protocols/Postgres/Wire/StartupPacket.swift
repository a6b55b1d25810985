import NIOCore

/// What a client may send before any regular message (protocol chapter "Message Flow: Start-up").
public enum StartupPacket: Sendable, Equatable {
    case sslRequest
    case gssEncryptionRequest
    /// Process id and key of the session to cancel.
    case cancel(processID: Int32, key: [UInt8])
    case startup(StartupMessage)

    /// Decodes one packet from the front of `buffer`, which keeps what follows; nil when more bytes are needed.
    public static func decode(_ buffer: inout ByteBuffer) throws(WireError) -> StartupPacket? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: Int32.self) else { return nil }
        guard length >= 8, Int(length) <= WireLimit.startupPacket else {
            throw WireError("invalid length of startup packet")
        }
        guard var packet = buffer.readSlice(length: Int(length)) else { return nil }
        packet.moveReaderIndex(forwardBy: 4)
        let code = try packet.need(UInt32.self)
        switch code {
        case 80_877_103:
            try packet.finish()
            return .sslRequest
        case 80_877_104:
            try packet.finish()
            return .gssEncryptionRequest
        case 80_877_102:
            let processID = try packet.need(Int32.self)
            guard (1...WireLimit.cancelKey).contains(packet.readableBytes) else {
                throw WireError("invalid length of cancel key")
            }
            return .cancel(processID: processID, key: [UInt8](packet.readableBytesView))
        default:
            return .startup(try StartupMessage(code: code, body: &packet))
        }
    }
}

/// A StartupMessage: protocol version and parameters.
public struct StartupMessage: Sendable, Equatable {
    public let majorVersion: Int
    public let minorVersion: Int
    /// In the client's order; names are unique.
    public let parameters: [(name: String, value: String)]

    init(code: UInt32, body: inout ByteBuffer) throws(WireError) {
        majorVersion = Int(code >> 16)
        minorVersion = Int(code & 0xffff)
        guard majorVersion == 3 else {
            throw WireError("unsupported frontend protocol \(majorVersion).\(minorVersion): Sluice speaks 3.0 and 3.2")
        }
        var parameters: [(name: String, value: String)] = []
        while true {
            let name = try body.readCString()
            if name.isEmpty { break }
            guard !parameters.contains(where: { $0.name == name }) else {
                throw WireError("startup parameter “\(name)” is given twice")
            }
            parameters.append((name, try body.readCString()))
        }
        try body.finish()
        self.parameters = parameters
    }

    public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    public static func == (a: StartupMessage, b: StartupMessage) -> Bool {
        a.majorVersion == b.majorVersion && a.minorVersion == b.minorVersion
            && a.parameters.elementsEqual(b.parameters) { $0 == $1 }
    }
}
