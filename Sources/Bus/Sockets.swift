import CZeroMQ
import Glibc

/// One ZeroMQ context per process.
public final class BusContext: @unchecked Sendable {
    // zmq_ctx is thread-safe; sockets are not, and are owned by the thread (or event loop) that made them.
    let raw: UnsafeMutableRawPointer

    public init() throws(BusError) {
        guard let raw = zmq_ctx_new() else { throw BusError(.socket, "cannot create a ZeroMQ context") }
        self.raw = raw
    }
}

func lastSocketError(_ what: String) -> BusError {
    BusError(.socket, "\(what): \(String(cString: zmq_strerror(zmq_errno())))")
}

private func setOption(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) throws(BusError) {
    var value = value
    guard zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0 else {
        throw lastSocketError("zmq_setsockopt \(option)")
    }
}

/// The receiving end: every process binds exactly one.
public final class Inbox {
    /// Messages held by ZeroMQ before senders are pushed back.
    public static let highWaterMark: Int32 = 256

    let socket: UnsafeMutableRawPointer
    public let endpoint: String

    public init(context: BusContext, endpoint: String) throws(BusError) {
        guard let socket = zmq_socket(context.raw, ZMQ_PULL) else { throw lastSocketError("zmq_socket") }
        self.socket = socket
        self.endpoint = endpoint
        try setOption(socket, ZMQ_RCVHWM, Self.highWaterMark)
        try setOption(socket, ZMQ_LINGER, 0)
        var maximum = Int64(BusMessage.maximumPartSize)
        guard zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &maximum, MemoryLayout<Int64>.size) == 0 else {
            throw lastSocketError("zmq_setsockopt")
        }
        guard zmq_bind(socket, endpoint) == 0 else { throw lastSocketError("cannot bind \(endpoint)") }
    }

    deinit { zmq_close(socket) }

    /// Leaves the registry: nobody new connects, and who is connected may still send.
    func withdraw() {
        guard endpoint.hasPrefix("ipc://") else { return }
        unlink(String(endpoint.dropFirst("ipc://".count)))
    }

    /// Waits up to `milliseconds` for a message (-1: for ever). False: none, or interrupted by a signal.
    public func wait(milliseconds: Int) -> Bool {
        var item = zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        return zmq_poll(&item, 1, milliseconds) > 0
    }

    /// The next message already here; nil when there is none. A malformed one throws and is gone.
    public func receive() throws(BusError) -> BusMessage? {
        var parts: [[UInt8]] = []
        parts.reserveCapacity(3)
        var more = true
        while more {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            let flags = parts.isEmpty ? ZMQ_DONTWAIT : 0
            guard zmq_msg_recv(&part, socket, flags) >= 0 else {
                if parts.isEmpty, zmq_errno() == EAGAIN || zmq_errno() == EINTR { return nil }
                throw lastSocketError("zmq_msg_recv")
            }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: zmq_msg_size(&part))
            // A message of too many parts is read to its end, but only what could be valid is kept.
            if parts.count < 4 { parts.append([UInt8](bytes)) }
            more = zmq_msg_more(&part) != 0
        }
        return try BusMessage(parts: parts)
    }
}

/// The sending end towards one inbox.
final class Link {
    /// Messages queued towards one peer before it counts as full.
    static let highWaterMark: Int32 = 64

    let socket: UnsafeMutableRawPointer
    let endpoint: String

    init(context: BusContext, endpoint: String) throws(BusError) {
        guard let socket = zmq_socket(context.raw, ZMQ_PUSH) else { throw lastSocketError("zmq_socket") }
        self.socket = socket
        self.endpoint = endpoint
        try setOption(socket, ZMQ_SNDHWM, Self.highWaterMark)
        try setOption(socket, ZMQ_IMMEDIATE, 1)  // queue only to a peer that is connected
        try setOption(socket, ZMQ_LINGER, 0)
        try setOption(socket, ZMQ_RECONNECT_IVL, 20)
        try setOption(socket, ZMQ_RECONNECT_IVL_MAX, 200)
        guard zmq_connect(socket, endpoint) == 0 else { throw lastSocketError("cannot connect \(endpoint)") }
    }

    deinit { zmq_close(socket) }

    /// Waits until a message can be queued, up to `milliseconds`.
    func waitWritable(milliseconds: Int) -> Bool {
        var item = zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLOUT), revents: 0)
        return zmq_poll(&item, 1, milliseconds) > 0
    }

    /// Queues the message without waiting; false when the peer is full or not there.
    func send(header: [UInt8], body: [UInt8], payload: [UInt8]) throws(BusError) -> Bool {
        // The first part decides: once it is queued, ZeroMQ takes the rest of the same message.
        guard try sendPart(header, flags: ZMQ_SNDMORE | ZMQ_DONTWAIT) else { return false }
        guard try sendPart(body, flags: ZMQ_SNDMORE), try sendPart(payload, flags: 0) else {
            throw BusError(.socket, "a message was cut while being queued to \(endpoint)")
        }
        return true
    }

    private func sendPart(_ part: [UInt8], flags: Int32) throws(BusError) -> Bool {
        while true {
            let sent = part.withUnsafeBytes { zmq_send(socket, $0.baseAddress, $0.count, flags) }
            if sent >= 0 { return true }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            default: throw lastSocketError("zmq_send")
            }
        }
    }
}
