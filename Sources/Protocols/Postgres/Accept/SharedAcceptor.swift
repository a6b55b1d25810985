import Bus
import Foundation
import Synchronization

/// Accepts on sockets that other processes may accept on too, on a thread of its own.
///
/// While one ingress takes over from another both wait on the same queue, and both wake for a connection that only one
/// of them gets. NIO's server channel takes that for a bug (it asserts); here it means nothing.
final class SharedAcceptor: Sendable {
    /// How long to wait when the process or the system has no room for another connection, in microseconds.
    static let pauseMicroseconds: UInt32 = 20_000

    private let sockets: [CInt]
    private let stopping: (reader: CInt, writer: CInt)
    private let accepted: @Sendable (CInt) -> Void
    private let ended = Mutex<(isOver: Bool, waiting: CheckedContinuation<Void, Never>?)>((false, nil))

    /// `sockets`: they listen; this process's copies are closed at the end. `accepted` gets each connection, on the
    /// acceptor's thread, and owns it.
    init(sockets: [CInt], accepted: @escaping @Sendable (CInt) -> Void) throws(BusError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.failure("pipe") }
        for descriptor in ends where fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 { throw Self.failure("fcntl") }
        for socket in sockets {
            let flags = fcntl(socket, F_GETFL)
            guard flags >= 0, fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 else { throw Self.failure("fcntl") }
        }
        self.sockets = sockets
        stopping = (ends[0], ends[1])
        self.accepted = accepted
        Thread.detachNewThread { [self] in run() }
    }

    private static func failure(_ call: String) -> BusError {
        BusError(.environment, "cannot accept connections: \(call): \(String(cString: strerror(errno)))")
    }

    /// Ends the thread; every connection accepted before has been handed over when this returns.
    func stop() async {
        close(stopping.writer)
        await withCheckedContinuation { continuation in
            let isOver = ended.withLock { state in
                if !state.isOver { state.waiting = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    private func run() {
        var polled = (sockets + [stopping.reader]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            let count = poll(&polled, nfds_t(polled.count), -1)
            if count < 0 {
                guard errno != EINTR else { continue }
                // Short of memory: it must not end, since clients would wait for ever.
                StageLog.error("cannot wait for connections: \(String(cString: strerror(errno)))")
                usleep(Self.pauseMicroseconds)
                continue
            }
            guard polled[sockets.count].revents == 0 else { break }
            for entry in polled where entry.revents != 0 { acceptAll(entry.fd) }
        }
        for socket in sockets { close(socket) }
        close(stopping.reader)
        ended.withLock { state in
            state.isOver = true
            state.waiting?.resume()
            state.waiting = nil
        }
    }

    private func acceptAll(_ socket: CInt) {
        while true {
            let connection = Glibc.accept(socket, nil, nil)
            if connection >= 0 {
                guard fcntl(connection, F_SETFD, FD_CLOEXEC) == 0 else {
                    close(connection)
                    continue
                }
                accepted(connection)
                continue
            }
            switch errno {
            // Another process has it, or the client is gone already.
            case EAGAIN: return
            case EINTR, ECONNABORTED: continue
            default:
                StageLog.error("cannot accept a connection: \(String(cString: strerror(errno)))")
                usleep(Self.pauseMicroseconds)
                return
            }
        }
    }
}
