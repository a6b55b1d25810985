import Glibc

/// The socket on which the supervisor takes commands: one request a connection, answered line by line.
///
/// Only the user who runs the supervisor, and root, may ask. A client that goes away does not stop what it asked for.
struct ControlSocket {
    /// Connections at once; more wait to be accepted.
    static let maximumConnections = 8
    /// Longest request, in bytes.
    static let maximumRequestBytes = 4096
    /// How long a client may take to write its request, in milliseconds.
    static let requestMilliseconds: UInt64 = 5_000
    /// Answers that wait for a client that does not read, in bytes; beyond, it is dropped.
    static let maximumPendingBytes = 64 * 1024

    /// One client, named by a number that is never used again.
    private struct Connection {
        let descriptor: Int32
        let deadline: UInt64
        var request: [UInt8] = []
        var isAnswering = false
        /// It has written all that it will; it may still read.
        var hasEnded = false
        var pending: [UInt8] = []
        var isLast = false
    }

    struct Request: Equatable {
        let client: Int
        let line: [UInt8]
    }

    private let listener: Int32
    private let path: String
    private let users: Set<uid_t>
    private var connections: [Int: Connection] = [:]
    private var lastClient = 0

    /// `users`: who may ask.
    init(path: String, users: Set<uid_t> = [geteuid(), 0]) throws(SupervisorError) {
        listener = try UnixSocket.bound(SOCK_STREAM, to: path)
        self.path = path
        self.users = users
        guard chmod(path, 0o600) == 0, listen(listener, Int32(Self.maximumConnections)) == 0 else {
            let code = errno
            Glibc.close(listener)
            throw .system("listen on \(path)", code: code)
        }
    }

    /// What to wait for.
    var polled: [pollfd] {
        var result: [pollfd] = []
        if connections.count < Self.maximumConnections {
            result.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
        }
        for connection in connections.values {
            // A client that is gone altogether is reported without being asked for (POLLHUP).
            let events = (connection.hasEnded ? 0 : POLLIN) | (connection.pending.isEmpty ? 0 : POLLOUT)
            result.append(pollfd(fd: connection.descriptor, events: Int16(events), revents: 0))
        }
        return result
    }

    /// When a client's time for its request is over.
    var nextDeadline: UInt64? { connections.values.filter { !$0.isAnswering }.map(\.deadline).min() }

    /// Accepts, reads and writes what can be; gives whole requests.
    mutating func turn(now: UInt64) -> [Request] {
        var requests: [Request] = []
        for client in connections.keys.sorted() {
            if let request = read(client, now: now) { requests.append(request) }
            flush(client)
        }
        while connections.count < Self.maximumConnections {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
                Glibc.close(descriptor)
                continue
            }
            lastClient += 1
            connections[lastClient] = Connection(descriptor: descriptor, deadline: now + Self.requestMilliseconds)
            guard let user = UnixSocket.peer(of: descriptor), users.contains(user) else {
                send(.failed("only the user who runs sluice up, and root, may do this"), to: lastClient)
                continue
            }
            if let request = read(lastClient, now: now) { requests.append(request) }
        }
        return requests
    }

    /// Sends a line to a client that may be gone.
    mutating func send(_ answer: ControlAnswer, to client: Int) {
        guard var connection = connections[client], let line = try? answer.encoded() else { return }
        connection.isAnswering = true
        connection.isLast = answer.event.isLast
        connection.pending += line
        connections[client] = connection
        flush(client)
    }

    mutating func close() {
        for client in connections.keys { drop(client) }
        Glibc.close(listener)
        unlink(path)
    }

    private mutating func read(_ client: Int, now: UInt64) -> Request? {
        guard var connection = connections[client] else { return nil }
        var buffer = [UInt8](repeating: 0, count: Self.maximumRequestBytes + 1)
        let count = Glibc.read(connection.descriptor, &buffer, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR {
            if !connection.isAnswering, connection.deadline <= now { drop(client) }
            return nil
        }
        if count == 0, connection.isAnswering, !Self.isGone(connection.descriptor) {
            connections[client]?.hasEnded = true
            return nil
        }
        // The end, an error, or more after the one request.
        guard count > 0, !connection.isAnswering else {
            drop(client)
            return nil
        }
        connection.request += buffer[..<count]
        connections[client] = connection
        guard let end = connection.request.firstIndex(of: 0x0a) else {
            if connection.request.count > Self.maximumRequestBytes {
                send(.failed("the request is too long"), to: client)
            }
            return nil
        }
        guard end == connection.request.count - 1, end <= Self.maximumRequestBytes else {
            send(.failed("more than one request"), to: client)
            return nil
        }
        connections[client]?.isAnswering = true
        return Request(client: client, line: Array(connection.request[..<end]))
    }

    /// Whether the peer has closed the connection, not only its writing half.
    private static func isGone(_ descriptor: Int32) -> Bool {
        var polled = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&polled, 1, 0) != 0
    }

    private mutating func flush(_ client: Int) {
        guard var connection = connections[client] else { return }
        while !connection.pending.isEmpty {
            let count = Glibc.send(
                connection.descriptor, connection.pending, connection.pending.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                connection.pending.removeFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN, connection.pending.count <= Self.maximumPendingBytes {
                break
            } else {
                drop(client)
                return
            }
        }
        connections[client] = connection
        if connection.pending.isEmpty, connection.isLast { drop(client) }
    }

    private mutating func drop(_ client: Int) {
        guard let connection = connections.removeValue(forKey: client) else { return }
        Glibc.close(connection.descriptor)
    }
}
