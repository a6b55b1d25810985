import Foundation

/// A real PostgreSQL 15 on a free loopback port, with its own data and a log of every statement.
public struct PostgresServer: Sendable {
    public let port: Int
    public let directory: TemporaryDirectory
    /// Most connections at once.
    let connections: Int
    private let isEncrypted: Bool
    private let process: SharedChild

    /// The superuser that tests connect with directly, past Sluice.
    public static let owner = "owner"
    /// The role that Sluice connects with. A superuser too: whatever is refused, Sluice refused it.
    public static let application = "app"
    public static let password = "target-Pa55word"
    public static let database = "orders"

    private static let programs = "/usr/lib/postgresql/15/bin/"
    private static let system = "postgres"

    /// Starts the server for `connections` at once and fills the sample database.
    ///
    /// - Parameter certificate: a certificate and its key in PEM; nil: it offers no TLS.
    public static func start(
        connections: Int = 700, certificate: (chain: String, key: String)? = nil
    ) async throws -> PostgresServer {
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        guard mkdir(data, 0o700) == 0 else { throw TestKitError("mkdir \(data): errno \(errno)") }
        if geteuid() == 0 {
            guard let user = getpwnam(system) else { throw TestKitError("no system user \(system)") }
            chown(data, user.pointee.pw_uid, user.pointee.pw_gid)
            chown(directory.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        try directory.write(password, to: "password")
        let created = try await program(
            "initdb",
            [
                "-D", data, "-U", owner, "--auth=scram-sha-256", "--pwfile=" + directory.file("password"),
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
            ], in: directory
        ).finish()
        guard created.status == 0 else { throw TestKitError(created.transcript) }

        if let certificate {
            try directory.write(certificate.chain, to: "data/server.crt")
            try directory.write(certificate.key, to: "data/server.key")
            chmod(directory.file("data/server.key"), 0o600)
            if let user = getpwnam(system) {
                chown(directory.file("data/server.key"), user.pointee.pw_uid, user.pointee.pw_gid)
            }
        }
        let isEncrypted = certificate != nil
        let port = try freePort()
        let process = SharedChild(
            try launch(in: directory, port: port, connections: connections, isEncrypted: isEncrypted))
        let server = PostgresServer(
            port: port, directory: directory, connections: connections, isEncrypted: isEncrypted, process: process)
        try await server.waitUntilReady()
        try await server.fill()
        return server
    }

    /// Ends the server by `signal`, SIGINT (fast) or SIGQUIT (immediate, as in a crash; PostgreSQL manual 18.5), and
    /// starts it again on the same data and port.
    public func restart(by signal: Int32) async throws {
        process.current.signal(signal)
        try await process.current.finish()
        process.current = try Self.launch(
            in: directory, port: port, connections: connections, isEncrypted: isEncrypted)
        try await waitUntilReady()
    }

    private static func launch(
        in directory: TemporaryDirectory, port: Int, connections: Int, isEncrypted: Bool
    ) throws -> Child {
        let data = directory.file("data")
        let settings = [
            "listen_addresses=127.0.0.1", "unix_socket_directories=\(directory.path)", "port=\(port)",
            "max_connections=\(connections)", "fsync=off", "log_statement=all", "log_destination=jsonlog",
            "logging_collector=on", "log_directory=\(data)/log", "log_filename=statements", "log_file_mode=0644",
            "log_rotation_age=0", "log_rotation_size=0", "ssl=\(isEncrypted ? "on" : "off")", "autovacuum=off",
            "max_prepared_transactions=4",
        ]
        return try program("postgres", ["-D", data] + settings.flatMap { ["-c", $0] }, in: directory)
    }

    public func endpoint(user: String = owner, database: String = Self.database) -> Endpoint {
        Endpoint(port: port, user: user, password: Self.password, database: database)
    }

    /// psql and the others, connected directly as the owner.
    public var direct: Clients { Clients(endpoint(), in: directory) }

    /// Ends the server at once (SIGINT: fast shutdown, PostgreSQL manual 19.5).
    public func stop() async {
        process.current.signal(SIGINT)
        await process.current.stop()
    }

    /// Waits until it takes connections.
    public func waitUntilReady() async throws {
        let probe = Clients(endpoint(database: "postgres"), in: directory)
        try await eventually("PostgreSQL accepts", deadline: .seconds(60)) {
            if let status = process.current.status {
                throw TestKitError("postgres ended with \(status)\n\(process.current.errors)")
            }
            return try await probe.run("psql", ["-X", "-c", "SELECT 1"]).status == 0
        }
    }

    private func fill() async throws {
        let server = Clients(endpoint(database: "postgres"), in: directory)
        let role = "CREATE ROLE \(Self.application) SUPERUSER LOGIN PASSWORD '\(Self.password)'"
        _ = try await server.query("\(role);\nCREATE DATABASE \(Self.database);")
        _ = try await direct.query(SampleDatabase.script)
    }

    private static func program(_ name: String, _ arguments: [String], in directory: TemporaryDirectory) throws -> Child
    {
        guard geteuid() == 0 else { return try Child(programs + name, arguments, directory: directory) }
        // setpriv becomes the program, where su and runuser stay as its parent: the pid is the server's own.
        let become = ["--reuid=\(system)", "--regid=\(system)", "--init-groups", programs + name]
        return try Child("setpriv", become + arguments, directory: directory, label: name)
    }
}
