import Bus
import Foundation
import Glibc

/// A sink's own program while it runs, in a process group of its own.
final class SinkProgram {
    private let pid: pid_t
    private let input: Int32
    private let output: Int32
    private var pending: [UInt8] = []

    /// Starts it.
    ///
    /// - Parameter variables: ``environment(without:)``.
    init(_ command: [String], _ variables: [String: String]) throws(ForwardError) {
        // Libraries open sockets that would stay open, and the lifeline is the forwarder's.
        try Self.closeOnExec()
        let (input, output) = (try Pipe(), try Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reader, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writer, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, &environment)
        close(input.reader)
        close(output.writer)
        guard code == 0 else {
            close(input.writer)
            close(output.reader)
            throw ForwardError(.settings, "cannot run \(command[0]): \(String(cString: strerror(code)))")
        }
        for end in [input.writer, output.reader] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        self.pid = pid
        self.input = input.writer
        self.output = output.reader
    }

    deinit {
        close(input)
        close(output)
    }

    /// Our environment without what is Sluice's, and without `withheld`.
    static func environment(without withheld: Set<String>) -> [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("SLUICE_") && !withheld.contains(name)
                && !["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"].contains(name)
        }
    }

    /// - Throws: when what is open is not known: then the program is not started.
    private static func closeOnExec() throws(ForwardError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        } catch {
            throw ForwardError(.connection, "/proc/self/fd cannot be read: \(error.localizedDescription)")
        }
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// - Parameter end: monotonic nanoseconds.
    func write(_ bytes: [UInt8], until end: UInt64) throws(ForwardError) {
        var place = 0
        while place < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(input, raw.baseAddress?.advanced(by: place), raw.count - place)
            }
            if count >= 0 {
                place += count
            } else if errno == EAGAIN {
                try wait(input, Int16(POLLOUT), until: end)
            } else if errno != EINTR {
                throw ForwardError(.connection, "the program takes nothing: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// The next line that it writes, without its newline.
    func line(until end: UInt64, limit: Int) throws(ForwardError) -> String {
        while true {
            if let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeSubrange(...newline) }
                return String(decoding: pending[..<newline], as: UTF8.self)
            }
            guard pending.count <= limit else { throw ForwardError(.refused, "the program wrote too long a line") }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &buffer, buffer.count)
            if count > 0 {
                pending += buffer.prefix(count)
            } else if count < 0, errno == EAGAIN {
                try wait(output, Int16(POLLIN), until: end)
            } else if count == 0 || errno != EINTR {
                throw ForwardError(.connection, "the program ended")
            }
        }
    }

    private func wait(_ descriptor: Int32, _ events: Int16, until end: UInt64) throws(ForwardError) {
        let now = monotonicNanoseconds()
        guard now < end else { throw ForwardError(.refused, "the program accepted nothing in time") }
        var waiting = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&waiting, 1, Int32(clamping: (end - now) / 1_000_000 + 1))
    }

    /// Ends its input and waits; kills its group when it does not end.
    func end(milliseconds: Int) {
        // Only the writing end tells it that there is no more.
        dup2(output, input)
        var status: Int32 = 0
        for _ in 0..<(milliseconds / 20) {
            guard waitpid(pid, &status, WNOHANG) == 0 else { return }
            usleep(20_000)
        }
        kill(-pid, SIGKILL)
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    /// Both ends close on exec.
    private struct Pipe {
        let reader: Int32
        let writer: Int32

        init() throws(ForwardError) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
                throw ForwardError(.connection, "cannot make a pipe: \(String(cString: strerror(errno)))")
            }
            (reader, writer) = (ends[0], ends[1])
        }
    }
}
