import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import PostgresWire
import Telemetry

/// From a proven identity to a governed session: the resource is found, the session is judged and recorded, and only
/// then the target is connected.
struct SessionOpening {
    let listener: LoopListener
    let rules: StartupRules
    let identity: AuthenticatedIdentity
    let client: any Channel

    func start(_ done: @escaping (Result<PostgresSession, SessionFailure>) -> Void) {
        let services = listener.services
        guard let resource = services.shared.configuration.resources.first(where: { $0.name == rules.database }),
            resource.protocolName == "postgres"
        else {
            return done(
                .failure(
                    SessionFailure(
                        "3D000", "no resource is named “\(rules.database)”",
                        hint: "connect with the database name set to one of Sluice's resources")))
        }
        let id = PostgresSession.makeID()
        var generator = SystemRandomNumberGenerator()
        let trace = TraceContext(using: &generator)
        let principal = Self.principal(identity, client: client)
        let recording = services.audit.begin(
            session: id, durability: resource.recording == .synced ? .synced : .written)
        var started = SessionStarted()
        started.principal = principal
        started.resource = resource.name
        started.protocol = "postgres"
        started.traceID = trace.traceID
        started.parameters = Dictionary(rules.forwarded.map { ($0.name, $0.value) }) { $1 }
        let record = recording.append(.sessionStarted(started))
        services.scheduleFlush()

        let refuse = { (failure: SessionFailure) in
            var ended = SessionEnded()
            ended.reason = failure.notice.message
            recording.append(.sessionEnded(ended))
            services.scheduleFlush()
            done(.failure(failure))
        }
        let digest = PostgresSession.digest(Array("sluice-session-v1\0\(id)".utf8))
        let request = JudgeRequest(
            session: id, principal: principal, principalKey: "session \(id)", resource: resource.name,
            protocolName: "postgres", purpose: .session, digest: digest, textDigest: digest, text: [],
            traceparent: trace.traceparent(span: 0))
        var exchange: UInt64 = 0
        exchange = services.judge(request) { event in
            switch event {
            case .held:
                services.conductor.cancel(sequence: exchange)
                IngressMetrics.current.sessionsUnavailable.add()
                refuse(Self.fatal(Refusals.unavailable("a stage holds the login, and only commands can be held")))
            case .unavailable(let reason):
                IngressMetrics.current.sessionsUnavailable.add()
                refuse(Self.fatal(Refusals.unavailable(reason)))
            case .ruled(let ruling):
                for event in Self.records(ruling) { recording.append(event) }
                services.scheduleFlush()
                guard ruling.outcome == .allow else { return refuse(Self.fatal(Refusals.policy(ruling))) }
                recording.whenDurable(
                    through: record, deadline: monotonicNanoseconds() + PostgresSession.recordTimeout
                ) { failure in
                    if let failure {
                        IngressMetrics.current.sessionsUnavailable.add()
                        return refuse(Self.fatal(Refusals.unavailable("its recording failed: \(failure.reason)")))
                    }
                    connect(recording, resource, principal, trace, ruling, refuse: refuse, done)
                }
            }
        }
    }

    private func connect(
        _ recording: AuditTrail.Session, _ resource: Resource, _ principal: Principal, _ trace: TraceContext,
        _ ruling: Ruling, refuse: @escaping (SessionFailure) -> Void,
        _ done: @escaping (Result<PostgresSession, SessionFailure>) -> Void
    ) {
        let listener = self.listener
        let session = PostgresSession(
            recording: recording, services: listener.services, resource: resource, identity: identity,
            principal: principal, client: client, catalog: listener.catalog(of: resource),
            schema: listener.schema(of: resource), opening: ruling, trace: trace
        ) { listener.remove($0) }
        let keyLength = rules.minorVersion >= 2 ? 32 : 4
        let bound = NIOLoopBound((session, refuse, done), eventLoop: listener.services.eventLoop)
        TargetConnector(resource: resource, eventLoop: listener.services.eventLoop)
            .connect(startup: rules.forwarded, events: session)
            .whenComplete { result in
                let (session, refuse, done) = bound.value
                switch result {
                case .success(let (target, greeting)):
                    let loop = listener.services.eventLoop
                    let handle = listener.cancels.register(keyLength: keyLength) {
                        loop.execute { bound.value.0.cancelRequested() }
                    }
                    listener.add(session)
                    session.begin(target: target, greeting: greeting, handle: handle)
                    done(.success(session))
                case .failure(let error):
                    refuse(
                        error as? SessionFailure
                            ?? SessionFailure(
                                "08001", "the target of resource “\(resource.name)” cannot be used", detail: "\(error)")
                    )
                }
            }
    }

    /// What was decided and noted about the session itself, as records of no command.
    private static func records(_ ruling: Ruling) -> [Record.OneOf_Event] {
        var decision = PostgresSession.decision(ruling, number: 0)
        decision.decisions = ruling.signed
        return [.decision(decision)] + ruling.events.map { .stageEvent($0) }
    }

    private static func fatal(_ notice: WireNotice) -> SessionFailure {
        SessionFailure(notice.sqlState, notice.message, hint: notice.hint)
    }

    private static func principal(_ identity: AuthenticatedIdentity, client: any Channel) -> Principal {
        var principal = Principal()
        principal.name = identity.name
        principal.groups = identity.groups
        principal.labels = identity.labels
        principal.method = identity.method.rawValue
        if let address = client.remoteAddress {
            principal.sourceAddress = "\(address.ipAddress ?? address.pathname ?? ""):\(address.port ?? 0)"
        }
        return principal
    }
}
