/// Why events could not be forwarded. Names no secret and no data.
public struct ForwardError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is; may grow.
    public struct Code: Sendable, Hashable {
        let name: String
        /// The file with a sink's places cannot be used.
        public static let cursor = Code(name: "cursor")
        /// What the configuration names cannot be used: a secret, a certificate.
        public static let settings = Code(name: "settings")
        /// The receiver cannot be reached, or the connection broke.
        public static let connection = Code(name: "connection")
        /// The receiver did not take what it got.
        public static let refused = Code(name: "refused")
    }

    public let code: Code
    public let description: String
    /// How long the receiver wants to be left alone, seconds.
    public let retryAfter: Int?

    public init(_ code: Code, _ description: String, retryAfter: Int? = nil) {
        self.code = code
        self.description = description
        self.retryAfter = retryAfter
    }
}
