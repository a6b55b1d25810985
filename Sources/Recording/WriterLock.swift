import Glibc

/// One writer per replica directory: flock(2) on its `lock` file, given up by the kernel when the process dies.
enum WriterLock {
    private static let attempts = 100
    private static let pauseMicroseconds: UInt32 = 10_000

    static func path(_ directory: String) -> String { directory + "/lock" }

    /// Takes the lock. Tries for a second: a process that is just ending, or a verification's look, holds it briefly.
    static func acquire(_ directory: String) throws(RecordingError) -> Int32 {
        let path = path(directory)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw .system(FileError("open", number: errno), path) }
        for attempt in 1...attempts {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            if attempt < attempts { usleep(pauseMicroseconds) }
        }
        close(descriptor)
        throw RecordingError(.locked, file: path, "another recorder writes here")
    }

    /// Whether a live process holds the lock.
    static func isHeld(_ directory: String) -> Bool {
        let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
