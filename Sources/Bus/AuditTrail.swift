import Contract
import SwiftProtobuf
import Telemetry

/// Ingress's side of the audit lane: numbers each session's records, sends them in batches to the session's recorder,
/// keeps them until they are acknowledged, and tells when they are. A session stays with one recorder until that is
/// silent, gone or draining while another is live; then what is not acknowledged goes to that one. Owned by one event
/// loop.
public final class AuditTrail {
    /// Bytes of records after which a message takes no more.
    static let batchBytes = 4 << 20
    /// Unacknowledged bytes of one session above which its connections must stop reading (``Session/isFull``).
    public static let sessionBytes = 4 << 20
    /// First wait for an acknowledgement before records are sent again, nanoseconds; doubles up to ``resendMaximum``
    /// while none comes, so that a slow recorder is not buried under what it has already.
    static let resendFirst: UInt64 = 250_000_000
    static let resendMaximum: UInt64 = 2_000_000_000
    /// Wait before a batch that found no room is tried again, nanoseconds.
    static let retryUnsent: UInt64 = 10_000_000
    /// Records kept after their session has gone, over all sessions; beyond it the oldest session's are given up.
    static let orphanSessions = 4096
    /// Places for records that a session's empty list keeps, and bytes that the batch buffer keeps.
    static let keptRecords = 8
    static let keptBuffer = 64 << 10

    private let links: Links
    private let replyTo: ReplyAddress
    let budget: AuditBudget
    /// Number of the last batch that was sent.
    private var lastBatch: UInt64 = 0
    private var questions: AuditQuestions
    /// The recorders that are registered now.
    private var recorders: [AuditRecorder] = []
    /// Tells which recorders there are.
    var registry: () -> [Replica]
    private var sessions: [String: Session] = [:]
    /// Sessions with records to send.
    private var dirty: [Session] = []
    /// Sessions with unacknowledged records or waiters; each knows its place here.
    private var waiting: [Session] = []
    private var buffer: [UInt8] = []
    private var drained: (() -> Void)?

    /// `budget`: of all trails of the process.
    public init(links: Links, replyTo: ReplyAddress, loop: UInt8, budget: AuditBudget) {
        self.links = links
        self.replyTo = replyTo
        self.budget = budget
        questions = AuditQuestions(loop: loop)
        registry = { links.replicas(of: StageName.recorder) }
    }

    /// Begins the recording of a session, whose id no other has. It is over with its `SessionEnded`.
    public func begin(session id: String, durability: Durability) -> Session {
        let session = Session(id: id, durability: durability, trail: self)
        sessions[id] = session
        return session
    }

    /// What the answer to the last batch carries.
    var lastSequence: UInt64 { questions.last }

    /// Sessions that wait for a recorder; idle ones do not.
    var waitingSessions: Int { waiting.count }

    // MARK: What sessions tell

    func mustSend(_ session: Session) {
        mustWait(session)
        guard !session.isDirty else { return }
        session.isDirty = true
        dirty.append(session)
    }

    func mustWait(_ session: Session) {
        guard session.place == nil else { return }
        session.place = waiting.count
        waiting.append(session)
    }

    func fail(_ session: Session, _ failure: AuditFailure) {
        let waiters = session.fail(failure)
        settle(session)
        for waiter in waiters { waiter.handler(failure) }
    }

    func forget(_ session: Session) {
        if sessions[session.id] === session { sessions[session.id] = nil }
        leave(session)
    }

    private func leave(_ session: Session) {
        guard let place = session.place, let last = waiting.popLast() else { return }
        session.place = nil
        guard last !== session else { return }
        waiting[place] = last
        last.place = place
    }

    /// Takes a session off the lists that it need not be on any more.
    private func settle(_ session: Session) {
        if session.hasEnded, session.unacknowledged.isEmpty {
            forget(session)
        } else if !session.isWaiting {
            leave(session)
        }
    }

    // MARK: Recorders

