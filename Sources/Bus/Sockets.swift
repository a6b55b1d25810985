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

func setOption(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) throws(BusError) {
    var value = value
    guard zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0 else {
        throw lastSocketError("zmq_setsockopt \(option)")
    }
}

func setOption(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: [UInt8]) throws(BusError) {
    guard zmq_setsockopt(socket, option, value, value.count) == 0 else {
        throw lastSocketError("zmq_setsockopt \(option)")
    }
}

/// What a connection between hosts needs beyond its keys.
enum HostLink {
    /// Milliseconds: a peer that is cut off is noticed within a few seconds, and connected again as soon.
    static let heartbeatInterval: Int32 = 1000
    static let heartbeatTimeout: Int32 = 3000
    static let handshakeLimit: Int32 = 5000
    static let connectLimit: Int32 = 2000
    static let reconnectFirst: Int32 = 100
    static let reconnectMaximum: Int32 = 1000

    static func prepare(_ socket: UnsafeMutableRawPointer, isIPv6: Bool) throws(BusError) {
        try setOption(socket, ZMQ_IPV6, isIPv6 ? 1 : 0)
        try setOption(socket, ZMQ_HEARTBEAT_IVL, heartbeatInterval)
        try setOption(socket, ZMQ_HEARTBEAT_TIMEOUT, heartbeatTimeout)
        try setOption(socket, ZMQ_HANDSHAKE_IVL, handshakeLimit)
        try setOption(socket, ZMQ_CONNECT_TIMEOUT, connectLimit)
        try setOption(socket, ZMQ_RECONNECT_IVL, reconnectFirst)
        try setOption(socket, ZMQ_RECONNECT_IVL_MAX, reconnectMaximum)
    }
}

/// The receiving end: every process binds exactly one. It may listen for other hosts too.
public final class Inbox {
    /// Messages held by ZeroMQ before senders are pushed back.
    public static let highWaterMark: Int32 = 256

    let socket: UnsafeMutableRawPointer
    /// The inbox on this host.
    public let endpoint: String
    private var hosts: HostInbox?

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

    /// Listens for other hosts too, under the stage's key. Throws ``BusError`` when no port of the range is free.
    func listen(
        on place: NetworkPlan.Place, advertise: String?, network: Network, authenticator: Authenticator
    ) throws(BusError) {
        hosts = try HostInbox(
            socket: socket, place: place, advertise: advertise, network: network, authenticator: authenticator)
    }

    /// Where answers find this inbox.
    public var replyAddress: ReplyAddress { ReplyAddress(local: endpoint, acrossHosts: hosts?.advertised) }

    /// Takes a new key of this stage into use. Cheap; call it at least each second, on the thread that receives.
    public func tend() { hosts?.tend() }

    /// Leaves the registry: nobody new connects, and who is connected may still send.
    func withdraw() {
        guard endpoint.hasPrefix("ipc://") else { return }
        unlink(String(endpoint.dropFirst("ipc://".count)))
    }

    /// ZMQ_FD of its sockets: readable when messages may have come. Edge-triggered: only ``receive()`` tells whether they
    /// have, and it is to be called until it returns nil.
    public var descriptors: [Int32] {
        var descriptor: Int32 = -1
        var size = MemoryLayout<Int32>.size
        return zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size) == 0 ? [descriptor] : []
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
