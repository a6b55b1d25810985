import CZeroMQ
import Glibc

/// The part of an inbox that other hosts reach: the same socket, bound a second time, where only peers with a permitted
/// key get in. Used on the inbox's thread.
final class HostInbox {
    /// How often a changed key is looked for, nanoseconds.
    static let tendInterval: UInt64 = 250_000_000
    /// How often a port that was let go is tried again, nanoseconds: ZeroMQ frees it a moment later.
    static let rebindInterval: UInt64 = 20_000_000
    /// How long that may take before it is said, nanoseconds.
    static let rebindPatience: UInt64 = 5_000_000_000

    private let socket: UnsafeMutableRawPointer
    private let network: Network
    /// ZeroMQ admits every key while nobody is there to ask: there is no listening without it.
    private let authenticator: Authenticator
    private let bound: String
    private var secretKey: LinkKey
    private var tendedAt: UInt64 = 0
    /// Since when the inbox listens no more, while the port is not free again.
    private var unboundSince: UInt64?
    /// Where other hosts find it.
    let advertised: String

    init(
        socket: UnsafeMutableRawPointer, place: NetworkPlan.Place, advertise: String?, network: Network,
        authenticator: Authenticator
    ) throws(BusError) {
        self.socket = socket
        self.authenticator = authenticator
        self.network = network
        let keys = network.keys
        secretKey = keys.secretKey
        try HostLink.prepare(socket, isIPv6: place.host.contains(":"))
        try setOption(socket, ZMQ_CURVE_SERVER, 1)
        try setOption(socket, ZMQ_CURVE_SECRETKEY, keys.secretKey.bytes)
        // It tells the authenticator whose inbox it is.
        try setOption(socket, ZMQ_ZAP_DOMAIN, Array(network.stage.utf8))
        let port = try Self.bindFirstFree(socket, place)
        bound = NetworkPlan.endpoint(host: place.host, port: port)
        advertised = NetworkPlan.endpoint(host: advertise ?? place.host, port: port)
    }

    private static func bindFirstFree(
        _ socket: UnsafeMutableRawPointer, _ place: NetworkPlan.Place
    ) throws(BusError) -> Int {
        for port in place.ports {
            let endpoint = NetworkPlan.endpoint(host: place.host, port: port)
            if zmq_bind(socket, endpoint) == 0 { return port }
            guard zmq_errno() == EADDRINUSE else { throw lastSocketError("cannot listen on \(endpoint)") }
        }
        throw BusError(
            .socket,
            "no free port for the bus at \(place.host), \(place.ports.lowerBound) to \(place.ports.upperBound)")
    }

    /// Connections end with the old key's listener; their senders connect again. Never waits: where the port is not free
    /// yet, a later call takes it.
    func tend() {
        let now = monotonicNanoseconds()
        guard now >= tendedAt + (unboundSince == nil ? Self.tendInterval : Self.rebindInterval) else { return }
        tendedAt = now
        let current = network.keys.secretKey
        guard unboundSince != nil || current != secretKey else { return }
        do {
            if unboundSince == nil {
                guard zmq_unbind(socket, bound) == 0 else { throw lastSocketError("zmq_unbind") }
                unboundSince = now
            }
            try setOption(socket, ZMQ_CURVE_SECRETKEY, current.bytes)
            guard zmq_bind(socket, bound) == 0 else {
                guard zmq_errno() == EADDRINUSE else { throw lastSocketError("cannot listen again on \(bound)") }
                if let since = unboundSince, now >= since + Self.rebindPatience {
                    unboundSince = now
                    throw BusError(.socket, "cannot listen again on \(bound): another process has the port")
                }
                return
            }
            unboundSince = nil
            secretKey = current
            StageLog.info("listens with a new key on \(bound)")
        } catch {
            StageLog.error("\(error)")
        }
    }
}