    /// Learns which recorders there are now.
    private func refresh() {
        let found = registry()
        for recorder in recorders where !found.contains(where: { $0.endpoint == recorder.endpoint }) {
            recorder.state = .gone
        }
        recorders.removeAll { $0.state == .gone }
        for replica in found {
            guard let place = recorders.firstIndex(where: { $0.endpoint == replica.endpoint }) else {
                recorders.append(AuditRecorder(replica))
                continue
            }
            if !recorders[place].update(replica) {
                // Another process: what the former one had and did not acknowledge is lost.
                recorders[place].state = .replaced
                recorders[place] = AuditRecorder(replica)
            }
        }
    }

    /// Where the session's next records go, after moving it when it must. Nil: they wait.
    private func recorder(for session: Session, now: UInt64) -> AuditRecorder? {
        let current = session.recorder
        switch current?.state {
        case .live: return current
        case .suspect, .draining:
            guard let other = best(for: session.id, among: .live) else { return current }
            guard !isAnswering(session, now: now) else { return nil }
            session.move(to: other, lastBatch: lastBatch)
        case .replaced, .gone, nil:
            let same = recorders.first { $0.endpoint == current?.endpoint && $0.state == .live }
            guard
                let other = same ?? best(for: session.id, among: .live) ?? best(for: session.id, among: .draining)
                    ?? best(for: session.id, among: .suspect)
            else { return nil }
            guard !isAnswering(session, now: now) else { return nil }
            session.move(to: other, lastBatch: lastBatch)
        }
        return session.recorder
    }

    /// Whether the session leaves a recorder that still answers: what it has is soon acknowledged, and then not sent to
    /// the next one too.
    private func isAnswering(_ session: Session, now: UInt64) -> Bool {
        guard session.isUnderWay else { return false }
        switch session.recorder?.state {
        case .draining, .gone: return now < session.sentAt + Self.resendFirst
        case .live, .suspect, .replaced, nil: return false
        }
    }

    /// The same for a session as long as the recorders in this state stay the same (rendezvous hashing).
    private func best(for session: String, among state: AuditRecorder.State) -> AuditRecorder? {
        recorders.filter { $0.state == state }
            .max { Links.weight($0.endpoint, session) < Links.weight($1.endpoint, session) }
    }

    /// Whether records under way to a recorder must be sent to another one, which is there.
    private func isStranded(_ session: Session, hasLive: Bool, now: UInt64) -> Bool {
        guard session.isUnderWay, session.failure == nil else { return false }
        switch session.recorder?.state {
        case .live, nil: return false
        case .suspect: return hasLive
        case .draining: return hasLive && !isAnswering(session, now: now)
        case .gone, .replaced: return !recorders.isEmpty && !isAnswering(session, now: now)
        }
    }

    // MARK: Sending

    /// Sends what was appended since the last time, one message per recorder and durability.
    public func flush(now: UInt64) {
        guard !dirty.isEmpty else { return }
        if recorders.isEmpty { refresh() }
        var batches: [AuditBatch] = []
        var later: [Session] = []
        for session in dirty {
            session.isDirty = false
            guard session.failure == nil, session.hasUnsent || session.recorder?.state != .live else { continue }
            guard let recorder = recorder(for: session, now: now), recorder.isOpen(now: now) else {
                later.append(session)
                continue
            }
            guard session.hasUnsent else { continue }
            let place: Int
            if let found = batches.firstIndex(where: {
                $0.recorder === recorder && $0.durability == session.durability
            }) {
                place = found
            } else {
                place = batches.count
                batches.append(
                    AuditBatch(recorder: recorder, durability: session.durability, buffer: takeBuffer()))
            }
            session.write(to: &batches[place])
            if batches[place].members.last?.session !== session { later.append(session) }
        }
        dirty.removeAll(keepingCapacity: true)
        for session in later { mustSend(session) }
        while let batch = batches.popLast() { send(batch, now: now) }
    }

