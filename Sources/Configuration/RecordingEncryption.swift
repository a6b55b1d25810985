import StrictYAML

/// Who can read what is recorded: `recording.encryption`. The recorder itself cannot.
public struct RecordingEncryption: Sendable, Equatable {
    /// Absolute paths of PEM files with X25519 or RSA public keys, at least one.
    public let recipients: [String]

    static let maximumRecipients = 64

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let list = mistakes.attempt(try keys.required("recipients"))
        let paths = mistakes.attempt(try list?.sequence().map { node throws(ConfigurationError) in try node.path() })
        mistakes.attempt(try keys.finish())
        if let list, let paths, !(1...Self.maximumRecipients).contains(paths.count) {
            mistakes.add(list.error("1 to \(Self.maximumRecipients) files with public keys"))
        }
        try mistakes.finish()
        recipients = (paths ?? []).map { Path.absolute($0, in: folder) }
    }
}
