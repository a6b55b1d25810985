/// Where one installation keeps its files. All paths are absolute.
public struct StateDirectory: Sendable, Equatable {
    /// Databases, keys and recordings: everything that has to survive a restart.
    public let root: String
    /// Sockets, lock and status: everything that must not.
    public let run: String

    /// Longest path of a Unix socket, in bytes (unix(7): `sun_path` has 108, one of them for the NUL).
    public static let maximumSocketPath = 107
    /// Bytes kept free after an inbox's path for the sockets that stand beside it.
    static let socketSuffixReserve = 9

    public init(root: String, run: String) {
        self.root = root
        self.run = run
    }

    public var bus: String { run + "/bus" }
    /// Where each process serves its metrics: `<stage>.<replica>`.
    public var metrics: String { run + "/metrics" }
    public var keys: String { root + "/keys" }
    public var identities: String { root + "/identities.sqlite" }
    public var approvals: String { root + "/approvals.sqlite" }
    public var recordings: String { root + "/recordings" }
    public var recordingKey: String { keys + "/recording.key" }
    public var maskingKey: String { keys + "/masking.key" }
    public var tls: String { root + "/tls" }
    public var statusFile: String { run + "/status.json" }
    public var notifySocket: String { run + "/notify" }
    public var lockFile: String { run + "/lock" }

    /// The key with which `stage` authenticates its decisions.
    public func key(stage: String) -> String { "\(keys)/\(stage).key" }

    /// The socket on which one replica of `stage` receives.
    public func inbox(stage: String, replica: Int) -> String { "\(inboxes(stage: stage))/\(replica)" }

    /// The socket on which one replica of `stage` serves its metrics.
    public func metricsSocket(stage: String, replica: Int) -> String { "\(metrics)/\(stage).\(replica)" }

    /// The folder of all inboxes of `stage`: the local registry of its replicas.
    public func inboxes(stage: String) -> String { "\(bus)/\(stage)" }
}
