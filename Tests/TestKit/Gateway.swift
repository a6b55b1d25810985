import Foundation

/// A running Sluice: `sluice up` with a generated configuration in a directory of its own.
public struct Gateway: Sendable {
    public let port: Int
    public let directory: TemporaryDirectory
    public let supervisor: Child

    /// What `sluice.yaml` says beside the one resource.
    public struct Options: Sendable {
        public var policy: String
        /// YAML under `stages:`, without indentation; empty for none.
        public var stages = ""
        public var recording = "written"
        /// YAML under `limits:`, without indentation; empty for none.
        public var limits = ""
        /// Further lines of `sluice.yaml`; empty for none.
        public var extra = ""
        public init(policy: String) { self.policy = policy }
    }

    /// Starts Sluice before `server`, and waits for the line that begins with `ready`.
    public static func start(_ options: Options, before server: PostgresServer) async throws -> Gateway {
        let directory = try TemporaryDirectory()
        let port = try freePort()
        try configure(options, port: port, target: server.port, in: directory)
        return try await start(in: directory, port: port)
    }

    /// Starts Sluice again on what an earlier one left in `directory`.
    public static func start(in directory: TemporaryDirectory, port: Int) async throws -> Gateway {
        let supervisor = try launch(in: directory)
        let gateway = Gateway(port: port, directory: directory, supervisor: supervisor)
        try await eventually("sluice up prints ready", deadline: .seconds(60)) {
            if let status = supervisor.status {
                throw TestKitError("sluice up ended with \(status)\n\(supervisor.output)\n\(supervisor.errors)")
            }
            return (supervisor.output + "\n" + supervisor.errors).split(separator: "\n").contains {
                $0.hasPrefix("ready") || $0.contains("\"msg\":\"ready")
            }
        }
        return gateway
    }

    /// `sluice up` without waiting for anything.
    public static func launch(in directory: TemporaryDirectory) throws -> Child {
        try Child(
            Project.binaries + "/sluice", ["up", "--config", directory.file("sluice.yaml")],
            environment: ["TARGET_PASSWORD": PostgresServer.password], directory: directory, label: "sluice-up")
    }

    public static func configure(
        _ options: Options, port: Int, target: Int, in directory: TemporaryDirectory
    ) throws {
        var yaml = """
            state: ./state
            listeners:
              postgres: 127.0.0.1:\(port)
            resources:
              - name: \(PostgresServer.database)
                protocol: postgres
                target: 127.0.0.1:\(target)/\(PostgresServer.database)
                tls: disable
                credentials: {user: \(PostgresServer.application), password: {env: TARGET_PASSWORD}}
                recording: \(options.recording)
            policy: policy.yaml

            """
        if !options.stages.isEmpty {
            let lines = options.stages.split(separator: "\n").map { "  \($0)\n" }
            yaml += "stages:\n" + lines.joined()
        }
        if !options.limits.isEmpty { yaml += "limits:\n  \(options.limits)\n" }
        if !options.extra.isEmpty { yaml += options.extra + "\n" }
        try directory.write(yaml, to: "sluice.yaml")
        try directory.write(options.policy, to: "policy.yaml")
    }

    /// SIGTERM to the supervisor; its exit code once everything has ended.
    @discardableResult
    public func stop() async -> Int32 {
        await supervisor.stop(deadline: .seconds(30))
    }

    public func endpoint(_ token: Token) -> Endpoint {
        Endpoint(port: port, user: token.name, password: token.secret, database: PostgresServer.database)
    }

    public func clients(_ token: Token) -> Clients { Clients(endpoint(token), in: directory) }
}

/// A service account's credentials, as `sluice token create` printed them.
public struct Token: Sendable {
    public var name: String
    public var secret: String

    public init(name: String, secret: String) {
        self.name = name
        self.secret = secret
    }
}
