import CZeroMQ
import Synchronization

/// Tells whether a link between hosts is up, by ZeroMQ's own events (zmq_socket_monitor). Used on the link's thread.
///
/// ZeroMQ's I/O thread writes them to a queue of about 2000, and waits when that is full, with every socket of the context:
/// ``look()`` is to be called again and again for as long as the link is open. A peer needs no key to cause them.
final class LinkMonitor {
    enum Change: Equatable {
        case connected
        /// It was up: what was queued is lost.
        case disconnected
        /// The other side was reached, and the keys did not fit.
        case refused
    }

    private static let count = Atomic<UInt64>(0)
    private static let events =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED

    private let socket: UnsafeMutableRawPointer
    private(set) var isConnected = false

    init(context: BusContext, socket monitored: UnsafeMutableRawPointer) throws(BusError) {
        let endpoint = "inproc://sluice-link-\(Self.count.wrappingAdd(1, ordering: .relaxed).newValue)"
        guard zmq_socket_monitor(monitored, endpoint, Self.events) == 0 else {
            throw lastSocketError("zmq_socket_monitor")
        }
        guard let socket = zmq_socket(context.raw, ZMQ_PAIR) else { throw lastSocketError("zmq_socket") }
        self.socket = socket
        try setOption(socket, ZMQ_LINGER, 0)
        guard zmq_connect(socket, endpoint) == 0 else { throw lastSocketError("cannot watch a link") }
    }

    deinit { zmq_close(socket) }

    /// Whether there are events to read.
    var hasUnread: Bool {
        var item = zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        return zmq_poll(&item, 1, 0) > 0
    }

    /// The last change since the last call; nil for none.
    func look() -> Change? {
        var change: Change?
        while let event = next() {
            switch Int32(event) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
                isConnected = true
                change = .connected
            case ZMQ_EVENT_DISCONNECTED:
                // It follows a failed handshake too, and tells nothing new then.
                if isConnected { change = .disconnected }
                isConnected = false
            default:
                isConnected = false
                change = .refused
            }
        }
        return change
    }

    /// An event: a part with its number and value, and one with the address.
    private func next() -> UInt16? {
        var event: UInt16?
        var more = true
        while more {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            guard zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0 else { return nil }
            if event == nil, zmq_msg_size(&part) >= 2, let bytes = zmq_msg_data(&part) {
                event = bytes.loadUnaligned(as: UInt16.self)
            }
            more = zmq_msg_more(&part) != 0
        }
        return event
    }
}
