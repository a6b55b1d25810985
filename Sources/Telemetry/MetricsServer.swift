import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves ``MetricsEndpoint``s over HTTP/1.1 on a thread of its own, so that it answers while the work loop is stuck.
///
/// It only reads: GET and HEAD, no bodies, no authentication. Its guard is the socket's directory (0700), or the
/// operator's choice of address; on a loopback address it answers to loopback names only. Every connection carries one
/// request and ends within ``lifetime``.
public final class MetricsServer: Sendable {
    /// Connections at once over all listeners; further ones are closed.
    public static let maximumConnections = 32
    /// Longest life of a connection, from its acceptance to the answer's last byte.
    public static let lifetime = TimeAmount.seconds(5)
    /// Largest request head, bytes.
    public static let maximumHeadBytes = 8 << 10
    static let maximumHeaderFields = 64
    static let backlog: Int32 = 16

    private struct TooManyConnections: Error {}

    public typealias Respond = @Sendable (MetricsEndpoint) -> MetricsResponse

    private let group: MultiThreadedEventLoopGroup
    private let respond: Respond
    private let pool: NIOThreadPool?
    private let connections = Gauge()
    private let channels = Mutex<[any Channel]>([])
    private let path: Mutex<String?> = Mutex(nil)

    /// `tick` is called once a second on the server's thread. `waits`: `respond` waits for others, but for
    /// ``MetricsEndpoint/health``, and gets a thread of its own; the server's thread goes on accepting.
    public init(waits: Bool = false, tick: (@Sendable () -> Void)? = nil, respond: @escaping Respond) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.respond = respond
        pool = waits ? NIOThreadPool(numberOfThreads: 1) : nil
        pool?.start()
        if let tick {
            group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in tick() }
        }
    }

    /// Listens on a Unix socket; a file that stands there is replaced. Throws when it cannot.
    public func listen(path: String) throws {
        let bound = try bootstrap().bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).wait()
        channels.withLock { $0.append(bound) }
        self.path.withLock { $0 = path }
    }

    /// Listens on a TCP address; returns the port, which 0 leaves to the system. Throws when it cannot.
    @discardableResult
    public func listen(host: String, port: Int) throws -> Int {
        let bound = try bootstrap().serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: port).wait()
        channels.withLock { $0.append(bound) }
        return bound.localAddress?.port ?? port
    }

    /// Stops listening and removes the socket's file. Waits for the server's thread: not for an event loop.
    public func close() throws {
        for channel in takeChannels() { try channel.close().wait() }
        try removeSocket()
    }

    /// The same for asynchronous code.
    public func close() async throws {
        for channel in takeChannels() { try await channel.close().get() }
        try removeSocket()
    }

    private func takeChannels() -> [any Channel] {
        channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
    }

    private func removeSocket() throws(MonitoringError) {
        let path = path.withLock { path in
            defer { path = nil }
            return path
        }
        guard let path, unlink(path) != 0, errno != ENOENT else { return }
        throw MonitoringError("cannot remove \(path): \(String(cString: strerror(errno)))")
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .childChannelInitializer { [respond, pool, connections] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard connections.value < Self.maximumConnections else {
                        throw TooManyConnections()
                    }
                    connections.add(1)
                    channel.closeFuture.whenComplete { _ in connections.add(-1) }
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = Self.maximumHeadBytes
                    limits.maxHeaderListSize = Self.maximumHeadBytes
                    limits.maxHeaderFieldCount = Self.maximumHeaderFields
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(RequestSizeLimit(maximum: Self.maximumHeadBytes))
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
                    let address = channel.parent?.localAddress?.ipAddress
                    try pipeline.addHandler(
                        MetricsRequestHandler(
                            respond: respond, pool: pool, isLoopback: address.map(LoopbackName.isAddress) ?? false))
                }
            }
    }
}
