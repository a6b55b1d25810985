import Foundation

/// Hosts on one machine: network namespaces with a cable between them. Needs root and iproute2 (`ip`).
///
/// Addresses exist inside the namespaces only; names are in a hosts file of each namespace (ip-netns(8)).
public final class NetworkHosts: Sendable {
    /// One host.
    public struct Host: Sendable {
        public let namespace: String
        let device: String

        /// Runs `program` on this host; its pid is the program's own.
        public func start(
            _ program: String, _ arguments: [String], environment: [String: String] = [:],
            input: Child.Input = .none, directory: TemporaryDirectory
        ) throws -> Child {
            try Child(
                NetworkHosts.ip, ["netns", "exec", namespace, program] + arguments, environment: environment,
                input: input, directory: directory, label: URL(filePath: program).lastPathComponent)
        }
    }

    static let ip = "/usr/sbin/ip"
    public let first: Host
    public let second: Host
    private let directory: TemporaryDirectory

    /// Two hosts with these addresses, as `address/prefix`.
    public init(_ firstAddress: String, _ secondAddress: String) async throws {
        directory = try TemporaryDirectory()
        let tag = "slt-\(getpid())"
        first = Host(namespace: tag + "-a", device: "cable")
        second = Host(namespace: tag + "-b", device: "cable")
        for host in [first, second] {
            try await run(["netns", "add", host.namespace])
            try await run(["-n", host.namespace, "link", "set", "lo", "up"])
            try FileManager.default.createDirectory(
                atPath: Self.hostsFolder(host), withIntermediateDirectories: true)
            try names([:], on: host)
        }
        try await run([
            "link", "add", first.device, "netns", first.namespace, "type", "veth", "peer", "name", second.device,
            "netns", second.namespace,
        ])
        try await add(firstAddress, to: first)
        try await add(secondAddress, to: second)
        try await connect()
    }

    public func add(_ address: String, to host: Host) async throws {
        try await run(["-n", host.namespace, "address", "add", address, "dev", host.device])
    }

    public func remove(_ address: String, from host: Host) async throws {
        try await run(["-n", host.namespace, "address", "delete", address, "dev", host.device])
    }

    /// Plugs the cable in.
    public func connect() async throws {
        for host in [first, second] { try await run(["-n", host.namespace, "link", "set", host.device, "up"]) }
    }

    /// Pulls the cable out: packets are lost, and nobody is told.
    public func disconnect() async throws {
        for host in [first, second] { try await run(["-n", host.namespace, "link", "set", host.device, "down"]) }
    }

    /// What names stand for on `host` from now on.
    public func names(_ addresses: [String: String], on host: Host) throws {
        let lines = ["127.0.0.1 localhost"] + addresses.map { "\($0.value) \($0.key)" }
        let path = Self.hostsFolder(host) + "/hosts"
        // Written in place: the namespace has this very file mounted over /etc/hosts.
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw TestKitError("cannot make \(path)")
            }
        }
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
        try file.close()
    }

    /// Takes everything away again, whatever there is of it.
    public func remove() async throws {
        for host in [first, second] {
            try await run(["netns", "delete", host.namespace])
            try FileManager.default.removeItem(atPath: Self.hostsFolder(host))
        }
    }

    private static func hostsFolder(_ host: Host) -> String { "/etc/netns/\(host.namespace)" }

    private func run(_ arguments: [String]) async throws {
        let finished = try await Child(Self.ip, arguments, directory: directory).finish()
        guard finished.status == 0 else { throw TestKitError(finished.transcript) }
    }
}
