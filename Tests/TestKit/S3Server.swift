import Foundation

/// A real S3 server on a free loopback port: Ceph's object gateway over one monitor and one daemon that keeps objects in
/// memory, so that the gateway may be killed and come back with what it had.
public struct S3Server: Sendable {
    public let port: Int
    /// Of the same gateway, by TLS.
    public let tlsPort: Int
    public let directory: TemporaryDirectory
    private let gateway: SharedChild
    private let daemons: [Child]

    public static let accessKey = "AKIASLUICETEST"
    public static let secretKey = "archive-Pa55word/with+signs"

    public var endpoint: String { "http://127.0.0.1:\(port)" }
    public var tlsEndpoint: String { "https://127.0.0.1:\(tlsPort)" }
    /// The authority that vouches for ``tlsEndpoint``.
    public var authority: String { directory.file("tls.pem") }

    public static func start() async throws -> S3Server {
        let directory = try TemporaryDirectory()
        let ports = try (monitor: freePort(), plain: freePort(), tls: freePort())
        for folder in ["mon", "osd", "rgw"] {
            guard mkdir(directory.file(folder), 0o700) == 0 else { throw TestKitError("mkdir: errno \(errno)") }
        }
        let cluster = UUID().uuidString.lowercased()
        let daemon = UUID().uuidString.lowercased()
        try directory.write(
            configuration(cluster, directory.path, monitor: ports.monitor, plain: ports.plain, tls: ports.tls),
            to: "ceph.conf")
        @Sendable func run(_ program: String, _ arguments: [String]) async throws {
            let done = try await Child(program, arguments, directory: directory).finish(deadline: .seconds(120))
            guard done.status == 0 else { throw TestKitError("\(program) \(arguments)\n\(done.transcript)") }
        }
        func launch(_ program: String, _ arguments: [String]) throws -> Child {
            try Child(program, ["-c", directory.file("ceph.conf"), "-f"] + arguments, directory: directory)
        }
        let ceph = ["-c", directory.file("ceph.conf")]
        try await run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=s3", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.pem",
            ])
        for (index, name) in ["mon.", "client.admin", "osd.0", "client.rgw"].enumerated() {
            let create = index == 0 ? ["--create-keyring"] : []
            try await run(
                "ceph-authtool",
                create + ["keyring", "--gen-key", "-n", name, "--cap", "mon", "allow *", "--cap", "osd", "allow *"])
        }
        try await run(
            "monmaptool", ["--create", "--addv", "a", "[v2:127.0.0.1:\(ports.monitor)]", "--fsid", cluster, "monmap"])
        try await run("ceph-mon", ceph + ["--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring"])
        var daemons = [try launch("ceph-mon", ["-i", "a"])]
        try await run("ceph", ceph + ["osd", "new", daemon])
        try await run("ceph-osd", ceph + ["-i", "0", "--mkfs", "--no-mon-config", "--osd-uuid", daemon])
        daemons.append(try launch("ceph-osd", ["-i", "0"]))
        try await run(
            "radosgw-admin",
            ceph + [
                "user", "create", "--uid=sluice", "--display-name=sluice", "--access-key=\(accessKey)",
                "--secret-key=\(secretKey)",
            ])
        let server = S3Server(
            port: ports.plain, tlsPort: ports.tls, directory: directory, gateway: try launchGateway(directory),
            daemons: daemons)
        try await server.waitUntilReady()
        return server
    }

    private init(port: Int, tlsPort: Int, directory: TemporaryDirectory, gateway: Child, daemons: [Child]) {
        self.port = port
        self.tlsPort = tlsPort
        self.directory = directory
        self.gateway = SharedChild(gateway)
        self.daemons = daemons
    }

    /// Ends the gateway as a crash would; what it has stays.
    public func kill() async throws {
        gateway.current.signal(SIGKILL)
        try await gateway.current.finish()
    }

    /// Starts the gateway again after ``kill()``.
    public func restart() async throws {
        gateway.current = try Self.launchGateway(directory)
        try await waitUntilReady()
    }

    public func stop() async {
        for child in [gateway.current] + daemons.reversed() {
            child.signal(SIGKILL)
            _ = try? await child.finish()
        }
    }

    /// Makes a bucket; with object lock it keeps versions too.
    public func makeBucket(_ name: String, withLock: Bool = false) async throws {
        let lock = withLock ? ["x-amz-bucket-object-lock-enabled: true"] : []
        let status = try await request("PUT", name, headers: lock).status
        guard status == 200 else { throw TestKitError("bucket \(name): HTTP status \(status)") }
    }

    /// One request by another client than Sluice's own: curl.
    ///
    /// - Parameter path: `bucket/key?query`, the query in canonical form.
    public func request(
        _ method: String, _ path: String, headers: [String] = [], body: Data = Data()
    ) async throws -> (status: Int, body: Data) {
        let stem = "request-\(UUID().uuidString)"
        try body.write(to: URL(filePath: directory.file(stem + ".in")))
        let digest = try await Child("sha256sum", [stem + ".in"], directory: directory).finish().output.prefix(64)
        let arguments =
            ["-sS", "-X", method, "--aws-sigv4", "aws:amz:us-east-1:s3", "-u", "\(Self.accessKey):\(Self.secretKey)"]
            + (["x-amz-content-sha256: \(digest)"] + headers).flatMap { ["-H", $0] }
            + (body.isEmpty ? [] : ["--data-binary", "@\(stem).in"])
            + ["-o", stem + ".out", "-w", "%{http_code}", "\(endpoint)/\(path)"]
        let done = try await Child("curl", arguments, directory: directory).finish()
        guard done.status == 0, let status = Int(done.output) else { throw TestKitError(done.transcript) }
        let answer = FileManager.default.contents(atPath: directory.file(stem + ".out")) ?? Data()
        return (status, answer)
    }

    private func waitUntilReady() async throws {
        try await eventually("the S3 server answers", deadline: .seconds(120)) {
            if let status = gateway.current.status {
                throw TestKitError("radosgw ended with \(status)\n\(gateway.current.errors)")
            }
            return try await Child("curl", ["-sS", "-o", "/dev/null", endpoint], directory: directory).finish().status
                == 0
        }
    }

    private static func launchGateway(_ directory: TemporaryDirectory) throws -> Child {
        try Child(
            "radosgw",
            ["-c", directory.file("ceph.conf"), "-n", "client.rgw", "--keyring", directory.file("keyring"), "-f"],
            directory: directory)
    }

    /// One copy of each object, in memory; Paxos without its pauses, since each of a dozen pools waits for several.
    private static func configuration(_ cluster: String, _ folder: String, monitor: Int, plain: Int, tls: Int) -> String
    {
        """
        [global]
        fsid = \(cluster)
        run dir = \(folder)
        admin socket = \(folder)/$name.asok
        pid file = \(folder)/$name.pid
        log file = \(folder)/$name.log
        mon cluster log file = \(folder)/cluster.log
        mon data = \(folder)/mon
        osd data = \(folder)/osd
        keyring = \(folder)/keyring
        mon host = [v2:127.0.0.1:\(monitor)]
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        paxos propose interval = 0.02
        paxos min wait = 0.01
        mon data avail warn = 1
        mon data avail crit = 0
        osd objectstore = memstore
        memstore device bytes = 2147483648
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 1
        osd pool default pgp num = 1
        osd crush chooseleaf type = 0
        osd class load list = *
        osd class default list = *
        mon allow pool size one = true

        [client]
        rgw frontends = beast endpoint=127.0.0.1:\(plain) ssl_endpoint=127.0.0.1:\(tls) ssl_certificate=\(folder)/tls.pem ssl_private_key=\(folder)/tls.key
        rgw data = \(folder)/rgw
        rgw run sync thread = false
        rgw cache enabled = false
        rgw enable gc threads = false
        rgw enable lc threads = false
        rgw enable quota threads = false
        rgw thread pool size = 16

        """
    }
}
