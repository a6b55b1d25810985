import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import NIOPosix
import NIOSSL
import PolicyFiles
import PostgresAccept
import Synchronization
import Telemetry

/// The process: event loops, the inbox, the listeners, and the files that are looked at once a second.
final class IngressProcess: Sendable {
    /// How long sessions may finish what they do after SIGTERM.
    static let drainSeconds = 25
    /// A loop's number is one byte of its questions' sequences.
    static let maximumLoops = 256
    /// How often identities and policy are looked at.
    static let watchInterval = Duration.seconds(1)

    private let configuration: Configuration
    private let environment: StageEnvironment
    private let shared: GatewayShared
    private let group: MultiThreadedEventLoopGroup
    private let services: [LoopServices]
    private let reader: InboxReader
    private let certificate: SelfSignedCertificate
    private let tls: NIOSSLContext
    private let policy: Mutex<PolicyWatch>
    /// From the start, so that counts begin with 0 and not with the first client.
    private let metrics = IngressMetrics.current

    init(configuration: Configuration, environment: StageEnvironment) throws {
        self.configuration = configuration
        self.environment = environment
        policy = Mutex(PolicyWatch(path: configuration.policyFile))
        let keyring = try Self.keyring(configuration)
        shared = try GatewayShared(
            configuration: configuration, keyring: keyring,
            identities: try IdentityStore(path: configuration.state.identities))
        certificate = try SelfSignedCertificate.ensure(directory: configuration.state.tls)
        tls = try Self.tlsContext(certificate)
        // One loop leaves the other cores to the stages and the target; connections are spread over all there are.
        let loops = min(max(1, ProcessInfo.processInfo.activeProcessorCount / 2), Self.maximumLoops)
        group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let context = try BusContext()
        let inbox = try Inbox(context: context, endpoint: try environment.inboxEndpoint())
        var onNetwork = environment
        onNetwork.network = try configuration.networkPlan(for: environment.stage)
        let network = try Network.start(onNetwork, inbox: inbox, context: context)
        var services: [LoopServices] = []
        for (index, loop) in group.makeIterator().enumerated() {
            services.append(
                LoopServices(
                    eventLoop: loop, index: UInt8(index), context: context, replyTo: inbox.replyAddress,
                    shared: shared,
                    network: network))
        }
        self.services = services
        reader = InboxReader(inbox: inbox, eventLoop: services[0].eventLoop) { [services] batch in
            if services.count == 1, services[0].eventLoop.inEventLoop { return services[0].receive(batch) }
            let perLoop = Dictionary(grouping: batch) { Conductor.loop(ofSequence: $0.header.sequence) }
            for (index, messages) in perLoop where index < services.count {
                services[index].eventLoop.execute { services[index].receive(messages) }
            }
        }
        updateEpoch()
    }

    func run() async throws {
        reader.start()
        let monitor = try Monitoring.start(
            stage: environment.stage, replica: environment.replica, bus: environment.bus)
        let inherited = try SocketActivation(environment: ProcessInfo.processInfo.environment)
        var listeners: [PostgresListener] = []
        var accepting: [Accepting] = []
        for listener in configuration.listeners {
            let postgres = PostgresListener(listener: listener, services: services, tls: tls, shared: shared)
            let sockets = try inherited.sockets(
                for: listener.protocolName, isOnlyListener: configuration.listeners.count == 1)
            do {
                accepting.append(try await postgres.accept(on: sockets, group: group))
            } catch {
                throw BusError(.environment, "cannot listen on \(listener.description): \(error)")
            }
            listeners.append(postgres)
        }
        ProcessTelemetry.current.health.becameReady()
        SupervisorNotice.ready(status: "TLS certificate SHA-256 \(certificate.sha256Fingerprint)")
        var watchdog = Watchdog()
        let pulse = LoopPulse(services.map(\.eventLoop))
        while !StageSignals.shouldDrain, !HandoverSignal.hasCome {
            try await turn(listeners, &watchdog, pulse)
        }
        if !StageSignals.shouldDrain {
            await stopAccepting(accepting)
            accepting = []
            try await finishConnections(listeners, &watchdog, pulse)
        }
        try await drain(listeners, accepting, monitor)
    }

