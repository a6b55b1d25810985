/// Bytes that break the PostgreSQL frontend/backend protocol. The message may be shown to the peer.
public struct WireError: Error, CustomStringConvertible, Sendable, Equatable {
    public let message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}

/// Named bounds of the protocol's lengths, bytes.
public enum WireLimit {
    /// PostgreSQL's `MAX_STARTUP_PACKET_LENGTH`.
    public static let startupPacket = 10_000
    /// Largest message taken from a client: a statement with its parameters, or a piece of COPY data.
    public static let frontendMessage = 16 << 20
    /// Largest message of a client that has not logged in (`PG_MAX_AUTH_TOKEN_LENGTH` is 65,535).
    public static let authenticationMessage = 65_535
    /// Largest message taken from a target.
    public static let backendMessage = 256 << 20
    /// Longest name of a statement or portal (NAMEDATALEN - 1).
    public static let objectName = 63
    /// Longest cancel key, protocol 3.2 (`MAX_CANCEL_KEY_LENGTH`).
    public static let cancelKey = 256
}
