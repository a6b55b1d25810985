import Foundation
import Glibc

/// One run of the program under test, started as the supervisor starts it: process group and lifeline of its own,
/// no standard input, nothing of our environment that begins with SLUICE_.
final class Subject {
    /// Where the lifeline is for the program.
    private static let lifelineDescriptor: Int32 = 3

    let pid: pid_t
    private let lifeline: Int32
    private var status: Int32?

    /// How it ended, in words; nil while it runs.
    var ending: String? {
        guard let status = poll() else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? "exited with \((status >> 8) & 0xff)" : "was ended by signal \(signal)"
    }
    var exitedWithZero: Bool { poll() == 0 }

    /// Output goes to files in the workspace's folder.
    init(_ command: [String], in workspace: Workspace) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ConformanceError("cannot make a pipe") }
        // The writing end is ours alone, and neither end may stand where the program's is to be.
        let reader = fcntl(ends[0], F_DUPFD_CLOEXEC, 64)
        lifeline = fcntl(ends[1], F_DUPFD_CLOEXEC, 64)
        for end in ends { close(end) }
        defer { close(reader) }
        guard reader >= 0, lifeline >= 0 else { throw ConformanceError("cannot make a pipe") }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, path) in [(Int32(1), workspace.outputFile), (2, workspace.errorFile)] {
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        posix_spawn_file_actions_adddup2(&actions, reader, Self.lifelineDescriptor)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SLUICE_") }
        environment["SLUICE_STAGE"] = Workspace.stage
        environment["SLUICE_REPLICA"] = Workspace.replica
        environment["SLUICE_BUS"] = workspace.bus
        environment["SLUICE_KEY_FILE"] = workspace.keyFile
        environment["SLUICE_STATE_DIR"] = workspace.stateFolder
        environment["SLUICE_LIFELINE_FD"] = "\(Self.lifelineDescriptor)"
        environment["NOTIFY_SOCKET"] = workspace.notifyPath
        var words = command.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, &words, &variables)
        guard code == 0 else {
            close(lifeline)
            throw ConformanceError("cannot run \(command[0]): \(String(cString: strerror(code)))")
        }
        self.pid = pid
    }

    func signal(_ number: Int32) { if poll() == nil { kill(pid, number) } }

    private var lifelineIsOpen = true
    func closeLifeline() {
        if lifelineIsOpen { close(lifeline) }
        lifelineIsOpen = false
    }

    /// Ends it and what it started, if need be by force.
    func end() {
        closeLifeline()
        kill(-pid, SIGKILL)
        guard status == nil else { return }
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
        status = raw
    }

    private func poll() -> Int32? {
        if let status { return status }
        var raw: Int32 = 0
        guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
        status = raw
        return raw
    }
}

extension Workspace {
    var outputFile: String { folder + "/stdout" }
    var errorFile: String { folder + "/stderr" }
    var stateFolder: String { folder + "/state" }

    /// What the program wrote on both streams.
    func written() -> Data {
        [outputFile, errorFile].reduce(into: Data()) { $0 += FileManager.default.contents(atPath: $1) ?? Data() }
    }
}
