import StrictYAML

/// A syslog server: RFC 5424 over TLS (RFC 5425), TCP (RFC 6587, octet counting) or UDP (RFC 5426).
public struct SyslogSettings: Sendable, Equatable {
    public enum Transport: String, Sendable, CaseIterable {
        case tls, tcp, udp
    }

    /// Codes of RFC 5424, table 1.
    public enum Facility: String, Sendable, CaseIterable {
        case user, daemon, auth, authpriv, audit, local0, local1, local2, local3, local4, local5, local6, local7

        public var code: Int {
            switch self {
            case .user: 1
            case .daemon: 3
            case .auth: 4
            case .authpriv: 10
            case .audit: 13
            case .local0: 16
            case .local1: 17
            case .local2: 18
            case .local3: 19
            case .local4: 20
            case .local5: 21
            case .local6: 22
            case .local7: 23
            }
        }
    }

    public let transport: Transport
    public let host: String
    public let port: Int
    /// Absolute path of a PEM file of authorities; nil: the system's.
    public let certificateAuthority: String?
    /// Absolute path of a PEM file with our certificate, its chain and its key.
    public let certificate: String?
    public let facility: Facility
    public let appName: String
    /// The private enterprise number after `sluice@` in the structured data (RFC 5424, section 6.3.2).
    public let enterprise: Int
    /// Longest message, bytes: a longer event is summarised.
    public let maximumBytes: Int

    /// Set aside for documentation (RFC 5612).
    static let defaultEnterprise = 32473
    /// What receivers should take by RFC 5425, section 4.3.1, and RFC 5424, section 6.1.
    static let defaultBytes = 8 << 10
    static let defaultDatagramBytes = 2 << 10

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let place = mistakes.attempt(try Self.place(keys.required("address")))
        let authority = keys.optional("ca")
        let certificate = keys.optional("certificate")
        let authorityPath = mistakes.attempt(try authority?.path())
        let certificatePath = mistakes.attempt(try certificate?.path())
        facility = mistakes.attempt(try keys.optional("facility")?.choice(of: Facility.self)) ?? .authpriv
        appName = mistakes.attempt(try keys.optional("app_name").map(Self.appName)) ?? "sluice"
        enterprise =
            mistakes.attempt(try keys.optional("enterprise")?.int(in: 1...Int(UInt32.max))) ?? Self.defaultEnterprise
        let bytes = mistakes.attempt(try keys.optional("max_message")?.bytes(in: (2 << 10)...(1 << 20)))
        mistakes.attempt(try keys.finish())
        if let place, place.transport != .tls {
            for node in [authority, certificate].compactMap({ $0 }) {
                mistakes.add(node.error("only a tls:// address has certificates"))
            }
        }
        try mistakes.finish()
        guard let place else { preconditionFailure("what is missing was a mistake") }
        transport = place.transport
        host = place.host
        port = place.port
        certificateAuthority = authorityPath.map { Path.absolute($0, in: folder) }
        self.certificate = certificatePath.map { Path.absolute($0, in: folder) }
        maximumBytes = bytes ?? (place.transport == .udp ? Self.defaultDatagramBytes : Self.defaultBytes)
    }

    private static func place(
        _ node: StrictNode
    ) throws(ConfigurationError) -> (transport: Transport, host: String, port: Int) {
        let text = try node.string()
        for transport in Transport.allCases where text.hasPrefix(transport.rawValue + "://") {
            let rest = text.dropFirst(transport.rawValue.count + 3)
            guard let (host, port) = Endpoint.hostAndPort(String(rest)) else { break }
            return (transport, host, port)
        }
        throw node.error("expected tls://host:port, tcp://host:port or udp://host:port, such as tls://siem:6514")
    }

    /// APP-NAME: 1 to 48 visible ASCII characters (RFC 5424, section 6).
    private static func appName(_ node: StrictNode) throws(ConfigurationError) -> String {
        let name = try node.string()
        guard (1...48).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw node.error("expected 1 to 48 visible ASCII characters")
        }
        return name
    }
}
