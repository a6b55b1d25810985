import StrictYAML

/// One thing that Sluice governs access to.
public struct Resource: Sendable, Equatable {
    /// What clients and policies call it; for PostgreSQL, the database name that a client connects to.
    public let name: String
    public let protocolName: String
    public let target: Target
    public let tls: TargetTLS
    /// Absolute path of a PEM file with the authorities that `verify-full` trusts; nil: the system's.
    public let certificateAuthority: String?
    public let credentials: Credentials
    public let recording: RecordingMode
    /// What rules may ask for beside the name.
    public let labels: [String: String]

    /// Most resources in one file.
    static let maximumCount = 1000

    /// The resource as a client of this gateway reaches it, with the secret of an account of its own.
    public init(_ resource: Resource, behind listener: Listener, user: String, secret: String) {
        name = resource.name
        protocolName = resource.protocolName
        target = Target(host: listener.clientHost, port: listener.port, database: resource.name)
        tls = .prefer
        certificateAuthority = nil
        credentials = Credentials(user: user, password: secret)
        recording = resource.recording
        labels = resource.labels
    }

    static func list(_ node: StrictNode, folder: String) throws(ConfigurationError) -> [Resource] {
        let nodes = try node.sequence()
        guard !nodes.isEmpty else { throw node.error("no resource: there is nothing to govern") }
        guard nodes.count <= maximumCount else { throw node.error("more than \(maximumCount) resources") }
        var mistakes = Mistakes()
        var names: Set<String> = []
        var result: [Resource] = []
        for element in nodes {
            guard let resource = mistakes.attempt(try Resource(element, folder: folder)) else { continue }
            if names.insert(resource.name).inserted {
                result.append(resource)
            } else {
                mistakes.add(element.error("resource “\(resource.name)” is there twice"))
            }
        }
        try mistakes.finish()
        return result
    }

    private init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let name = mistakes.attempt(try Self.name(keys.required("name")))
        let protocolName = mistakes.attempt(try Self.protocolName(keys.required("protocol")))
        let target = mistakes.attempt(try Target.read(keys.required("target")))
        let tls = mistakes.attempt(try keys.optional("tls")?.choice(of: TargetTLS.self))
        let authority = keys.optional("ca")
        let credentials = mistakes.attempt(try Credentials(keys.required("credentials"), folder: folder))
        recording = mistakes.attempt(try keys.optional("recording")?.choice(of: RecordingMode.self)) ?? .written
        labels = mistakes.attempt(try keys.optional("labels").map(Self.labels)) ?? [:]
        let authorityPath = mistakes.attempt(try authority?.path())
        mistakes.attempt(try keys.finish())
        if let authority, mistakes.isEmpty, tls != .verifyFull {
            mistakes.add(authority.error("ca is only used with tls: verify-full"))
        }
        try mistakes.finish()
        guard let name, let protocolName, let target, let credentials else {
            preconditionFailure("what is missing was a mistake")
        }
        self.name = name
        self.protocolName = protocolName
        self.target = target
        self.tls = tls ?? .prefer
        certificateAuthority = authorityPath.map { Path.absolute($0, in: folder) }
        self.credentials = credentials
    }

    private static func name(_ node: StrictNode) throws(ConfigurationError) -> String {
        let name = try node.string()
        guard isName(name) else {
            throw node.error("a resource's name has 1 to 63 letters, digits, “_”, “-” and “.”")
        }
        return name
    }

    private static func protocolName(_ node: StrictNode) throws(ConfigurationError) -> String {
        let name = try node.string()
        guard Configuration.protocols.contains(name) else {
            throw node.error(
                "unknown protocol “\(name)”: use one of \(Configuration.protocols.joined(separator: ", "))")
        }
        return name
    }

    private static func labels(_ node: StrictNode) throws(ConfigurationError) -> [String: String] {
        var pairs = try node.mapping()
        var mistakes = Mistakes()
        var labels: [String: String] = [:]
        for key in pairs.keys { labels[key] = mistakes.attempt(try pairs.required(key).string()) }
        try mistakes.finish()
        return labels
    }

    private static func isName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || byte == 0x2d || byte == 0x2e || byte == 0x5f
            }
    }
}

/// TLS towards the target, in libpq's words.
public enum TargetTLS: String, Sendable, CaseIterable {
    case disable
    /// TLS when the target offers it, unverified.
    case prefer
    /// TLS or nothing, unverified.
    case require
    /// TLS with the certificate's chain and name verified.
    case verifyFull = "verify-full"
}

/// How safe a record is before its command runs.
public enum RecordingMode: String, Sendable, CaseIterable {
    /// In the kernel: survives the death of every process of Sluice.
    case written
    /// On the disk: survives a power cut.
    case synced
}
