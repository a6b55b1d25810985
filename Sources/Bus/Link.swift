import CZeroMQ
import Glibc

/// The sending end towards one inbox.
final class Link {
    /// Messages queued towards one peer before it counts as full.
    static let highWaterMark: Int32 = 64

    /// The keys of a link between hosts: the stage's that listens, and this process's own.
    struct Keys: Equatable {
        let server: LinkKey
        let own: LinkKey
        let secret: LinkKey
    }

    let socket: UnsafeMutableRawPointer
    let endpoint: String
    /// Nil within the host.
    let keys: Keys?
    private let monitor: LinkMonitor?

    init(context: BusContext, endpoint: String, keys: Keys? = nil) throws(BusError) {
        guard let socket = zmq_socket(context.raw, ZMQ_PUSH) else { throw lastSocketError("zmq_socket") }
        self.socket = socket
        self.endpoint = endpoint
        self.keys = keys
        if let keys {
            monitor = try LinkMonitor(context: context, socket: socket)
            try setOption(socket, ZMQ_CURVE_SERVERKEY, keys.server.bytes)
            try setOption(socket, ZMQ_CURVE_PUBLICKEY, keys.own.bytes)
            try setOption(socket, ZMQ_CURVE_SECRETKEY, keys.secret.bytes)
        } else {
            // There is no connection to another host without keys.
            guard endpoint.hasPrefix("ipc://") else { throw BusError(.socket, "no key for \(endpoint)") }
            monitor = nil
        }
        try setOption(socket, ZMQ_SNDHWM, Self.highWaterMark)
        try setOption(socket, ZMQ_IMMEDIATE, 1)  // queue only to a peer that is connected
        try setOption(socket, ZMQ_LINGER, 0)
        if keys == nil {
            try setOption(socket, ZMQ_RECONNECT_IVL, 20)
            try setOption(socket, ZMQ_RECONNECT_IVL_MAX, 200)
        } else {
            try HostLink.prepare(socket, isIPv6: endpoint.hasPrefix("tcp://["))
        }
        guard zmq_connect(socket, endpoint) == 0 else { throw lastSocketError("cannot connect \(endpoint)") }
    }

    deinit {
        if monitor != nil { zmq_socket_monitor(socket, nil, 0) }
        zmq_close(socket)
    }

    /// Whether the other side is there, as of the last ``look()``. Within the host that shows when something is sent.
    var isConnected: Bool { monitor?.isConnected ?? true }

    /// What became of the connection since the last time.
    func look() -> LinkMonitor.Change? { monitor?.look() }

    /// Whether ``look()`` has something to tell.
    var hasUnreadEvents: Bool { monitor?.hasUnread ?? false }

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
