import Glibc

/// A running stage: its process group and what it writes.
struct Child {
    let pid: Int32
    var output: Stream
    var errors: Stream
    /// Its last lines on standard error, newest last.
    private(set) var lastLines: [String] = []
    var limit = LineLimit()

    static let keptLines = 5
    /// Bytes read from one stream before others have their turn: what a pipe holds (pipe(7)).
    static let turnBytes = 64 * 1024
    /// The first descriptor behind the standard streams: listening sockets come first (SD_LISTEN_FDS_START in
    /// sd_listen_fds(3)), then the lifeline, which closes when the supervisor is gone.
    static let firstDescriptor: Int32 = 3

    static func lifelineDescriptor(listeners: Int) -> Int32 { firstDescriptor + Int32(listeners) }

    /// One of the child's output streams, read without blocking.
    struct Stream {
        /// -1 once the stream has ended.
        var descriptor: Int32
        var lines = LineSplitter()

        /// Whole lines that can be had now, from ``Child/turnBytes`` at most; closes the descriptor at the stream's end.
        mutating func read() -> [String] {
            guard descriptor >= 0 else { return [] }
            var result: [String] = []
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
            var left = Child.turnBytes
            while left > 0 {
                let count = Glibc.read(descriptor, &buffer, min(buffer.count, left))
                if count > 0 {
                    left -= count
                    result += lines.append(buffer[..<count])
                } else if count < 0, errno == EINTR {
                    continue
                } else if count < 0, errno == EAGAIN {
                    return result
                } else {
                    return result + finish()
                }
            }
            return result
        }

        mutating func finish() -> [String] {
            guard descriptor >= 0 else { return [] }
            close(descriptor)
            descriptor = -1
            return lines.finish().map { [$0] } ?? []
        }
    }

    struct Program {
        let arguments: [String]
        let environment: [String: String]
        /// Sockets that it gets, from ``firstDescriptor`` on.
        var listeners: [Int32] = []
    }

    /// Starts `program` in a process group of its own, with its standard streams, its listening sockets and the
    /// lifeline open; all our other descriptors close on exec. Throws when the program cannot be run.
    init(_ program: Program, lifeline: Int32) throws(SupervisorError) {
        let output = try PipeEnds(blocking: false)
        let errors: PipeEnds
        do {
            errors = try PipeEnds(blocking: false)
        } catch {
            output.closeBoth()
            throw error
        }
        defer {
            close(output.writer)
            close(errors.writer)
        }
        let (code, pid) = Self.spawn(program, output: output.writer, errors: errors.writer, lifeline: lifeline)
        guard code == 0 else {
            close(output.reader)
            close(errors.reader)
            throw .system("run \(program.arguments.first ?? "")", code: code)
        }
        self.pid = pid
        self.output = Stream(descriptor: output.reader)
        self.errors = Stream(descriptor: errors.reader)
    }

    /// Marks all open descriptors but the standard streams to close on exec; a copy by dup2 does not.
    static func closeOnExec() {
        guard let directory = opendir("/proc/self/fd") else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let descriptor = Int32(name), descriptor >= firstDescriptor else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    private static func spawn(
        _ program: Program, output: Int32, errors: Int32, lifeline: Int32
    ) -> (code: Int32, pid: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        let inherited = program.listeners + [lifeline]
        for (offset, descriptor) in inherited.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, firstDescriptor + Int32(offset))
        }

        // Libraries open sockets that would stay open: none of ours may reach a child.
        closeOnExec()
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // SIGHUP stays ignored, as ``Signals`` has it: a stage that does not care about it is not ended by one.
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGCHLD, SIGUSR2] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var arguments = program.arguments.map { strdup($0) } + [nil]
        var environment = program.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var pid: Int32 = 0
        let code = posix_spawnp(&pid, program.arguments.first ?? "", &actions, &attributes, &arguments, &environment)
        return (code, pid)
    }

    /// New lines, standard error last.
    mutating func readLines() -> [String] {
        let written = output.read()
        let complaints = errors.read()
        keep(complaints)
        return written + complaints
    }

    /// Closes both streams after the process has ended; a process that escaped its group cannot hold them.
    mutating func finish() -> [String] {
        let lines = readLines()
        let written = output.finish()
        let complaints = errors.finish()
        keep(complaints)
        return lines + written + complaints
    }

    private mutating func keep(_ lines: [String]) {
        lastLines = Array((lastLines + lines).suffix(Self.keptLines))
    }

    func signal(_ signal: Int32) { _ = kill(pid, signal) }
    func signalGroup(_ signal: Int32) { _ = kill(-pid, signal) }

    /// How the process ended, or nil while it runs. Ends the rest of its group before its number can be used again.
    func reap() -> Fleet.Exit? {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo != 0 else { return nil }
        signalGroup(SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
    }
}

/// A pipe whose ends close on exec.
struct PipeEnds {
    let reader: Int32
    let writer: Int32

    /// `blocking`: whether reading waits. The lifeline's reader must: stages take any answer for its end.
    init(blocking: Bool) throws(SupervisorError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system("make a pipe") }
        reader = ends[0]
        writer = ends[1]
        guard fcntl(reader, F_SETFD, FD_CLOEXEC) == 0, fcntl(writer, F_SETFD, FD_CLOEXEC) == 0,
            blocking || fcntl(reader, F_SETFL, O_NONBLOCK) == 0
        else {
            closeBoth()
            throw .system("make a pipe")
        }
    }

    func closeBoth() {
        close(reader)
        close(writer)
    }
}
