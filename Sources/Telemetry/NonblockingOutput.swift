import Glibc

/// Writes to a descriptor that other processes share, such as standard output or error, and never waits for its reader.
///
/// O_NONBLOCK belongs to the open file, so setting it would change the descriptor of a shell or a sibling too: a pipe
/// or terminal is opened once more as a file of our own. Where that is not permitted it is written only when poll(2)
/// says that it takes bytes, which for a pipe is room for ``atomicBytes``. A socket is asked not to wait; a file does
/// not.
public struct NonblockingOutput: Sendable {
    /// Most bytes of one write. They go to a pipe as one piece or not at all (PIPE_BUF in pipe(7)).
    public static let atomicBytes = 4096

    public enum Outcome: Sendable, Equatable {
        /// So many bytes, at least one.
        case written(Int)
        /// Nobody has read what was written before.
        case full
        /// It cannot be written: no reader is left, or the disk is full.
        case failed
    }

    private enum Way: Sendable {
        case send
        case write
        case writeWhenReady
    }

    /// What to wait for until it takes bytes again.
    public let descriptor: Int32
    private let way: Way

    /// `descriptor` stays open for as long as this is used.
    public init(_ descriptor: Int32) {
        var info = stat()
        let kind = fstat(descriptor, &info) == 0 ? info.st_mode & S_IFMT : 0
        switch kind {
        case S_IFSOCK: (self.descriptor, way) = (descriptor, .send)
        case _ where kind == S_IFIFO || isatty(descriptor) == 1:
            let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            (self.descriptor, way) = own >= 0 ? (own, .write) : (descriptor, .writeWhenReady)
        default: (self.descriptor, way) = (descriptor, .write)
        }
    }

    /// Writes the first bytes, ``atomicBytes`` at most. The process ignores SIGPIPE.
    public func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let size = min(bytes.count, Self.atomicBytes)
        while true {
            let count: Int
            switch way {
            case .send: count = Glibc.send(descriptor, bytes.baseAddress, size, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            case .writeWhenReady where !isReady: return .full
            case .write, .writeWhenReady: count = Glibc.write(descriptor, bytes.baseAddress, size)
            }
            if count > 0 { return .written(count) }
            if count < 0, errno == EINTR { continue }
            return count < 0 && errno == EAGAIN ? .full : .failed
        }
    }

    private var isReady: Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&polled, 1, 0) == 1
    }
}
