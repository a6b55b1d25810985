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
    public let recording: RecordingSettings
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
        var mistakes = Mistakes()
        let state = mistakes.attempt(try keys.required("state"))
        let run = keys.optional("run")
        let listeners = mistakes.attempt(try Listener.list(keys.required("listeners")))
        let resourceNodes = mistakes.attempt(try keys.required("resources"))
        var resources: [Resource]?
        if let resourceNodes { resources = mistakes.attempt(try Resource.list(resourceNodes, folder: folder)) }
        let policy = mistakes.attempt(try keys.required("policy").path())
        let limits = mistakes.attempt(try Limits(keys.optional("limits")))
        let recordingNode = keys.optional("recording")
        let recording = mistakes.attempt(try RecordingSettings(recordingNode, folder: folder))
        let stages = mistakes.attempt(try StageTable(keys.optional("stages")))
        metrics = mistakes.attempt(try keys.optional("metrics").map(MetricsListener.init))
        log = mistakes.attempt(try keys.optional("log")?.choice(of: LogStyle.self)) ?? .text
        let root = mistakes.attempt(try state?.path())
        let runPath = mistakes.attempt(try run?.path())
        mistakes.attempt(try keys.finish())
        if let listeners, let resources, let nodes = mistakes.attempt(try resourceNodes?.sequence()) {
            for (resource, node) in zip(resources, nodes)
            where !listeners.contains(where: { $0.protocolName == resource.protocolName }) {
                mistakes.add(
                    node.error(
                        "resource “\(resource.name)” has no way in: add a \(resource.protocolName) listener"))
            }
        }
        if let resources, let recordingNode {
            for name in recording?.retention?.exceptions.compactMap(\.resource) ?? []
            where !resources.contains(where: { $0.name == name }) {
                mistakes.add(
                    recordingNode.error("recording.retention has an exception for “\(name)”, which is no resource"))
            }
        }
        if let state, let root, let stages {
            mistakes.attempt(
                try Self.checkSocketPaths(
                    Self.state(root, run: runPath, in: folder), stages: stages, at: run ?? state))
        }
        try mistakes.finish()
        guard let root, let listeners, let resources, let policy, let stages, let limits, let recording else {
            preconditionFailure("what is missing was a mistake")
        }
        self.file = file
        self.listeners = listeners
        self.resources = resources
        self.stages = stages
        self.limits = limits
        self.recording = recording
        policyFile = Path.absolute(policy, in: folder)
        self.state = Self.state(root, run: runPath, in: folder)
    }

    private static func state(_ state: String, run: String?, in folder: String) -> StateDirectory {
        let root = Path.absolute(state, in: folder)
        let handedOver = ProcessInfo.processInfo.environment[StateDirectory.keysVariable] ?? ""
        return StateDirectory(
            root: root, run: run.map { Path.absolute($0, in: folder) } ?? root + "/run",
            keys: handedOver.isEmpty ? nil : handedOver)
    }

    /// The policy that `path` names, when that can be read at all: it has mistakes of its own, whatever else is wrong.
    public static func policyFile(namedIn path: String) -> String? {
        let file = Path.absolute(path, in: FileManager.default.currentDirectoryPath)
        do throws(ConfigurationError) {
            var keys = try StrictNode.load(path: file).mapping()
            return Path.absolute(try keys.required("policy").path(), in: Path.folder(of: file))
        } catch {
            return nil
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

    /// Environment variables that hold secrets which `process` has no business with: target credentials are Ingress's,
    /// those of the archive the archiver's and, for copies to delete there, the expirer's, those of sinks the forwarder's, that of
    /// the index of who keeps and who asks it.
    public func foreignSecretNames(of process: String) -> Set<String> {
        let index = recording.index?.secretNames ?? []
        let owners: [String: Set<String>] = [
            BuiltInStage.ingress.rawValue: Set(resources.compactMap(\.credentials.password.environmentName)),
            AuxiliaryProcess.archiver.rawValue: Set(recording.archive?.secretEnvironmentNames ?? []),
            AuxiliaryProcess.expirer.rawValue: index.union(recording.archive?.secretEnvironmentNames ?? []),
            AuxiliaryProcess.forwarder.rawValue: index.union(recording.forward?.secretNames ?? []),
            BuiltInStage.recorder.rawValue: index,
        ]
        return Set(owners.values.joined()).subtracting(owners[process] ?? [])
    }
}
