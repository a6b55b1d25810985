import Glibc
import TestKit

/// A program whose standard output is read while it runs, and that is killed.
struct KilledProcess {
    private let pid: pid_t
    private let descriptor: Int32
    private var pending: [UInt8] = []
    /// Whole lines so far; one that the kill cut short is none.
    private(set) var lines: [String] = []

    init(_ program: String, _ arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestKitError("pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        descriptor = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var started: pid_t = 0
        let code = posix_spawn(&started, program, &actions, nil, &words, environ)
        guard code == 0 else {
            close(descriptor)
            throw TestKitError("cannot start \(program): errno \(code)")
        }
        pid = started
    }

    /// Waits for so many lines; fewer when the program ends before.
    mutating func read(lines count: Int) {
        while lines.count < count, readSome() {}
    }

    /// SIGKILL, unless it has ended. Takes what it had printed before.
    ///
    /// - Returns: its exit code; nil when it was killed.
    mutating func kill() -> Int32? {
        Glibc.kill(pid, SIGKILL)
        return finish()
    }

    /// Waits for its end.
    mutating func finish() -> Int32? {
        while readSome() {}
        close(descriptor)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
    }

    private mutating func readSome() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { return true }
        guard count > 0 else { return false }
        pending += buffer[..<count]
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: pending[..<end], as: UTF8.self))
            pending.removeSubrange(...end)
        }
        return true
    }
}
