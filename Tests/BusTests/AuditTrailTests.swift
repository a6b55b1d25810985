@testable import Bus
import Contract
import Foundation
import SwiftProtobuf
import Testing

/// Sends over real sockets to a recorder that the test plays; the time is the test's own.
@Suite("Audit trail")
struct AuditTrailTests {
    static let second: UInt64 = 1_000_000_000
    let bus: TemporaryBus
    let recorder: Inbox
    let links: Links
    let trail: AuditTrail
    let session: AuditTrail.Session
    /// What waiters were told: "" or the reason.
    let told = Box<String>()
    let now = 100 * second

    init() throws {
        bus = try TemporaryBus()
        recorder = try bus.inbox("recorder")
        links = try bus.links(to: recorder)
        trail = AuditTrail(
            links: links, replyTo: ReplyAddress(local: bus.endpoint("ingress", "0")), loop: 2, budget: bus.budget)
        session = trail.begin(session: "a", durability: .written)
    }

    private func note(_ text: String = "") -> Record.OneOf_Event {
        var notice = Notice()
        notice.text = text
        return .notice(notice)
    }

    private func batch() throws -> RecordBatch { try recorder.next().body(as: RecordBatch.self) }

    private func acknowledge(
        _ session: String = "a", through: UInt64, error: String = "", batchError: String = "", batch: UInt64? = nil
    ) throws {
        var one = SessionAck()
        one.session = session
        one.through = through
        one.error = error
        var ack = RecordAck()
        ack.sessions = [one]
        ack.error = batchError
        trail.receive(try reply(.recorded, ack, sequence: batch ?? trail.lastSequence), now: now)
    }

    private func wait(through: UInt64, deadline: UInt64 = .max) {
        session.whenDurable(through: through, deadline: deadline) { [told] in
            told.values.append($0?.reason ?? "")
        }
    }

    @Test func numbersEachSessionsRecordsFromOne() throws {
        let other = trail.begin(session: "b", durability: .written)
        #expect(session.append(note()) == 1)
        #expect(other.append(note()) == 1)
        #expect(session.append(note()) == 2)
        trail.flush(now: now)
        let message = try recorder.next()
        #expect(message.header.kind == .record)
        #expect(message.header.lane == .audit)
        #expect(message.header.session.isEmpty)
        #expect(message.header.replyTo == bus.endpoint("ingress", "0"))
        #expect(Conductor.loop(ofSequence: message.header.sequence) == 2)
        let batch = try message.body(as: RecordBatch.self)
        #expect(batch.durability == .written)
        #expect(batch.records.filter { $0.session == "a" }.map(\.sequence) == [1, 2])
        #expect(batch.records.filter { $0.session == "b" }.map(\.sequence) == [1])
        #expect(batch.records.allSatisfy { $0.timeUs > 0 })
    }

    @Test func eachDurabilityTravelsOnItsOwn() throws {
        let other = trail.begin(session: "b", durability: .synced)
        session.append(note())
        other.append(note())
        trail.flush(now: now)
        let batches = [try batch(), try batch()]
        #expect(Set(batches.map(\.durability)) == [.written, .synced])
        #expect(batches.allSatisfy { $0.records.count == 1 })
    }

    @Test func aFlushSendsOnlyWhatIsNew() throws {
        session.append(note())
        trail.flush(now: now)
        #expect(try batch().records.map(\.sequence) == [1])
        trail.flush(now: now)
        session.append(note())
        trail.flush(now: now)
        #expect(try batch().records.map(\.sequence) == [2])
    }

    @Test func waitersHearOfTheirRecord() throws {
        for _ in 0..<3 { session.append(note()) }
        trail.flush(now: now)
        wait(through: 1)
        wait(through: 3)
        #expect(told.values.isEmpty)
        try acknowledge(through: 2)
        #expect(told.values == [""])
        #expect(session.isDurable(through: 2))
        #expect(!session.isDurable(through: 3))
        wait(through: 2)
        #expect(told.values == ["", ""])
        try acknowledge(through: 3)
        #expect(told.values == ["", "", ""])
    }

    @Test func acknowledgementsOfStrangersDoNoHarm() throws {
        session.append(note())
        trail.flush(now: now)
        try acknowledge("stranger", through: 9, error: "nobody")
        #expect(!session.isDurable(through: 1))
    }

