import StrictYAML

/// The S3-compatible store that sealed segments are uploaded to: `recording.archive`.
public struct ArchiveSettings: Sendable, Equatable {
    /// How a bucket is named in a request.
    public enum Addressing: String, Sendable, CaseIterable {
        /// `https://endpoint/bucket/key`
        case path
        /// `https://bucket.endpoint/key`
        case virtual
    }

    /// `https://host` or `https://host:port`; `http` only on loopback.
    public let endpoint: String
    public let bucket: String
    /// Before every key: empty, or a path that ends with a slash.
    public let prefix: String
    public let region: String
    public let addressing: Addressing
    public let accessKey: SecretSource
    public let secretKey: SecretSource
    /// Absolute path of a PEM file with the authorities that vouch for the endpoint; nil: the system's.
    public let certificateAuthority: String?
    /// A file above this many bytes is uploaded in parts of this size.
    public let partBytes: Int
    public let lock: ArchiveLock?
    public let keepLocal: KeepLocal
    /// Most bytes of segments that were fetched back to be read.
    public let cacheBytes: Int

    static let defaultPartBytes = 16 << 20
    /// 5 MiB is the smallest part that S3 takes (Amazon S3 User Guide, "multipart upload limits").
    static let partRange = (5 << 20)...(1 << 30)
    static let defaultCacheBytes = 2 << 30
    static let cacheRange = (64 << 20)...(1 << 44)
    static let maxPrefixBytes = 512

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        endpoint = mistakes.attempt(try Self.endpoint(keys.required("endpoint"))) ?? ""
        bucket = mistakes.attempt(try Self.bucket(keys.required("bucket"))) ?? ""
        prefix = mistakes.attempt(try keys.optional("prefix").map(Self.prefix)) ?? ""
        region = mistakes.attempt(try keys.optional("region").map(Self.region)) ?? "us-east-1"
        addressing = mistakes.attempt(try keys.optional("addressing")?.choice(of: Addressing.self)) ?? .path
        let credentials = mistakes.attempt(try Self.credentials(keys.required("credentials"), folder: folder))
        accessKey = credentials?.access ?? .absent
        secretKey = credentials?.secret ?? .absent
        certificateAuthority = mistakes.attempt(try keys.optional("ca")?.path()).map { Path.absolute($0, in: folder) }
        partBytes =
            mistakes.attempt(try keys.optional("part_size")?.bytes(in: Self.partRange)) ?? Self.defaultPartBytes
        lock = mistakes.attempt(try keys.optional("lock").map(ArchiveLock.init))
        keepLocal = mistakes.attempt(try keys.optional("keep_local").map(KeepLocal.init)) ?? .everything
        cacheBytes = mistakes.attempt(try keys.optional("cache")?.bytes(in: Self.cacheRange)) ?? Self.defaultCacheBytes
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
    }

    /// Environment variables that hold the store's credentials.
    var secretEnvironmentNames: [String] { [accessKey, secretKey].compactMap(\.environmentName) }

    private static func credentials(
        _ node: StrictNode, folder: String
    ) throws(ConfigurationError) -> (access: SecretSource, secret: SecretSource) {
        var keys = try node.mapping()
        let access = try SecretSource(keys.required("access_key"), folder: folder)
        let secret = try SecretSource(keys.required("secret_key"), folder: folder)
        try keys.finish()
        return (access, secret)
    }

    private static func endpoint(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        let schemes = ["https", "http"]
        guard let scheme = schemes.first(where: { text.hasPrefix($0 + "://") }) else {
            throw node.error("expected https://host or https://host:port")
        }
        let rest = String(text.dropFirst(scheme.count + 3))
        let (host, _) = Endpoint.hostAndPort(rest) ?? (rest, 443)
        guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else {
            throw node.error("expected https://host or https://host:port, without a path: bucket and prefix have keys")
        }
        guard scheme == "https" || MetricsListener.loopback.contains(host) else {
            throw node.error("recordings go to another host by https:// only")
        }
        return text
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        isPlain(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Names of 3 to 63 bytes (Amazon S3 User Guide, "bucket naming rules").
    private static func bucket(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        let isLower = text.utf8.allSatisfy { isHostByte($0) && $0 != UInt8(ascii: ":") && !(0x41...0x5a).contains($0) }
        guard (3...63).contains(text.utf8.count), isLower, !text.contains(".."), text.first != ".", text.first != "-"
        else { throw node.error("expected a bucket's name: 3 to 63 lower-case letters, digits, hyphens and dots") }
        return text
    }

    /// Without characters that one store escapes and another does not.
    private static func prefix(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let names = parts.last == "" ? Array(parts.dropLast()) : parts
        let areFine = names.allSatisfy { name in
            !name.isEmpty && name != "." && name != ".."
                && name.utf8.allSatisfy { isPlain($0) || "-_.".utf8.contains($0) }
        }
        guard areFine, !names.isEmpty, text.utf8.count <= maxPrefixBytes else {
            throw node.error(
                "expected a path of letters, digits, hyphens, underscores and dots, such as prod/recordings")
        }
        return names.joined(separator: "/") + "/"
    }

    private static func region(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ isPlain($0) || $0 == UInt8(ascii: "-") })
        else { throw node.error("expected a region such as eu-central-1") }
        return text
    }
}

/// How the store keeps an uploaded segment from being deleted.
public struct ArchiveLock: Sendable, Equatable {
    public enum Mode: String, Sendable, CaseIterable {
        /// Some accounts may lift it.
        case governance
        /// Nobody can lift it.
        case compliance
    }

    public let mode: Mode
    public let days: Int

    /// S3's own limit is 100 years.
    static let dayRange = 1...36_500

    init(_ node: StrictNode) throws(ConfigurationError) {
        var keys = try node.mapping()
        mode = try keys.required("mode").choice(of: Mode.self)
        days = try keys.required("days").int(in: Self.dayRange)
        try keys.finish()
    }
}

/// Which uploaded segments stay here too.
public enum KeepLocal: Sendable, Equatable {
    case everything
    /// Until a segment is this many seconds old, or all of them have more than so many bytes: what comes first.
    case limited(seconds: Int?, bytes: Int?)

    static let byteRange = (1 << 20)...(1 << 50)

    init(_ node: StrictNode) throws(ConfigurationError) {
        guard !node.isScalar else {
            self = .limited(seconds: try node.seconds(in: 0...315_360_000), bytes: nil)
            return
        }
        var keys = try node.mapping()
        let seconds = try keys.optional("age")?.seconds(in: 0...315_360_000)
        let bytes = try keys.optional("size")?.bytes(in: Self.byteRange)
        try keys.finish()
        guard seconds != nil || bytes != nil else { throw node.error("say age, size or both") }
        self = .limited(seconds: seconds, bytes: bytes)
    }
}
