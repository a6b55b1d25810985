import Foundation
import Glibc

/// What a supervisor tells a stage process, by environment variables:
///
/// | variable | meaning |
/// |---|---|
/// | `SLUICE_STAGE` | the stage's name |
/// | `SLUICE_REPLICA` | this replica's name |
/// | `SLUICE_BUS` | the bus directory; this process binds `<bus>/<stage>/<replica>` |
/// | `SLUICE_KEY_FILE` | file with this stage's decision key, 32 bytes |
/// | `NOTIFY_SOCKET` | optional: where to tell readiness (the sd_notify protocol) |
/// | `SLUICE_LIFELINE_FD` | optional: a pipe that closes when the supervisor is gone; the stage then exits |
public struct StageEnvironment: Sendable {
    public let stage: String
    public let replica: String
    public let bus: String
    public let keyFile: String
    /// Set by the stage itself, from its configuration, when the bus spans hosts.
    public var network: NetworkPlan?

    public init(stage: String, replica: String, bus: String, keyFile: String) {
        self.stage = stage
        self.replica = replica
        self.bus = bus
        self.keyFile = keyFile
    }

    /// Reads the process environment. Throws ``BusError`` naming the variable that is missing.
    public static func fromProcess() throws(BusError) -> StageEnvironment {
        func need(_ name: String) throws(BusError) -> String {
            guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
                throw BusError(.environment, "\(name) is not set: start stages with `sluice up`, or set it as docs say")
            }
            return value
        }
        return StageEnvironment(
            stage: try need("SLUICE_STAGE"), replica: try need("SLUICE_REPLICA"), bus: try need("SLUICE_BUS"),
            keyFile: try need("SLUICE_KEY_FILE"))
    }

    /// Endpoint of this process's inbox. The bus directory and the stage's folder in it are made when missing: where a
    /// pod or a container gives an empty run directory, nobody else does.
    public func inboxEndpoint() throws(BusError) -> String {
        let folder = "\(bus)/\(stage)"
        for path in [bus, folder] { try Self.makeFolder(path) }
        return "ipc://\(folder)/\(replica)"
    }

    /// What is there is kept, unless it is no folder: a link would put the socket where its maker likes.
    private static func makeFolder(_ path: String) throws(BusError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw BusError(.environment, "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw BusError(.environment, "\(path) is not a folder")
        }
    }
}

/// Tells a supervisor about this process, by the sd_notify protocol; does nothing without `NOTIFY_SOCKET`.
public enum SupervisorNotice {
    /// Ready to work.
    public static func ready(status: String = "") {
        send("READY=1\nMAINPID=\(getpid())" + (status.isEmpty ? "" : "\nSTATUS=\(status)"))
    }
    /// Draining; `status` says what is still finished.
    public static func stopping(status: String = "") {
        send("STOPPING=1\nMAINPID=\(getpid())" + (status.isEmpty ? "" : "\nSTATUS=\(status)"))
    }

    /// The work loop turns.
    static func watchdog() { send("WATCHDOG=1\nMAINPID=\(getpid())") }

    private static func send(_ text: String) {
        guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], !path.isEmpty else { return }
        let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        var bytes = Array(path.utf8)
        guard bytes.count < capacity else { return }
        let abstract = bytes[0] == UInt8(ascii: "@")
        if abstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count + (abstract ? 0 : 1)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, text, text.utf8.count, 0, $0, socklen_t(length))
            }
        }
    }
}

/// Process-wide signals of a stage: SIGTERM and SIGINT ask it to drain; a closed lifeline ends it.
public enum StageSignals {
    // Written by signal handlers, so plain lock-free memory.
    nonisolated(unsafe) private static let drainFlag = {
        let flag = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
        flag.initialize(to: 0)
        return flag
    }()

    public static var shouldDrain: Bool { drainFlag.pointee != 0 }

    /// Installs the handlers, ignores SIGPIPE, and watches the lifeline on a thread of its own.
    public static func install() {
        _ = drainFlag
        signal(SIGPIPE, SIG_IGN)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in StageSignals.drainFlag.pointee = 1 }
        sigaction(SIGTERM, &action, nil)
        sigaction(SIGINT, &action, nil)
        guard let text = ProcessInfo.processInfo.environment["SLUICE_LIFELINE_FD"], let lifeline = Int32(text) else {
            return
        }
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(lifeline, &byte, 1)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { _exit(1) }
            }
        }
    }
}

/// The arguments of a built-in stage: `--config PATH`.
public enum StageArguments {
    public static func configPath() throws(BusError) -> String {
        let arguments = CommandLine.arguments
        guard let flag = arguments.firstIndex(of: "--config"), flag + 1 < arguments.count else {
            throw BusError(.environment, "usage: \(arguments.first ?? "stage") --config sluice.yaml [--replica N]")
        }
        return arguments[flag + 1]
    }
}