    /// What was accepted before is counted as a connection when this returns.
    private func stopAccepting(_ accepting: [Accepting]) async {
        for listener in accepting {
            do {
                try await listener.stop()
            } catch {
                StageLog.error("closing a listener: \(error)")
            }
        }
        // The last accepted connections are set up on their own loops; what is queued there now comes after them.
        for service in services {
            await withCheckedContinuation { continuation in
                service.eventLoop.execute { continuation.resume() }
            }
        }
    }

    /// Goes on as before for the connections that are here, until they end, the time is up, or SIGTERM comes.
    private func finishConnections(
        _ listeners: [PostgresListener], _ watchdog: inout Watchdog, _ pulse: LoopPulse
    ) async throws {
        ProcessTelemetry.current.health.beganDraining()
        let seconds = configuration.limits.drainSeconds
        let open = shared.openConnections
        SupervisorNotice.stopping(
            status: open == 0
                ? "no connections"
                : "\(open) \(open == 1 ? "connection goes" : "connections go") on here, for \(seconds) s at most")
        let deadline = ContinuousClock.now + .seconds(seconds)
        while shared.openConnections > 0, ContinuousClock.now < deadline, !StageSignals.shouldDrain {
            try await turn(listeners, &watchdog, pulse)
        }
    }

    /// One of the main task's turns.
    private func turn(
        _ listeners: [PostgresListener], _ watchdog: inout Watchdog, _ pulse: LoopPulse
    ) async throws {
        try await Task.sleep(for: Self.watchInterval / 10)
        watch(listeners)
        if watchdog.isWatched, pulse.everyLoopTurned() { watchdog.turned() }
    }

    private func drain(
        _ listeners: [PostgresListener], _ accepting: [Accepting], _ monitor: MetricsServer
    ) async throws {
        SupervisorNotice.stopping()
        ProcessTelemetry.current.health.beganDraining()
        shared.drain()
        await stopAccepting(accepting)
        let deadline = ContinuousClock.now + .seconds(Self.drainSeconds)
        while shared.openConnections > 0, ContinuousClock.now < deadline {
            for listener in listeners { listener.drain(force: false) }
            try await Task.sleep(for: .milliseconds(20))
        }
        for listener in listeners { listener.drain(force: true) }
        // The last records, among them the sessions' ends, are acknowledged before the process goes.
        for service in services {
            await withCheckedContinuation { continuation in
                service.eventLoop.execute {
                    let once = OnceContinuation(continuation)
                    service.audit.whenDrained { once.resume() }
                    service.eventLoop.scheduleTask(in: .seconds(3)) { once.resume() }
                }
            }
        }
        try await monitor.close()
        exit(0)
    }

    // MARK: Files that change

    private let lastWatch = WatchClock()

    private func watch(_ listeners: [PostgresListener]) {
        guard lastWatch.isDue(every: Self.watchInterval) else { return }
        updateEpoch()
        let snapshot = shared.currentIdentities()
        for listener in listeners { listener.checkIdentities(snapshot, now: Date()) }
    }

    /// A policy that cannot be read has no epoch: nothing is memoised.
    private func updateEpoch() {
        guard let found = policy.withLock({ $0.changed() }) else { return }
        let epoch: [UInt8]
        switch found {
        case .success(let files): epoch = files.epoch
        case .failure: epoch = []
        }
        shared.update(policyEpoch: epoch)
        ProcessTelemetry.current.setPolicyEpoch(epoch)
    }

    // MARK: Keys

    private static func keyring(_ configuration: Configuration) throws -> DecisionKeyring {
        var keys: [String: DecisionKey] = [:]
        for stage in configuration.stages.requestRoute() + [StageName.approver] {
            keys[stage] = try DecisionKey(path: configuration.state.key(stage: stage))
        }
        return DecisionKeyring(keys)
    }

    private static func tlsContext(_ certificate: SelfSignedCertificate) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.certificatePath).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem)))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["postgresql"]
        return try NIOSSLContext(configuration: tls)
    }
}

/// Resumes a continuation once, whoever comes first. Used on one event loop.
private final class OnceContinuation: @unchecked Sendable {
    private var continuation: CheckedContinuation<Void, Never>?
    init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }
    func resume() {
        continuation?.resume()
        continuation = nil
    }
}

/// When something was last done. Used by one task.
private final class WatchClock: @unchecked Sendable {
    private var last = ContinuousClock.now
    func isDue(every interval: Duration) -> Bool {
        guard ContinuousClock.now - last >= interval else { return false }
        last = ContinuousClock.now
        return true
    }
}