    @Test func aWaiterIsToldAtItsDeadline() throws {
        session.append(note())
        trail.flush(now: now)
        wait(through: 1, deadline: now + Self.second)
        trail.tick(now: now + Self.second - 1)
        #expect(told.values.isEmpty)
        trail.tick(now: now + Self.second)
        #expect(told.values == ["the recorder did not answer in time"])
        try acknowledge(through: 1)
        #expect(told.values.count == 1)
        #expect(session.isDurable(through: 1))
    }

    @Test func sendsAgainWhatIsNotAcknowledged() throws {
        for _ in 0..<3 { session.append(note()) }
        trail.flush(now: now)
        #expect(try batch().records.count == 3)
        try acknowledge(through: 1)
        trail.tick(now: now + AuditTrail.resendFirst - 1)
        #expect(try recorder.isEmpty(behind: message(session: "marker"), from: links))
        trail.tick(now: now + AuditTrail.resendFirst)
        #expect(try batch().records.map(\.sequence) == [2, 3])
        try acknowledge(through: 3)
        trail.tick(now: now + 10 * AuditTrail.resendFirst)
        #expect(try recorder.isEmpty(behind: message(session: "marker"), from: links))
    }

    @Test func aSlowRecorderIsAskedLessAndLessOften() throws {
        session.append(note())
        trail.flush(now: now)
        _ = try batch()
        var time = now
        var wait = AuditTrail.resendFirst
        for _ in 0..<5 {
            trail.tick(now: time + wait - 1)
            #expect(try recorder.isEmpty(behind: message(session: "marker"), from: links))
            time += wait
            trail.tick(now: time)
            #expect(try batch().records.map(\.sequence) == [1])
            wait = min(wait * 2, AuditTrail.resendMaximum)
        }
        // Once it answers, what follows is soon asked for again.
        try acknowledge(through: 1)
        session.append(note())
        trail.flush(now: time)
        #expect(try batch().records.map(\.sequence) == [2])
        trail.tick(now: time + AuditTrail.resendFirst)
        #expect(try batch().records.map(\.sequence) == [2])
    }

    @Test func oldAndImpossibleAcknowledgementsDoNoHarm() throws {
        for _ in 0..<3 { session.append(note()) }
        trail.flush(now: now)
        try acknowledge(through: 2)
        try acknowledge(through: 1)
        try acknowledge(through: 0)
        #expect(session.isDurable(through: 2))
        #expect(!session.isDurable(through: 3))
        try acknowledge(through: .max)
        #expect(session.isDurable(through: 3))
        // Not beyond what was ever appended.
        #expect(!session.isDurable(through: 4))
        #expect(session.append(note()) == 4)
        #expect(!session.isDurable(through: 4))
        trail.flush(now: now)
        #expect(try batch().records.count == 3)
        #expect(try batch().records.map(\.sequence) == [4])
        var garbage = message(.recorded)
        garbage.body = [0xff, 0xff]
        trail.receive(garbage, now: now)
        #expect(!session.isDurable(through: 4))
    }

    @Test func aSessionThatTheRecorderRefusesFailsAllItsWaiters() throws {
        session.append(note())
        session.append(note())
        trail.flush(now: now)
        wait(through: 1)
        wait(through: 2)
        try acknowledge(through: 1, error: "a record is missing")
        #expect(told.values == ["", "a record is missing"])
        #expect(!session.isFull)
        wait(through: 2)
        #expect(told.values.last == "a record is missing")
        session.append(note())
        wait(through: 3)
        #expect(told.values.count == 4)
    }

    @Test func aRecorderThatCouldNotWriteIsAskedAgain() throws {
        session.append(note())
        trail.flush(now: now)
        _ = try batch()
        wait(through: 1)
        try acknowledge(through: 0, batchError: "the disk is full")
        #expect(told.values == ["the disk is full"])
        trail.tick(now: now + AuditTrail.resendFirst)
        #expect(try batch().records.map(\.sequence) == [1])
        wait(through: 1)
        try acknowledge(through: 1)
        #expect(told.values == ["the disk is full", ""])
    }

    @Test func drainsWhenEveryEndIsAcknowledged() throws {
        let drained = Box<Bool>()
        let other = trail.begin(session: "b", durability: .written)
        session.append(.sessionEnded(SessionEnded()))
        other.append(.sessionEnded(SessionEnded()))
        trail.flush(now: now)
        trail.whenDrained { drained.values.append(true) }
        try acknowledge("a", through: 1)
        #expect(drained.values.isEmpty)
        try acknowledge("b", through: 1)
        #expect(drained.values == [true])
        try acknowledge("b", through: 1)
        #expect(drained.values == [true])
        trail.whenDrained { drained.values.append(true) }
        #expect(drained.values == [true, true])
        wait(through: 1)
        #expect(told.values == [""])
        // Nothing follows the end.
        session.append(note())
        #expect(!session.isDurable(through: 2))
        trail.flush(now: now)
        #expect(try batch().records.count == 2)
        #expect(try recorder.isEmpty(behind: message(session: "marker"), from: links))
    }

