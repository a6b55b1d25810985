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
    /// Connections that wait to be accepted; the kernel may allow fewer (net.core.somaxconn).
    static let backlog: Int32 = 4096

    static let protocolName = "postgres"

    private let listener: Listener
    private let loops: [LoopListener]
    private let shared: GatewayShared

    /// One ``LoopServices`` per event loop of `group` that connections may run on.
    public init(listener: Listener, services: [LoopServices], tls: NIOSSLContext, shared: GatewayShared) {
        self.listener = listener
        self.shared = shared
        let cancels = CancelRegistry()
        shared.onForwardedCancel(protocol: Self.protocolName) { cancels.cancel(forwarded: $0) }
        loops = services.map {
            LoopListener(services: $0, tls: tls, authentication: listener.authentication, cancels: cancels)
        }
    }

    /// Accepts on `sockets`, which others have bound and go on holding, or, when there are none, on the listener's own
    /// address.
    public func accept(on sockets: [CInt], group: any EventLoopGroup) async throws -> Accepting {
        let loops = self.loops
        let shared = self.shared
        guard !sockets.isEmpty else {
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: Self.backlog)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelInitializer { Self.setUp($0, loops, shared) }
                .bind(host: listener.host, port: listener.port).get()
            return .channel(channel)
        }
        let acceptor = try SharedAcceptor(sockets: sockets) { connection in
            ClientBootstrap(group: group)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { Self.setUp($0, loops, shared) }
                .withConnectedSocket(connection)
                .whenFailure { StageLog.error("a connection could not be set up: \($0)") }
        }
        return .shared(acceptor)
    }

    /// Makes a connection one of ours, or turns it away.
    private static func setUp(
        _ channel: any Channel, _ loops: [LoopListener], _ shared: GatewayShared
    ) -> EventLoopFuture<Void> {
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

    /// Ends sessions whose service account is no longer valid.
    public func checkIdentities(_ snapshot: IdentitySnapshot, now: Date) {
        for loop in loops { loop.services.eventLoop.execute { loop.checkIdentities(snapshot, now: now) } }
    }

    /// Closes sessions that have nothing under way; `force` closes all.
    public func drain(force: Bool) {
        for loop in loops { loop.services.eventLoop.execute { loop.drain(force: force) } }
    }
}

/// A listener at work.
public struct Accepting: Sendable {
    private enum Kind {
        case channel(any Channel)
        case shared(SharedAcceptor)
    }
    private let kind: Kind

    static func channel(_ channel: any Channel) -> Accepting { Accepting(kind: .channel(channel)) }
    static func shared(_ acceptor: SharedAcceptor) -> Accepting { Accepting(kind: .shared(acceptor)) }

    /// Accepts no more. What was accepted before is queued on its event loop when this returns.
    public func stop() async throws {
        switch kind {
        case .channel(let channel): try await channel.close()
        case .shared(let acceptor): await acceptor.stop()
        }
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
    private var schemas: [String: SchemaCatalog] = [:]

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

    func schema(of resource: Resource) -> SchemaCatalog {
        if let schema = schemas[resource.name] { return schema }
        let catalog = catalog(of: resource)
        let shared = services.shared
        let schema = SchemaCatalog(
            definitions: { shared.definitions(of: resource.name) }, ask: { catalog.schema($0, $1) })
        schemas[resource.name] = schema
        return schema
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
        for session in sessions.values {
            guard let reason = snapshot.reasonToEnd(session: session.id) else { continue }
            let text = SessionEnded.byOperator + (reason.isEmpty ? "" : ": " + reason)
            session.end(text, failure: SessionFailure("57P01", "the session is \(text)"))
        }
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
