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

    static func list(_ node: StrictNode, folder: String) throws(ConfigurationError) -> [Resource] {
        let nodes = try node.sequence()
        guard !nodes.isEmpty else { throw node.error("no resource: there is nothing to govern") }
        guard nodes.count <= maximumCount else { throw node.error("more than \(maximumCount) resources") }
        var names: Set<String> = []
        var result: [Resource] = []
        for element in nodes {
            let resource = try Resource(element, folder: folder)
            guard names.insert(resource.name).inserted else {
                throw element.error("resource “\(resource.name)” is there twice")
            }
            result.append(resource)
        }
        return result
    }

    private init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        let name = try keys.required("name")
        let protocolName = try keys.required("protocol")
        let target = try keys.required("target")
        let tls = keys.optional("tls")
        let authority = keys.optional("ca")
        let credentials = try keys.required("credentials")
        let recording = keys.optional("recording")
        var labels: [String: String] = [:]
        if var pairs = try keys.optional("labels")?.mapping() {
            for key in pairs.keys { labels[key] = try pairs.required(key).string() }
        }
        self.labels = labels
        try keys.finish()

        self.name = try name.string()
        guard Self.isName(self.name) else {
            throw name.error("a resource's name has 1 to 63 letters, digits, “_”, “-” and “.”")
        }
        self.protocolName = try protocolName.string()
        guard Configuration.protocols.contains(self.protocolName) else {
            throw protocolName.error(
                "unknown protocol “\(self.protocolName)”: use one of \(Configuration.protocols.joined(separator: ", "))"
            )
        }
        guard let parsed = Target.parse(try target.string()) else {
            throw target.error(
                "expected host:port/database, such as 127.0.0.1:5432/orders, \"[::1]:5432/orders\" "
                    + "or /var/run/postgresql:5432/orders")
        }
        self.target = parsed
        if let tls { self.tls = try tls.choice(of: TargetTLS.self) } else { self.tls = .prefer }
        if let authority {
            guard self.tls == .verifyFull else { throw authority.error("ca is only used with tls: verify-full") }
            certificateAuthority = Path.absolute(try authority.path(), in: folder)
        } else {
            certificateAuthority = nil
        }
        self.credentials = try Credentials(credentials, folder: folder)
        if let recording {
            self.recording = try recording.choice(of: RecordingMode.self)
        } else {
            self.recording = .written
        }
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
