import StrictYAML

/// An HTTPS endpoint that takes events by POST, signed as Standard Webhooks says.
public struct WebhookSettings: Sendable, Equatable {
    public enum Format: String, Sendable, CaseIterable {
        /// A JSON array.
        case array
        /// A JSON object a line.
        case lines
    }

    public let url: String
    /// `whsec_` and the key in base64.
    public let secret: SecretSource
    /// Absolute path of a PEM file of authorities; nil: the system's.
    public let certificateAuthority: String?
    /// Most events in one request.
    public let batch: Int
    /// Of one request, in seconds.
    public let timeoutSeconds: Int
    public let format: Format

    static let defaultBatch = 100
    static let defaultTimeoutSeconds = 10

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let url = mistakes.attempt(try Self.url(keys.required("url")))
        let secret = mistakes.attempt(try Self.secret(keys.required("secret"), folder: folder))
        let authority = mistakes.attempt(try keys.optional("ca")?.path())
        batch = mistakes.attempt(try keys.optional("batch")?.int(in: 1...10_000)) ?? Self.defaultBatch
        timeoutSeconds =
            mistakes.attempt(try keys.optional("timeout")?.seconds(in: 1...300)) ?? Self.defaultTimeoutSeconds
        format = mistakes.attempt(try keys.optional("format")?.choice(of: Format.self)) ?? .array
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        guard let url, let secret else { preconditionFailure("what is missing was a mistake") }
        self.url = url
        self.secret = secret
        certificateAuthority = authority.map { Path.absolute($0, in: folder) }
    }

    private static func secret(_ node: StrictNode, folder: String) throws(ConfigurationError) -> SecretSource {
        guard node.isMapping else { throw node.error("give the secret as {env: NAME} or {file: PATH}") }
        return try SecretSource(node, folder: folder)
    }

    private static func url(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        guard PostAddress.isAcceptable(text) else {
            throw node.error("expected an https:// address, or an http:// one of this host")
        }
        return text
    }
}
