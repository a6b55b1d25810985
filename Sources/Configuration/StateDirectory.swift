import Foundation

/// Where one installation keeps its files. All paths are absolute.
public struct StateDirectory: Sendable, Equatable {
    /// Databases, keys and recordings: everything that has to survive a restart.
    public let root: String
    /// Sockets, lock and status: everything that must not.
    public let run: String
    /// Keys of stages, recording and masking.
    public let keys: String

    /// The environment variable that names another folder of keys than `<state>/keys`: what a service manager hands
    /// to one stage (systemd credentials, a mounted secret) has only that stage's keys in it.
    public static let keysVariable = "SLUICE_KEYS"
    /// Longest path of a Unix socket, in bytes (unix(7): `sun_path` has 108, one of them for the NUL).
    public static let maximumSocketPath = 107
    /// Bytes kept free after an inbox's path for the sockets that stand beside it.
    static let socketSuffixReserve = 9

    /// `keys`: nil stands for the folder `keys` of `root`.
    public init(root: String, run: String, keys: String? = nil) {
        self.root = root
        self.run = run
        self.keys = keys ?? root + "/keys"
    }

    /// One that no configuration names: everything in `folder`, relative to the working directory, `run` included.
    public static func elsewhere(_ folder: String) -> StateDirectory {
        let root = Path.absolute(folder, in: FileManager.default.currentDirectoryPath)
        return StateDirectory(root: root, run: root + "/run")
    }

    public var bus: String { run + "/bus" }
    /// Where each process serves its metrics: `<stage>.<replica>`.
    public var metrics: String { run + "/metrics" }
    /// The keys of links between hosts.
    public var linkKeys: String { keys + "/bus" }
    public var identities: String { root + "/identities.sqlite" }
    public var approvals: String { root + "/approvals.sqlite" }
    public var recordings: String { root + "/recordings" }
    /// Up to where each sink has got events.
    public var forwarder: String { root + "/forwarder" }
    public var recordingKey: String { keys + "/recording.key" }
    public var maskingKey: String { keys + "/masking.key" }
    public var tls: String { root + "/tls" }
    public var statusFile: String { run + "/status.json" }
    public var notifySocket: String { run + "/notify" }
    public var lockFile: String { run + "/lock" }
    /// The socket on which the supervisor takes commands.
    public var controlSocket: String { run + "/control" }

    /// The folder in which custom stage `stage` may keep files.
    public func folder(stage: String) -> String { "\(stageFolders)/\(stage)" }
    public var stageFolders: String { root + "/stages" }

    /// The key with which `stage` authenticates its decisions.
    public func key(stage: String) -> String { "\(keys)/\(stage).key" }

    /// The socket on which one replica of `stage` receives.
    public func inbox(stage: String, replica: Int) -> String { "\(inboxes(stage: stage))/\(replica)" }

    /// The socket on which one replica of `stage` serves its metrics.
    public func metricsSocket(stage: String, replica: Int) -> String { "\(metrics)/\(stage).\(replica)" }

    /// The folder of all inboxes of `stage`: the local registry of its replicas.
    public func inboxes(stage: String) -> String { "\(bus)/\(stage)" }
}
