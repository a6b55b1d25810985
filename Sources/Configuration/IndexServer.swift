import StrictYAML

/// The PostgreSQL database that holds the list of sessions of several hosts: `recording.index`.
public struct IndexServer: Sendable, Equatable {
    public let target: Target
    public let tls: TargetTLS
    /// Absolute path of a PEM file with the authorities that `verify-full` trusts; nil: the system's.
    public let certificateAuthority: String?
    public let credentials: Credentials

    /// Environment variables with its password.
    public var secretNames: Set<String> { Set([credentials.password.environmentName].compactMap(\.self)) }

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let place = mistakes.attempt(try keys.required("target"))
        let target = mistakes.attempt(try place.map(Target.read))
        let tls = mistakes.attempt(try keys.optional("tls")?.choice(of: TargetTLS.self))
        let authority = keys.optional("ca")
        let credentials = mistakes.attempt(try Credentials(keys.required("credentials"), folder: folder))
        let authorityPath = mistakes.attempt(try authority?.path())
        mistakes.attempt(try keys.finish())
        // libpq takes a list of hosts.
        if let place, let target, target.host.contains(",") {
            mistakes.add(place.error("a folder of sockets has no comma in its name"))
        }
        // Who reads the password or changes what is listed on the way is not noticed: the operator has to mean it.
        let chosen = tls ?? (target?.isOnThisHost == true ? .prefer : .verifyFull)
        if let authority, mistakes.isEmpty, chosen != .verifyFull {
            mistakes.add(authority.error("ca is only used with tls: verify-full"))
        }
        try mistakes.finish()
        guard let target, let credentials else { preconditionFailure("what is missing was a mistake") }
        self.target = target
        self.tls = chosen
        certificateAuthority = authorityPath.map { Path.absolute($0, in: folder) }
        self.credentials = credentials
    }
}
