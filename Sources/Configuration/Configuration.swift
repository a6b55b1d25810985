import Foundation
import StrictYAML

/// `sluice.yaml`, read strictly: every key is known, every value is checked, and every mistake has a place.
///
/// Relative paths in the file are relative to the file's own folder, so it means the same from anywhere.
public struct Configuration: Sendable {
    /// Absolute path of the configuration file.
    public let file: String
    public let state: StateDirectory
    /// In file order, at most one per protocol.
    public let listeners: [Listener]
    /// In file order, names are unique.
    public let resources: [Resource]
    /// Absolute path of the policy file. Its contents are the policy's business.
    public let policyFile: String
    public let stages: StageTable
    public let limits: Limits
    /// Nil: only Unix sockets.
    public let metrics: MetricsListener?
    public let log: LogStyle

    /// Protocols that a listener or a resource may name.
    public static let protocols = ["postgres"]

    /// Folder of the configuration file; custom stages start in it.
    public var folder: String { Path.folder(of: file) }

    /// Reads and checks `path` (relative: to the working directory).
    public static func load(path: String) throws(ConfigurationError) -> Configuration {
        let file = Path.absolute(path, in: FileManager.default.currentDirectoryPath)
        return try Configuration(StrictNode.load(path: file), file: file)
    }

    /// Reads `text` as if it stood in `file`, an absolute path.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> Configuration {
        try Configuration(StrictNode.parse(text, file: file), file: file)
    }

    private init(_ root: StrictNode, file: String) throws(ConfigurationError) {
        let folder = Path.folder(of: file)
        var keys = try root.mapping()
        let state = try keys.required("state")
        let run = keys.optional("run")
        let listeners = try keys.required("listeners")
        let resources = try keys.required("resources")
        let policy = try keys.required("policy")
        let stages = keys.optional("stages")
        let limits = keys.optional("limits")
        let metrics = keys.optional("metrics")
        let log = keys.optional("log")
        try keys.finish()

        self.file = file
        self.listeners = try Listener.list(listeners)
        self.resources = try Resource.list(resources, folder: folder)
        policyFile = Path.absolute(try policy.path(), in: folder)
        self.stages = try StageTable(stages)
        self.limits = try Limits(limits)
        if let metrics { self.metrics = try MetricsListener(metrics) } else { self.metrics = nil }
        if let log { self.log = try log.choice(of: LogStyle.self) } else { self.log = .text }

        let root = Path.absolute(try state.path(), in: folder)
        let runPath: String
        if let run { runPath = Path.absolute(try run.path(), in: folder) } else { runPath = root + "/run" }
        let handedOver = ProcessInfo.processInfo.environment[StateDirectory.keysVariable] ?? ""
        self.state = StateDirectory(root: root, run: runPath, keys: handedOver.isEmpty ? nil : handedOver)
        try Self.checkSocketPaths(self.state, stages: self.stages, at: run ?? state)

        for (resource, node) in zip(self.resources, try resources.sequence())
        where !self.listeners.contains(where: { $0.protocolName == resource.protocolName }) {
            throw node.error("resource “\(resource.name)” has no way in: add a \(resource.protocolName) listener")
        }
    }

    private static func checkSocketPaths(
        _ state: StateDirectory, stages: StageTable, at node: StrictNode
    ) throws(ConfigurationError) {
        var paths = [state.notifySocket]
        for entry in stages.startOrder {
            paths.append(state.inbox(stage: entry.name, replica: StageTable.maximumReplicaNumber))
        }
        let longest = paths.max { $0.utf8.count < $1.utf8.count } ?? state.notifySocket
        let allowed = StateDirectory.maximumSocketPath - StateDirectory.socketSuffixReserve
        guard longest.utf8.count <= allowed else {
            throw node.error(
                "socket path “\(longest)” has \(longest.utf8.count) bytes and the system allows \(allowed): "
                    + "set run: to a shorter directory, such as /run/sluice")
        }
    }

    /// Environment variables that hold target credentials. Only Ingress may see them.
    public var secretEnvironmentNames: [String] {
        resources.compactMap { resource in
            switch resource.credentials.password {
            case .environment(let name): name
            case .file, .plain, .absent: nil
            }
        }
    }
}

/// Bounds an operator may set.
public struct Limits: Sendable, Equatable {
    /// Client connections at once over all listeners.
    public let maxConnections: Int
    /// How long the connections of a replaced ingress may go on, in seconds.
    public let drainSeconds: Int
    /// Bytes of replies that ingress keeps over all sessions, waiting for maskers and clients.
    public let replyMemory: Int
    /// Bytes of records that ingress keeps over all sessions until a recorder acknowledges them.
    public let recordMemory: Int

    static let defaultMaxConnections = 1000
    static let defaultReplyMemory = 512
    static let defaultRecordMemory = 256
    static let memoryRange = 16...1_048_576
    private static let mebibyte = 1 << 20
    static let defaultDrainSeconds = 300
    static let drainRange = 1...86_400

    /// `replyMemory` and `recordMemory` in MiB.
    public init(
        maxConnections: Int? = nil, drainSeconds: Int? = nil, replyMemory: Int? = nil, recordMemory: Int? = nil
    ) {
        self.maxConnections = maxConnections ?? Self.defaultMaxConnections
        self.drainSeconds = drainSeconds ?? Self.defaultDrainSeconds
        self.replyMemory = (replyMemory ?? Self.defaultReplyMemory) * Self.mebibyte
        self.recordMemory = (recordMemory ?? Self.defaultRecordMemory) * Self.mebibyte
    }

    init(_ node: StrictNode?) throws(ConfigurationError) {
        guard let node else {
            self.init()
            return
        }
        var keys = try node.mapping()
        let connections = keys.optional("max_connections")
        let drain = keys.optional("drain")
        let replies = keys.optional("reply_memory")
        let records = keys.optional("record_memory")
        try keys.finish()
        self.init(
            maxConnections: try connections.map { (node) throws(ConfigurationError) in try node.int(in: 1...100_000) },
            drainSeconds: try drain.map { (node) throws(ConfigurationError) in try node.seconds(in: Self.drainRange) },
            replyMemory: try replies.map { (node) throws(ConfigurationError) in try Self.mebibytes(node) },
            recordMemory: try records.map { (node) throws(ConfigurationError) in try Self.mebibytes(node) })
    }

    private static func mebibytes(_ node: StrictNode) throws(ConfigurationError) -> Int {
        let unit = "MiB"
        let text = try node.string()
        guard text.hasSuffix(unit), let count = Int(text.dropLast(unit.count)), memoryRange.contains(count) else {
            throw node.error(
                "expected \(memoryRange.lowerBound)\(unit) to \(memoryRange.upperBound)\(unit), such as 512\(unit)"
            )
        }
        return count
    }
}
