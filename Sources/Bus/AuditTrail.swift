import Contract
import Foundation
import SwiftProtobuf

/// Ingress's side of the audit lane: numbers each session's records, sends them in batches to the session's recorder,
/// keeps them until they are acknowledged, and tells when they are. Owned by one event loop.
public final class AuditTrail {
    /// Most bytes of records in one message; a record above it travels alone.
    static let batchBytes = 4 << 20
    /// Unacknowledged bytes of one session above which its connections must stop reading (``isFull(session:)``).
    public static let sessionBytes = 4 << 20
    /// First wait for an acknowledgement before records are sent again, nanoseconds; doubles up to ``resendMaximum``
    /// while none comes, so that a slow recorder is not buried under what it has already.
    static let resendFirst: UInt64 = 250_000_000
    static let resendMaximum: UInt64 = 2_000_000_000
    /// Records kept after their session has gone, over all sessions; beyond it the oldest session's are given up.
    static let orphanSessions = 4096

    private struct Waiter {
        let through: UInt64
        let deadline: UInt64
        let handler: (AuditFailure?) -> Void
    }

    private struct Session {
        let durability: Durability
        var unacknowledged: [Record] = []
        var sizes: [Int] = []
        var bytes = 0
        var lastSequence: UInt64 = 0
        var sentThrough: UInt64 = 0
        var acknowledged: UInt64 = 0
        var sentAt: UInt64 = 0
        var resendAfter = AuditTrail.resendFirst
        var waiters: [Waiter] = []
        var failure: AuditFailure?
        var ended = false
    }

    /// Why a record is not durable; the reason is public.
    public struct AuditFailure: Error, Sendable {
        public let reason: String
    }

    private let links: Links
    private let replyTo: String
    private var lastBatch: UInt64
    /// When the recorder last acknowledged anything.
    private var heardAt: UInt64 = 0
    private var sessions: [String: Session] = [:]
    private var dirty: Set<String> = []
    private var drained: (() -> Void)?

    public init(links: Links, replyTo: String, loop: UInt8) {
        self.links = links
        self.replyTo = replyTo
        lastBatch = UInt64(loop) << 56
    }

    public func begin(session: String, durability: Durability) {
        sessions[session] = Session(durability: durability)
    }

    /// Adds a record; it leaves with the next ``flush(now:)``. Returns its sequence.
    @discardableResult
    public func append(_ event: Record.OneOf_Event, session id: String) -> UInt64 {
        guard sessions[id] != nil else { preconditionFailure("a record for a session that never began") }
        var record = Record()
        record.session = id
        record.timeUs = unixMicroseconds()
        record.event = event
        let sequence = sessions[id]!.lastSequence + 1
        record.sequence = sequence
        if sessions[id]!.failure != nil {
            // The recorder takes no more of this session: nothing is kept for it, and its commands are refused.
            sessions[id]!.lastSequence = sequence
            if case .sessionEnded = event { sessions[id] = nil }
            return sequence
        }
        let size = Self.size(of: record)
        sessions[id]!.lastSequence = sequence
        sessions[id]!.unacknowledged.append(record)
        sessions[id]!.sizes.append(size)
        sessions[id]!.bytes += size
        if case .sessionEnded = event { sessions[id]!.ended = true }
        dirty.insert(id)
        return sequence
    }

    /// Whether the session has so many unacknowledged bytes that no more should be read for it.
    public func isFull(session: String) -> Bool { (sessions[session]?.bytes ?? 0) >= Self.sessionBytes }

    /// Whether `sequence` is acknowledged already.
    public func isDurable(session: String, through sequence: UInt64) -> Bool {
        (sessions[session]?.acknowledged ?? 0) >= sequence
    }

    /// Calls `handler` once all records up to `sequence` are acknowledged, or with the reason why they are not by
    /// `deadline` (monotonic nanoseconds).
    public func whenDurable(
        session id: String, through sequence: UInt64, deadline: UInt64, handler: @escaping (AuditFailure?) -> Void
    ) {
        guard let session = sessions[id] else {
            handler(AuditFailure(reason: "the session has no recording"))
            return
        }
        if session.acknowledged >= sequence { return handler(nil) }
        if let failure = session.failure { return handler(failure) }
        sessions[id]!.waiters.append(Waiter(through: sequence, deadline: deadline, handler: handler))
    }

    /// Sends what was appended since the last time, one message per recorder and durability.
    public func flush(now: UInt64) {
        guard !dirty.isEmpty else { return }
        var batches: [Durability: RecordBatch] = [:]
        var members: [Durability: [(session: String, through: UInt64)]] = [:]
        var bytes: [Durability: Int] = [:]
        var again: Set<String> = []
        for id in dirty {
            guard let session = sessions[id] else { continue }
            guard session.failure == nil else {
                // The recorder takes no more of this session, and its commands are refused.
                if session.ended { sessions[id] = nil }
                continue
            }
            let durability = session.durability
            let start = Int(session.sentThrough - session.acknowledged)
            var index = start
            while index < session.unacknowledged.count, bytes[durability, default: 0] < Self.batchBytes {
                batches[durability, default: RecordBatch()].records.append(session.unacknowledged[index])
                bytes[durability, default: 0] += session.sizes[index]
                index += 1
            }
            if index > start { members[durability, default: []].append((id, session.acknowledged + UInt64(index))) }
            if index < session.unacknowledged.count { again.insert(id) }
        }
        dirty = again
        for (durability, var batch) in batches {
            batch.durability = durability
            send(batch, members: members[durability] ?? [], now: now)
        }
    }

