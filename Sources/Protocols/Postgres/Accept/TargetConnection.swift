import Bus
import Configuration
import Identity
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import PostgresWire

/// What a logged-in target said at startup.
struct TargetGreeting: Sendable {
    var parameters: [(name: String, value: String)] = []
    var processID: Int32 = 0
    var cancelKey: [UInt8] = []
    var status = TransactionStatus.idle
}

/// What happens on a target connection after its login. Called on the connection's event loop.
protocol TargetEvents: AnyObject {
    func targetDidReceive(_ frame: Frame)
    func targetDidFinishReading()
    func targetDidClose(_ failure: SessionFailure?)
    func targetWritabilityDidChange()
}

/// Connects to targets and logs in with a resource's own credentials, which never leave this file but to the target.
struct TargetConnector {
    /// Time for connecting, TLS and login together.
    static let timeout = TimeAmount.seconds(10)

    let resource: Resource
    let eventLoop: any EventLoop
    /// The password is used where the target proves that it knows it too, by SCRAM, and nowhere else.
    var needsProof = false

    /// A logged-in connection that reports to `events` from then on.
    func connect(
        startup: [(name: String, value: String)], events: any TargetEvents
    ) -> EventLoopFuture<(any Channel, TargetGreeting)> {
        let ready = eventLoop.makePromise(of: TargetGreeting.self)
        let handler = TargetHandler(
            resource: resource, needsProof: needsProof, startup: startup, events: events, ready: ready)
        let bound = NIOLoopBound(handler, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
        let connecting: EventLoopFuture<any Channel>
        if resource.target.isUnixSocket {
            connecting = ClientBootstrap(group: eventLoop)
                .connectTimeout(Self.timeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(bound.value)
                    }
                }
                .connect(unixDomainSocketPath: "\(resource.target.host)/.s.PGSQL.\(resource.target.port)")
        } else {
            connecting = bootstrap.connect(host: resource.target.host, port: resource.target.port)
        }
        let name = resource.name
        connecting.whenFailure { ready.fail($0) }
        return connecting.flatMapErrorThrowing { error in
            throw SessionFailure(
                "08001", "the target of resource “\(name)” cannot be reached",
                hint: "An operator finds the reason in Ingress's log.", detail: "\(error)")
        }.flatMap { channel in
            let deadline = channel.eventLoop.scheduleTask(in: Self.timeout) {
                ready.fail(SessionFailure("08001", "the target of resource “\(name)” did not answer in time"))
                channel.close(promise: nil)
            }
            return ready.futureResult.map { greeting in
                deadline.cancel()
                return (channel, greeting)
            }.flatMapErrorThrowing { error in
                deadline.cancel()
                channel.close(promise: nil)
                throw error
            }
        }
    }

    /// Sends a CancelRequest on a connection of its own. `done` is called when the target has passed it on, or could not
    /// be told: whatever it is to hit was hit by then.
    func cancel(processID: Int32, key: [UInt8], done: @escaping @Sendable () -> Void = {}) {
        let request = FrontendEncoder.cancel(processID: processID, key: key)
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(Self.timeout)
        let connecting =
            resource.target.isUnixSocket
            ? bootstrap.connect(unixDomainSocketPath: "\(resource.target.host)/.s.PGSQL.\(resource.target.port)")
            : bootstrap.connect(host: resource.target.host, port: resource.target.port)
        connecting.whenFailure { _ in done() }
        connecting.whenSuccess { channel in
            channel.closeFuture.whenComplete { _ in done() }
            channel.writeAndFlush(request).whenComplete { _ in channel.close(mode: .output, promise: nil) }
            // The target closes when it has passed the request on; a target that never does is not waited for.
            channel.eventLoop.scheduleTask(in: Self.timeout) { channel.close(promise: nil) }
        }
    }
}

