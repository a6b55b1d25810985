import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import NIOSSL
import NIOTLS
import PostgresWire
import Telemetry

/// A client connection from its first byte: TLS, startup, login, opening of the session; then it hands messages over.
///
/// Every step before the session is bounded: packets by ``WireLimit``, all of them together by
/// ``PostgresListener/handshakeTimeout``. It runs on the connection's own event loop, so that a silent client keeps
/// nobody waiting.
final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case startup
        case tlsHandshake
        case password(StartupRules, LoginCandidate)
        case scramFirst(StartupRules, LoginCandidate)
        case scramFinal(StartupRules, ScramLogin)
        /// Logged in; the session is being opened.
        case opening
        case session(PostgresSession)
        case closed
    }

    private let listener: LoopListener
    private let metrics = IngressMetrics.current
    private var phase = Phase.startup
    private var startupBytes = ByteBuffer()
    private var decoder = FrameDecoder(maximum: WireLimit.authenticationMessage)
    private var usesTLS = false
    private var isDirectTLS = false
    private var askedForGSS = false
    private var deadline: Scheduled<Void>?

    init(listener: LoopListener) { self.listener = listener }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: PostgresListener.handshakeTimeout) {
            let (handler, context) = bound.value
            handler.fail(
                SessionFailure(
                    "08006", "login took longer than \(PostgresListener.handshakeTimeout.nanoseconds / 1_000_000_000) s"
                ), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        metrics.clientReceivedBytes.add(bytes.readableBytes)
        do {
            switch phase {
            case .startup: try readStartup(bytes, context)
            case .tlsHandshake, .closed: break
            case .password, .scramFirst, .scramFinal, .opening, .session:
                decoder.append(bytes)
                try readFrames(context)
            }
        } catch let failure as SessionFailure {
            fail(failure, context)
        } catch let error as WireError {
            fail(SessionFailure("08P01", error.message), context)
        } catch let error as AuthenticationError {
            StageLog.info("login refused: \(error)")
            fail(SessionFailure("28P01", error.publicMessage), context)
        } catch {
            fail(SessionFailure("XX000", "internal error", detail: "\(error)"), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .session(let session) = phase { session.clientDidFinishReading() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .session(let session) = phase { session.clientWritabilityDidChange() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        if case .session(let session) = phase { session.end("the client closed the connection") }
        phase = .closed
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .session(let session) = phase { session.end("the client's connection failed") }
        phase = .closed
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .tlsHandshake = phase, case TLSUserEvent.handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            // Direct TLS must say what it speaks, so that another protocol's client cannot be led here.
            if isDirectTLS, negotiated != "postgresql" {
                return fail(SessionFailure("08P01", "direct TLS needs ALPN “postgresql”"), context)
            }
            usesTLS = true
            phase = .startup
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Startup

    private func readStartup(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) throws {
        startupBytes.writeImmutableBuffer(bytes)
        if !usesTLS, startupBytes.getInteger(at: startupBytes.readerIndex, as: UInt8.self) == 0x16, !askedForGSS {
            isDirectTLS = true
            try beginTLS(context)
            let hello = startupBytes
            startupBytes = ByteBuffer()
            context.pipeline.fireChannelRead(hello)
            return
        }
        while case .startup = phase, let packet = try StartupPacket.decode(&startupBytes) {
            switch packet {
            case .gssEncryptionRequest:
                guard !askedForGSS, !usesTLS else { throw WireError("GSSENCRequest out of turn") }
                askedForGSS = true
                write(ByteBuffer(bytes: [UInt8(ascii: "N")]), context)
            case .sslRequest:
                guard !usesTLS else { throw WireError("SSLRequest inside TLS") }
                // Bytes behind the request came unprotected and must not pass for protected ones (CVE-2021-23214).
                guard startupBytes.readableBytes == 0 else { throw WireError("data after SSLRequest") }
                write(ByteBuffer(bytes: [UInt8(ascii: "S")]), context)
                try beginTLS(context)
            case .cancel(let processID, let key):
                if !listener.cancels.cancel(processID: processID, key: key) {
                    listener.services.forwardCancel(
                        protocol: PostgresListener.protocolName,
                        key: CancelRegistry.forwarded(processID: processID, key: key))
                }
                phase = .closed
                context.close(promise: nil)
            case .startup(let message):
                guard startupBytes.readableBytes == 0 else { throw WireError("data after the startup packet") }
                try begin(message, context)
            }
        }
    }

    private func beginTLS(_ context: ChannelHandlerContext) throws {
        phase = .tlsHandshake
        try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: listener.tls), position: .first)
    }

    private func begin(_ message: StartupMessage, _ context: ChannelHandlerContext) throws {
        let rules = try StartupRules(message)
        if message.minorVersion > rules.minorVersion || !rules.unknownOptions.isEmpty {
            write(
                BackendEncoder.negotiateProtocolVersion(
                    newestMinor: Int32(rules.minorVersion), unknown: rules.unknownOptions), context)
        }
        let candidate = listener.services.shared.currentIdentities().candidate(name: rules.user)
        switch listener.authentication {
        case .scram:
            phase = .scramFirst(rules, candidate)
            write(BackendEncoder.authenticationSASL(mechanisms: [ScramClient.mechanism]), context)
        case .password:
            guard usesTLS || context.remoteAddress?.isLoopback == true else {
                throw SessionFailure(
                    "28000", "a password is only taken inside TLS", hint: "connect with sslmode=require")
            }
            phase = .password(rules, candidate)
            write(BackendEncoder.authenticationCleartextPassword(), context)
        }
    }

    // MARK: Login

    private func readFrames(_ context: ChannelHandlerContext) throws {
        while true {
            if case .opening = phase { return }
            // A type that cannot come now is refused before the length behind it is waited for.
            if let type = decoder.nextType {
                if case .session = phase {
                    guard FrontendType.inSession.contains(type) else {
                        throw WireError("unexpected message type \(type)")
                    }
                } else if type != FrontendType.password {
                    throw WireError("expected the login's next message, not type \(type)")
                }
            }
            guard let frame = try decoder.next() else { return }
            switch phase {
            case .session(let session): session.clientDidReceive(frame)
            case .password(let rules, let candidate):
                var body = frame.body
                let secret = try body.readPassword()
                let identity = try candidate.authenticate(secret: secret, now: Date())
                open(rules, identity, serverFinal: nil, context)
            case .scramFirst(let rules, let candidate):
                let first = try SASLInitialResponse(frame)
                guard first.mechanism == ScramClient.mechanism else {
                    throw WireError("SASL mechanism “\(first.mechanism)” was not offered")
                }
                var login = ScramLogin(candidate: candidate)
                let answer = try login.receive(clientFirst: first.data)
                phase = .scramFinal(rules, login)
                write(BackendEncoder.authenticationSASLContinue(answer), context)
            case .scramFinal(let rules, var login):
                let (final, identity) = try login.receive(
                    clientFinal: [UInt8](frame.body.readableBytesView), now: Date())
                open(rules, identity, serverFinal: final, context)
            case .startup, .tlsHandshake, .opening, .closed: return
            }
        }
    }

    private func open(
        _ rules: StartupRules, _ identity: AuthenticatedIdentity, serverFinal: [UInt8]?,
        _ context: ChannelHandlerContext
    ) {
        phase = .opening
        deadline?.cancel()
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        if let serverFinal { write(BackendEncoder.authenticationSASLFinal(serverFinal), context) }
        write(BackendEncoder.authenticationOk(), context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        SessionOpening(listener: listener, rules: rules, identity: identity, client: context.channel).start { result in
            let (handler, context) = bound.value
            switch result {
            case .success(let session): handler.opened(session, context)
            case .failure(let failure): handler.fail(failure, context)
            }
        }
    }

    private func opened(_ session: PostgresSession, _ context: ChannelHandlerContext) {
        guard case .opening = phase else { return session.end("the client closed the connection") }
        phase = .session(session)
        decoder.raise(maximum: WireLimit.frontendMessage)
        context.channel.setOption(.autoRead, value: true).whenFailure { _ in }
        do {
            try readFrames(context)
            session.clientDidFinishReading()
        } catch {
            fail(SessionFailure("08P01", "\(error)"), context)
        }
    }

    // MARK: Ends

    private func fail(_ failure: SessionFailure, _ context: ChannelHandlerContext) {
        if case .closed = phase { return }
        if !failure.detail.isEmpty { StageLog.error("\(failure.notice.message): \(failure.detail)") }
        deadline?.cancel()
        if case .session(let session) = phase {
            phase = .closed
            return session.end(failure.notice.message, failure: failure)
        }
        phase = .closed
        let notice = BackendEncoder.notice(failure.notice)
        context.writeAndFlush(wrapOutboundOut(notice), promise: nil)
        context.channel.closeAfterLinger()
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}