    private func send(_ batch: RecordBatch, members: [(session: String, through: UInt64)], now: UInt64) {
        lastBatch += 1
        var header = Header()
        header.kind = .record
        header.lane = .audit
        header.sequence = lastBatch
        header.replyTo = replyTo
        let result: SendResult
        do {
            let message = BusMessage(header: header, body: try batch.serializedBytes())
            result = try links.send(message, to: .pinned(stage: StageName.recorder, key: ""))
        } catch {
            StageLog.error("cannot send records: \(error)")
            result = .unavailable
        }
        switch result {
        case .queued(let endpoint):
            links.settled(endpoint: endpoint)
            for member in members {
                sessions[member.session]?.sentThrough = member.through
                sessions[member.session]?.sentAt = now
            }
        case .unavailable:
            // tick() tries again.
            for member in members { dirty.insert(member.session) }
        }
    }

    /// Takes a recorder's acknowledgement.
    public func receive(_ message: BusMessage, now: UInt64) {
        let ack: RecordAck
        do {
            ack = try message.body(as: RecordAck.self)
        } catch {
            StageLog.error("acknowledgement dropped: \(error)")
            return
        }
        heardAt = now
        for one in ack.sessions { acknowledge(one, error: ack.error) }
        tellWhenDrained()
    }

    private func acknowledge(_ ack: SessionAck, error: String) {
        guard var session = sessions[ack.session] else { return }
        let through = min(ack.through, session.lastSequence)
        if through > session.acknowledged {
            let count = Int(through - session.acknowledged)
            session.bytes -= session.sizes[..<count].reduce(0, +)
            session.unacknowledged.removeFirst(count)
            session.sizes.removeFirst(count)
            session.acknowledged = through
            session.resendAfter = Self.resendFirst
            session.sentThrough = max(session.sentThrough, through)
        }
        let reached = session.waiters.filter { $0.through <= session.acknowledged }
        session.waiters.removeAll { $0.through <= session.acknowledged }
        var failed: [Waiter] = []
        if !ack.error.isEmpty {
            session.failure = AuditFailure(reason: ack.error)
            session.unacknowledged = []
            session.sizes = []
            session.bytes = 0
            (failed, session.waiters) = (session.waiters, [])
        } else if !error.isEmpty {
            (failed, session.waiters) = (session.waiters, [])
        }
        let over = session.ended && (session.unacknowledged.isEmpty || session.failure != nil)
        sessions[ack.session] = over ? nil : session
        if over { dirty.remove(ack.session) }
        for waiter in reached { waiter.handler(nil) }
        let reason = ack.error.isEmpty ? error : ack.error
        for waiter in failed { waiter.handler(AuditFailure(reason: reason)) }
    }

    /// While the recorder acknowledges anything it is alive and has what was sent before: what is lost is lost with all
    /// that was on its way.
    private func isResendDue(_ session: Session, now: UInt64) -> Bool {
        session.sentAt + Self.resendMaximum <= now
            || session.sentAt + session.resendAfter <= now && heardAt + Self.resendFirst <= now
    }

    /// Sends again what is not acknowledged in time and fails waiters past their deadline. Call about every 10 ms.
    public func tick(now: UInt64) {
        var failed: [Waiter] = []
        var orphans = 0
        for (id, session) in sessions {
            if session.ended { orphans += 1 }
            if session.sentThrough > session.acknowledged, isResendDue(session, now: now), session.failure == nil {
                sessions[id]!.sentThrough = session.acknowledged
                sessions[id]!.resendAfter = min(session.resendAfter * 2, Self.resendMaximum)
                sessions[id]!.sentAt = now
                dirty.insert(id)
            }
            if session.waiters.contains(where: { $0.deadline <= now }) {
                failed += session.waiters.filter { $0.deadline <= now }
                sessions[id]!.waiters.removeAll { $0.deadline <= now }
            }
        }
        // Session ids begin with their time.
        if orphans > Self.orphanSessions, let oldest = sessions.lazy.filter(\.value.ended).map(\.key).min() {
            StageLog.error("the end of a session was never acknowledged; given up", session: oldest)
            sessions[oldest] = nil
        }
        flush(now: now)
        for waiter in failed { waiter.handler(AuditFailure(reason: "the recorder did not answer in time")) }
        tellWhenDrained()
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

    /// An estimate of a record's encoded size, bytes: its variable parts and a constant.
    private static func size(of record: Record) -> Int {
        switch record.event {
        case .output(let output): output.data.count + 128
        case .command(let command):
            command.text.utf8.count + command.raw.count + command.parameters.reduce(256) { $0 + $1.value.count + 8 }
        case .sessionStarted, .decision, .hold, .result, .sessionEnded, .notice, .stageEvent, .sessionResumed, nil: 512
        }
    }
}