    /// Records that a recorder took off its inbox and never wrote make those behind them strange to the next one.
    @Test func aRefusalOfLaterRecordsIsNoFailureOfTheSession() throws {
        session.append(note())
        trail.flush(now: now)
        let first = trail.lastSequence
        session.append(note())
        trail.flush(now: now)
        wait(through: 2)
        _ = (try batch(), try batch())
        try acknowledge(through: 0, error: "this recorder does not know the session")
        #expect(told.values.isEmpty)
        trail.flush(now: now)
        #expect(try batch().records.map(\.sequence) == [1, 2])
        // An old answer counts no more; one to the whole does.
        try acknowledge(through: 0, error: "this recorder does not know the session", batch: first)
        #expect(told.values.isEmpty)
        try acknowledge(through: 0, error: "this recorder does not know the session")
        #expect(told.values == ["this recorder does not know the session"])
    }

    /// Whoever may write to the inbox may send an acknowledgement; only the recorder knows what it would answer.
    @Test func onlyTheAnswerToABatchCounts() throws {
        session.append(note())
        trail.flush(now: now)
        wait(through: 1)
        let asked = try recorder.next().header.sequence
        for guess in [UInt64(0), asked &+ 1, asked &- 1, asked | 0xff, .max] where guess != asked {
            try acknowledge(through: .max, batch: guess)
        }
        var ack = RecordAck()
        ack.sessions = [
            SessionAck.with {
                $0.session = "a"; $0.through = 1
            }
        ]
        trail.receive(try reply(.masked, ack, sequence: asked), now: now)
        #expect(told.values.isEmpty && !session.isDurable(through: 1))
        try acknowledge(through: 1, batch: asked)
        #expect(told.values == [""])
    }

    @Test func anAcknowledgementAfterTheFailureIsNothing() throws {
        session.append(note())
        trail.flush(now: now)
        wait(through: 1)
        try acknowledge(through: 0, error: "broken")
        session.append(note())
        try acknowledge(through: 2)
        #expect(told.values == ["broken"])
        #expect(!session.isDurable(through: 1))
    }

    /// A recorder may have forgotten a session that was idle for long; its last block tells where it stood.
    @Test func aForgottenSessionIsResumedOnce() throws {
        session.append(note())
        trail.flush(now: now)
        _ = try batch()
        var ack = RecordAck()
        ack.sessions = [
            SessionAck.with {
                $0.session = "a"; $0.through = 1
            }
        ]
        ack.replica = "recorder-0"
        ack.block = 5
        ack.chain = Data(repeating: 1, count: 32)
        trail.receive(try reply(.recorded, ack, sequence: trail.lastSequence), now: now)
        session.append(note())
        trail.flush(now: now)
        wait(through: 2)
        #expect(try batch().resumptions.isEmpty)
        try acknowledge(through: 0, error: "this recorder does not know the session")
        trail.flush(now: now)
        let again = try batch()
        #expect(again.resumptions.map(\.after) == [1] && again.records.map(\.sequence) == [2])
        #expect(told.values.isEmpty)
        try acknowledge(through: 0, error: "this recorder does not know the session")
        #expect(told.values == ["this recorder does not know the session"])
    }

    /// Idle sessions are looked at by nobody.
    @Test func idleSessionsWaitForNothing() throws {
        let others = (0..<100).map { trail.begin(session: "other-\($0)", durability: .written) }
        #expect(trail.waitingSessions == 0)
        for other in others { other.append(note()) }
        session.append(note())
        #expect(trail.waitingSessions == 101)
        trail.flush(now: now)
        for place in [50, 99, 0] + Array(1..<50) + Array(51..<99) { try acknowledge("other-\(place)", through: 1) }
        #expect(trail.waitingSessions == 1)
        wait(through: 1)
        try acknowledge(through: 1)
        #expect(trail.waitingSessions == 0)
        #expect(told.values == [""])
    }