/// Speaks the start of a target connection: TLS, startup, login; then hands messages over.
private final class TargetHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case connecting
        case awaitingTLSAnswer
        case awaitingTLSHandshake
        case loggingIn(ScramClient?)
        case starting
        case ready
        case failed
    }

    private let resource: Resource
    private let needsProof: Bool
    private let startup: [(name: String, value: String)]
    private let events: any TargetEvents
    private let ready: EventLoopPromise<TargetGreeting>
    private var phase = Phase.connecting
    private var decoder = FrameDecoder(maximum: WireLimit.backendMessage)
    private var greeting = TargetGreeting()
    private var usesTLS = false
    /// The target showed that it knows the password too (SCRAM).
    private var isProven = false

    init(
        resource: Resource, needsProof: Bool, startup: [(name: String, value: String)], events: any TargetEvents,
        ready: EventLoopPromise<TargetGreeting>
    ) {
        self.resource = resource
        self.needsProof = needsProof
        self.startup = startup
        self.events = events
        self.ready = ready
    }

    func channelActive(context: ChannelHandlerContext) {
        if resource.tls == .disable || resource.target.isUnixSocket {
            sendStartup(context)
        } else {
            phase = .awaitingTLSAnswer
            context.writeAndFlush(wrapOutboundOut(FrontendEncoder.sslRequest()), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        do {
            if case .awaitingTLSAnswer = phase {
                try answerTLS(bytes, context)
                return
            }
            decoder.append(bytes)
            while let frame = try decoder.next() {
                switch phase {
                case .ready: events.targetDidReceive(frame)
                case .loggingIn, .starting: try receive(frame, context)
                case .failed: return
                case .connecting, .awaitingTLSAnswer, .awaitingTLSHandshake:
                    throw failure("sent a message before it was asked")
                }
            }
        } catch let error as SessionFailure {
            fail(error, context)
        } catch {
            fail(failure("\(error)"), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .ready = phase { events.targetDidFinishReading() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .ready = phase { events.targetWritabilityDidChange() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .ready: events.targetDidClose(nil)
        case .failed: break
        case .connecting, .awaitingTLSAnswer, .awaitingTLSHandshake, .loggingIn, .starting:
            ready.fail(failure("closed the connection during login"))
        }
        phase = .failed
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event, case .awaitingTLSHandshake = phase { sendStartup(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        var failure = failure("\(error)")
        // An open session hears the same of a target that is gone, whether it said so or its connection broke.
        if case .ready = phase {
            failure = SessionFailure("57P01", "the target closed the connection", detail: failure.detail)
        }
        fail(failure, context)
    }

    // MARK: TLS

    private func answerTLS(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) throws {
        // Anything after the answer was sent before the handshake, so by nobody that TLS vouches for.
        guard bytes.readableBytes == 1, let answer = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else {
            throw failure("answered SSLRequest with more than one byte")
        }
        switch (answer, resource.tls) {
        case (UInt8(ascii: "S"), _):
            let host = resource.target.host
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            let tls = try NIOSSLClientHandler(
                context: try TargetTLSContext.make(resource), serverHostname: isAddress ? nil : host)
            usesTLS = true
            phase = .awaitingTLSHandshake
            try context.pipeline.syncOperations.addHandler(tls, position: .first)
        case (UInt8(ascii: "N"), .prefer):
            sendStartup(context)
        case (UInt8(ascii: "N"), .disable), (UInt8(ascii: "N"), .require), (UInt8(ascii: "N"), .verifyFull):
            throw failure("does not offer TLS, which the resource requires")
        default:
            throw failure("gave no valid answer to SSLRequest")
        }
    }

    private func sendStartup(_ context: ChannelHandlerContext) {
        phase = .loggingIn(nil)
        let parameters =
            [(name: "user", value: resource.credentials.user), (name: "database", value: resource.target.database)]
            + startup
        context.writeAndFlush(wrapOutboundOut(FrontendEncoder.startup(parameters)), promise: nil)
    }

    // MARK: Login

    private func receive(_ frame: Frame, _ context: ChannelHandlerContext) throws {
        switch frame.type {
        case BackendType.authentication: try authenticate(frame, context)
        case BackendType.parameterStatus:
            let status = try BackendDecoder.parameterStatus(frame)
            if let objection = StartupRules.objection(toSetting: status.name, value: status.value) { throw objection }
            greeting.parameters.removeAll { $0.name == status.name }
            greeting.parameters.append(status)
        case BackendType.backendKeyData:
            (greeting.processID, greeting.cancelKey) = try BackendDecoder.backendKeyData(frame)
        case BackendType.readyForQuery:
            guard case .starting = phase else { throw failure("was ready before the login was done") }
            greeting.status = try BackendDecoder.readyForQuery(frame)
            phase = .ready
            ready.succeed(greeting)
        case BackendType.noticeResponse, BackendType.negotiateProtocolVersion: break
        case BackendType.errorResponse:
            let fields = try BackendDecoder.errorFields(frame)
            // The target's words may name its user; they go to the log alone.
            let state = fields[UInt8(ascii: "C")] ?? "", text = fields[UInt8(ascii: "M")] ?? ""
            throw failure("refused the login: \(state) \(text)", state: state.hasPrefix("53") ? state : "08001")
        default: throw failure("sent an unexpected message during login")
        }
    }

    private func authenticate(_ frame: Frame, _ context: ChannelHandlerContext) throws {
        guard case .loggingIn(let scram) = phase else { throw failure("asked for a second login") }
        let (code, rest) = try BackendDecoder.authentication(frame)
        if needsProof, code == 3 || code == 5 {
            throw failure("asks for the secret without a proof of its own; only scram-sha-256 is used here")
        }
        switch code {
        case 0:
            if scram != nil || needsProof, !isProven { throw failure("skipped its own proof") }
            phase = .starting
        case 3:
            guard usesTLS || resource.target.isUnixSocket || context.remoteAddress?.isLoopback == true else {
                throw failure("asks for the password in the clear without TLS; set tls: require for the resource")
            }
            reply(FrontendEncoder.password(try resource.credentials.password.resolve()), context)
        case 5:
            let salt = [UInt8](rest.readableBytesView)
            guard salt.count == 4 else { throw failure("sent an invalid md5 salt") }
            let password = try resource.credentials.password.resolve()
            let inner = try MD5Digest.hex(Array((password + resource.credentials.user).utf8))
            reply(FrontendEncoder.password("md5" + (try MD5Digest.hex(Array(inner.utf8) + salt))), context)
        case 10:
            guard try BackendDecoder.mechanisms(rest).contains(ScramClient.mechanism) else {
                throw failure("offers no SASL mechanism but ones that Sluice does not speak")
            }
            var client = ScramClient(password: try resource.credentials.password.resolve())
            let first = client.clientFirst()
            phase = .loggingIn(client)
            reply(FrontendEncoder.saslInitialResponse(mechanism: ScramClient.mechanism, data: first), context)
        case 11:
            guard var client = scram else { throw failure("continued a login that had not begun") }
            let final = try client.receive(serverFirst: [UInt8](rest.readableBytesView))
            phase = .loggingIn(client)
            reply(FrontendEncoder.saslResponse(final), context)
        case 12:
            guard var client = scram else { throw failure("ended a login that had not begun") }
            try client.receive(serverFinal: [UInt8](rest.readableBytesView))
            phase = .loggingIn(client)
            isProven = true
        default:
            throw failure("asks for authentication method \(code), which Sluice does not speak")
        }
    }

    private func reply(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func failure(_ detail: String, state: String = "08001") -> SessionFailure {
        SessionFailure(
            state, "the target of resource “\(resource.name)” cannot be used",
            hint: "An operator finds the reason in Ingress's log.",
            detail: "target \(resource.target.description) \(detail)")
    }

    private func fail(_ failure: SessionFailure, _ context: ChannelHandlerContext) {
        switch phase {
        case .ready: events.targetDidClose(failure)
        case .failed: return
        case .connecting, .awaitingTLSAnswer, .awaitingTLSHandshake, .loggingIn, .starting: ready.fail(failure)
        }
        phase = .failed
        context.close(promise: nil)
    }
}

/// TLS towards targets.
enum TargetTLSContext {
    static func make(_ resource: Resource) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["postgresql"]
        if resource.tls == .verifyFull {
            tls.certificateVerification = .fullVerification
            if let authority = resource.certificateAuthority { tls.trustRoots = .file(authority) }
        } else {
            tls.certificateVerification = .none
        }
        return try NIOSSLContext(configuration: tls)
    }
}

extension SocketAddress {
    /// 127.0.0.0/8, ::1 or a Unix socket.
    var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") == true
        case .v6: ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}
