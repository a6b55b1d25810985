import Foundation
import Synchronization

/// One posix_spawn: the program in a process group of its own, its output going to files, so that no pipe
/// can fill up and stop it.
struct Spawn {
    /// Held while a program starts and while a pipe is made: no program inherits a pipe that isn't its own,
    /// which would keep it open.
    private static let lock = Mutex(())

    /// A pipe whose ends no program inherits: (read end, write end), or nil (see errno).
    static func pipe() -> (Int32, Int32)? {
        lock.withLock { _ in
            var ends: [Int32] = [-1, -1]
            guard Glibc.pipe(&ends) == 0 else { return nil }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }
    }

    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var directory: String
    /// Descriptor that becomes standard input; -1 for /dev/null.
    var input: Int32
    var output: String
    var errors: String

    /// The pid, or the errno of the failure.
    func start() -> Result<pid_t, SpawnFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if input >= 0 {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        posix_spawnattr_setsigmask(&attributes, &unblocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        let options = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(options))

        // env becomes the program once it has changed directory: the pid is the program's own.
        let words = ["env", "--chdir=" + directory, executable] + arguments
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let code = Self.lock.withLock { _ in
            posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, &argv, &envp)
        }
        return code == 0 ? .success(pid) : .failure(SpawnFailure(errno: code))
    }
}

struct SpawnFailure: Error {
    let errno: Int32
}
