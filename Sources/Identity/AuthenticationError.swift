/// Why an authentication did not succeed. Only ``publicMessage`` may reach the peer: it is the same for a wrong
/// secret, an unknown name, and an expired or revoked account.
public struct AuthenticationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason, for logs and tests; new ones may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let name: String
        public var description: String { name }

        public static let malformedMessage = Code(name: "malformed_message")
        public static let channelBinding = Code(name: "channel_binding")
        public static let unsupported = Code(name: "unsupported")
        public static let unknownAccount = Code(name: "unknown_account")
        public static let emptySecret = Code(name: "empty_secret")
        public static let wrongSecret = Code(name: "wrong_secret")
        public static let expired = Code(name: "expired")
        public static let revoked = Code(name: "revoked")
        /// As a client: the server did not prove that it knows the password.
        public static let serverNotProven = Code(name: "server_not_proven")
        /// As a client: the server refused the password.
        public static let refusedByServer = Code(name: "refused_by_server")
        /// The store of accounts cannot be read; authentication fails closed.
        public static let storeUnavailable = Code(name: "store_unavailable")
    }

    public let code: Code
    /// For logs only. Carries no secret.
    public let detail: String

    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// What the peer may be told.
    public var publicMessage: String {
        switch code {
        case .malformedMessage: "malformed authentication message"
        case .channelBinding: "channel binding is not offered"
        case .unsupported: "the authentication method is not supported"
        case .storeUnavailable: "authentication is not available now"
        default: "authentication failed"
        }
    }

    public var description: String { "\(code): \(detail)" }
}