    /// The recorder's answer to the end of a session that it had refused may be lost.
    @Test func aRefusedSessionDoesNotKeepTheProcessFromDraining() throws {
        let drained = Box<Bool>()
        session.append(note())
        trail.flush(now: now)
        try acknowledge(through: 0, error: "a record is missing")
        session.append(.sessionEnded(SessionEnded()))
        trail.whenDrained { drained.values.append(true) }
        for step in UInt64(1)...10 { trail.tick(now: now + step * AuditTrail.resendFirst) }
        #expect(drained.values == [true])
    }

    @Test func saysWhenASessionIsFull() throws {
        var output = Output()
        output.data = Data(repeating: 0, count: 1 << 20)
        for _ in 0..<3 { session.append(.output(output)) }
        #expect(!session.isFull)
        session.append(.output(output))
        #expect(session.isFull)
        trail.flush(now: now)
        try acknowledge(through: 4)
        #expect(!session.isFull)
    }

    /// Over all sessions and loops: beyond it each may have a little.
    @Test func unacknowledgedRecordsAreBoundedOverAllSessions() throws {
        let budget = AuditBudget(limit: 2 << 20)
        let trails = (UInt8(3)...4).map {
            AuditTrail(links: links, replyTo: ReplyAddress(local: ""), loop: $0, budget: budget)
        }
        let sessions = trails.flatMap { trail in ["a", "b"].map { trail.begin(session: $0, durability: .written) } }
        var output = Output()
        output.data = Data(repeating: 0, count: 1 << 20)
        sessions[0].append(.output(output))
        #expect(sessions.allSatisfy { !$0.isFull })
        sessions[2].append(.output(output))
        #expect(sessions.map(\.isFull) == [true, false, true, false])
        #expect(!sessions[0].hasOwnFull)
        sessions[3].append(note("little"))
        #expect(!sessions[3].isFull)
        #expect(budget.waiting == sessions.reduce(0) { $0 + $1.bytes })
        trails[1].fail(sessions[2], .late)
        #expect(!sessions[0].isFull)
        trails[0].fail(sessions[0], .late)
        trails[1].fail(sessions[3], .late)
        #expect(budget.waiting == 0)
    }

    @Test func whatIsAcknowledgedGivesItsBytesBack() throws {
        for _ in 0..<3 { session.append(note(String(repeating: "x", count: 1000))) }
        #expect(bus.budget.waiting == session.bytes && session.bytes > 3000)
        trail.flush(now: now)
        try acknowledge(through: 2)
        #expect(bus.budget.waiting == session.bytes && session.bytes > 1000)
        try acknowledge(through: 3)
        #expect(bus.budget.waiting == 0)
    }

    /// However many are before it: what is added together is late together.
    @Test func aRecordsTimeBeginsWhenItIsAdded() throws {
        let before = monotonicNanoseconds()
        session.append(note())
        session.append(note())
        let after = monotonicNanoseconds()
        for sequence in UInt64(1)...2 {
            #expect((before...after).contains(session.deadline(of: sequence, after: 0)))
        }
        let deadline = session.deadline(of: 2, after: Self.second)
        trail.flush(now: now)
        try acknowledge(through: 1)
        #expect(session.deadline(of: 2, after: Self.second) == deadline)
        // One that is not kept has nothing to be late by.
        try acknowledge(through: 2)
        for sequence in UInt64(0)...3 { #expect(session.deadline(of: sequence, after: Self.second) > after) }
    }

    @Test func largeBacklogsTravelInPieces() throws {
        var output = Output()
        output.data = Data(repeating: 1, count: 1 << 20)
        for _ in 0..<10 { session.append(.output(output)) }
        var sequences: [UInt64] = []
        for _ in 0..<10 where sequences.count < 10 {
            trail.flush(now: now)
            let records = try batch().records
            #expect(records.count <= 5)
            sequences += records.map(\.sequence)
        }
        #expect(sequences == Array(1...10))
    }

    @Test func recordsWaitForARecorderThatIsAway() throws {
        let bus = try TemporaryBus()
        let trail = AuditTrail(links: bus.links(), replyTo: ReplyAddress(local: ""), loop: 0, budget: bus.budget)
        let session = trail.begin(session: "a", durability: .written)
        session.append(note("first"))
        trail.flush(now: now)
        let recorder = try bus.inbox("recorder")
        var time = now
        for _ in 0..<1000 where !recorder.wait(milliseconds: 10) {
            time += AuditTrail.retryUnsent
            trail.tick(now: time)
        }
        #expect(try recorder.next().body(as: RecordBatch.self).records.map(\.sequence) == [1])
    }
}
