import CZeroMQ
import Glibc

/// A bus socket that sends and takes any bytes, also such as no Sluice process would.
final class RawSocket {
    /// Like those of Sluice's own processes.
    private static let inboxMark: Int32 = 256
    private static let peerMark: Int32 = 64
    private static let partBytes: Int64 = 64 << 20

    let socket: UnsafeMutableRawPointer

    private init(_ context: UnsafeMutableRawPointer, _ type: Int32) throws {
        guard let socket = zmq_socket(context, type) else { throw Self.failure("zmq_socket") }
        self.socket = socket
        try set(ZMQ_LINGER, 0)
    }

    deinit { zmq_close(socket) }

    /// An inbox at `endpoint`.
    static func inbox(_ context: UnsafeMutableRawPointer, _ endpoint: String) throws -> RawSocket {
        let inbox = try RawSocket(context, ZMQ_PULL)
        try inbox.set(ZMQ_RCVHWM, inboxMark)
        var bound = partBytes
        guard zmq_setsockopt(inbox.socket, ZMQ_MAXMSGSIZE, &bound, MemoryLayout<Int64>.size) == 0,
            zmq_bind(inbox.socket, endpoint) == 0
        else { throw failure("cannot bind \(endpoint)") }
        return inbox
    }

    /// The sending end towards the inbox at `endpoint`.
    static func link(_ context: UnsafeMutableRawPointer, _ endpoint: String) throws -> RawSocket {
        let link = try RawSocket(context, ZMQ_PUSH)
        try link.set(ZMQ_SNDHWM, peerMark)
        try link.set(ZMQ_IMMEDIATE, 1)
        try link.set(ZMQ_RECONNECT_IVL, 20)
        guard zmq_connect(link.socket, endpoint) == 0 else { throw failure("cannot connect \(endpoint)") }
        return link
    }

    /// Queues one message; false when there is no room now.
    func send(_ parts: [[UInt8]]) throws -> Bool {
        for (index, part) in parts.enumerated() {
            let more = index + 1 < parts.count ? ZMQ_SNDMORE : 0
            while true {
                let sent = part.withUnsafeBytes { zmq_send(socket, $0.baseAddress, $0.count, more | ZMQ_DONTWAIT) }
                if sent >= 0 { break }
                switch zmq_errno() {
                case EINTR: continue
                case EAGAIN where index == 0: return false
                default: throw Self.failure("zmq_send")
                }
            }
        }
        return true
    }

    /// The next message that is here; nil when there is none.
    func receive() throws -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        var more = true
        while more {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            guard zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0 else {
                if parts.isEmpty, [EAGAIN, EINTR].contains(zmq_errno()) { return nil }
                throw Self.failure("zmq_msg_recv")
            }
            parts.append([UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: zmq_msg_size(&part))))
            more = zmq_msg_more(&part) != 0
        }
        return parts
    }

    /// Waits until one of `sockets` has a message, up to `milliseconds`.
    static func wait(_ sockets: [RawSocket], milliseconds: Int) {
        var items = sockets.map { zmq_pollitem_t(socket: $0.socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
        zmq_poll(&items, Int32(items.count), milliseconds)
    }

    private func set(_ option: Int32, _ value: Int32) throws {
        var value = value
        guard zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw Self.failure("zmq_setsockopt \(option)")
        }
    }

    private static func failure(_ what: String) -> ConformanceError {
        ConformanceError("\(what): \(String(cString: zmq_strerror(zmq_errno())))")
    }
}

/// The kit itself cannot work: nothing is said about the stage.
public struct ConformanceError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
