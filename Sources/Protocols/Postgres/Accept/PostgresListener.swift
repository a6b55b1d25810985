import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import NIOPosix
import NIOSSL
import PostgresWire
import Telemetry

/// Accepts PostgreSQL clients on one address and spreads them over the event loops.
public final class PostgresListener: Sendable {
    /// Time from the first byte to a login.
    public static let handshakeTimeout = TimeAmount.seconds(15)
    /// Connections that wait to be accepted.
    static let backlog: Int32 = 256

    private let listener: Listener
    private let loops: [LoopListener]
    private let shared: GatewayShared

    /// One ``LoopServices`` per event loop of `group` that connections may run on.
    public init(listener: Listener, services: [LoopServices], tls: NIOSSLContext, shared: GatewayShared) {
        self.listener = listener
        self.shared = shared
        let cancels = CancelRegistry()
        loops = services.map {
            LoopListener(services: $0, tls: tls, authentication: listener.authentication, cancels: cancels)
        }
    }

    public func bind(group: any EventLoopGroup) async throws -> any Channel {
        let loops = self.loops
        let shared = self.shared
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                guard let loop = loops.first(where: { $0.services.eventLoop === channel.eventLoop }) else {
                    preconditionFailure("a connection on an event loop without services")
                }
                let metrics = IngressMetrics.current
                guard !shared.isDraining, shared.admit() else {
                    metrics.connectionsTurnedAway.add()
                    let failure =
                        shared.isDraining
                        ? SessionFailure("57P03", "Sluice is shutting down")
                        : SessionFailure(
                            "53300", "too many connections",
                            hint: "An operator raises limits.max_connections in sluice.yaml.")
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(TurnedAway(failure))
                    }
                }
                metrics.connectionsAccepted.add()
                metrics.connections.add(1)
                channel.closeFuture.whenComplete { _ in
                    metrics.connections.add(-1)
                    shared.dismiss()
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientHandler(listener: loop))
                }
            }
            .bind(host: listener.host, port: listener.port).get()
    }

    /// Ends sessions whose service account is no longer valid.
    public func checkIdentities(_ snapshot: IdentitySnapshot, now: Date) {
        for loop in loops { loop.services.eventLoop.execute { loop.checkIdentities(snapshot, now: now) } }
    }

    /// Closes sessions that have nothing under way; `force` closes all.
    public func drain(force: Bool) {
        for loop in loops { loop.services.eventLoop.execute { loop.drain(force: force) } }
    }
}

/// What connections on one event loop share. Confined to it, but for what is immutable.
final class LoopListener: @unchecked Sendable {
    let services: LoopServices
    let tls: NIOSSLContext
    let authentication: ListenerAuthentication
    let cancels: CancelRegistry
    private var sessions: [ObjectIdentifier: PostgresSession] = [:]
    private var catalogs: [String: Catalog] = [:]

    init(services: LoopServices, tls: NIOSSLContext, authentication: ListenerAuthentication, cancels: CancelRegistry) {
        self.services = services
        self.tls = tls
        self.authentication = authentication
        self.cancels = cancels
    }

    func catalog(of resource: Resource) -> Catalog {
        if let catalog = catalogs[resource.name] { return catalog }
        let catalog = Catalog(resource: resource, eventLoop: services.eventLoop)
        catalogs[resource.name] = catalog
        return catalog
    }

    func add(_ session: PostgresSession) {
        sessions[ObjectIdentifier(session)] = session
        IngressMetrics.current.sessionsOpened.add()
        IngressMetrics.current.sessions.add(1)
    }

    func remove(_ session: PostgresSession) {
        if sessions.removeValue(forKey: ObjectIdentifier(session)) != nil { IngressMetrics.current.sessions.add(-1) }
        if let handle = session.cancelHandle { cancels.unregister(handle) }
    }

    func checkIdentities(_ snapshot: IdentitySnapshot, now: Date) {
        for session in sessions.values where !snapshot.isCurrent(session.identity, now: now) {
            session.end(
                "the service account is revoked or expired",
                failure: SessionFailure("57P01", "the service account “\(session.identity.name)” is revoked or expired")
            )
        }
    }

    func drain(force: Bool) {
        for session in sessions.values where force || session.isQuiescent {
            session.end("Sluice is shutting down", failure: SessionFailure("57P01", "Sluice is shutting down"))
        }
    }
}