    private func takeBuffer() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &buffer)
        return taken
    }

    private func send(_ batch: consuming AuditBatch, now: UInt64) {
        let members = batch.members
        let number = lastBatch + 1
        guard queue(&batch, sequence: questions.ask(batch: number)) else {
            batch.recorder.refusedAt = now
            for member in members { mustSend(member.session) }
            return
        }
        lastBatch = number
        for (session, through, beginsWhole) in members {
            session.wasSent(through: through, batch: number, beginsWhole: beginsWhole, now: now)
            if session.hasUnsent { mustSend(session) }
        }
        let used = batch.reclaim()
        if used.capacity <= Self.keptBuffer { buffer = used }
    }

    private func queue(_ batch: inout AuditBatch, sequence: UInt64) -> Bool {
        var header = Header()
        header.kind = .record
        header.lane = .audit
        header.sequence = sequence
        replyTo.write(to: &header)
        do {
            try batch.close()
            let message = BusMessage(header: header, body: batch.body)
            switch try links.send(message, to: .inbox(batch.recorder.endpoint)) {
            case .queued(let endpoint):
                links.settled(endpoint: endpoint)
                return true
            case .unavailable, .noInbox:
                return false
            }
        } catch {
            StageLog.error("cannot send records: \(error)")
            return false
        }
    }

    // MARK: Acknowledgements

    /// Takes a recorder's acknowledgement. One that answers no batch is dropped.
    public func receive(_ message: BusMessage, now: UInt64) {
        guard message.header.kind == .recorded, let batch = questions.batch(of: message.header.sequence) else { return }
        let ack: RecordAck
        do {
            ack = try message.body(as: RecordAck.self)
        } catch {
            StageLog.error("acknowledgement dropped: \(error)")
            return
        }
        let mark = ack.replica.isEmpty ? nil : AuditMark(ack)
        for one in ack.sessions {
            guard let session = sessions[one.session], batch >= session.validFrom else { continue }
            session.recorder?.heardAt = now
            acknowledge(session, one, mark, error: ack.error, batch: batch, now: now)
        }
        tellWhenDrained()
    }

    private func acknowledge(
        _ session: Session, _ ack: SessionAck, _ mark: AuditMark?, error: String, batch: UInt64, now: UInt64
    ) {
        let reached = session.advance(to: ack.through, mark: mark)
        var failed: [Waiter] = []
        var failure = AuditFailure(reason: error)
        if !ack.error.isEmpty {
            if batch == session.firstBatch, session.resumeOnce() {
                mustSend(session)
            } else if batch == session.firstBatch {
                failure = AuditFailure(reason: ack.error)
                failed = session.fail(failure)
            } else if batch > session.firstBatch {
                // Records before these may have been lost with a recorder that died: after them it may take these too.
                session.sendAgain(now: now)
                mustSend(session)
            }
        } else if !error.isEmpty {
            failed = session.takeWaiters { _ in true }
        }
        settle(session)
        for waiter in reached { waiter.handler(nil) }
        for waiter in failed { waiter.handler(failure) }
    }

    // MARK: Time

    /// Sends again what is not acknowledged in time and fails waiters past their deadline. Call about every 10 ms;
    /// sessions that wait for nothing cost nothing.
    public func tick(now: UInt64) {
        refresh()
        let hasLive = recorders.contains { $0.state == .live }
        var late: [Waiter] = []
        var orphans = 0
        for session in waiting {
            if session.hasEnded { orphans += 1 }
            if isStranded(session, hasLive: hasLive, now: now) {
                mustSend(session)
            } else if session.isResendDue(now: now) {
                session.sendAgain(now: now)
                session.waitLonger()
                PeerMetrics.of(StageName.recorder).resends.add()
                mustSend(session)
            }
            late += session.takeWaiters { $0.deadline <= now }
        }
        if orphans > Self.orphanSessions { giveUpOldest(orphans - Self.orphanSessions) }
        flush(now: now)
        for waiter in late { waiter.handler(.late) }
        tellWhenDrained()
    }

    private func giveUpOldest(_ count: Int) {
        let failure = AuditFailure.late
        // Session ids begin with their time.
        for oldest in waiting.filter(\.hasEnded).sorted(by: { $0.id < $1.id }).prefix(count) {
            StageLog.error("the end of a session was never acknowledged; given up", session: oldest.id)
            let waiters = oldest.fail(failure)
            forget(oldest)
            for waiter in waiters { waiter.handler(failure) }
        }
    }

    private func tellWhenDrained() {
        guard let drained, sessions.isEmpty else { return }
        self.drained = nil
        drained()
    }

    /// Calls `handler` once every record of every session is acknowledged and all sessions have ended.
    public func whenDrained(_ handler: @escaping () -> Void) {
        if sessions.isEmpty { handler() } else { drained = handler }
    }
}
