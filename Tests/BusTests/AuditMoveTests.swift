@testable import Bus
import Contract
import Foundation
import Testing

/// Sessions that move from one recorder to another. The recorders are inboxes that the test reads; which of them
/// are live, it says itself.
@Suite("Audit trail with several recorders")
struct AuditMoveTests {
    static let second: UInt64 = 1_000_000_000
    let bus: TemporaryBus
    let inboxes: [Inbox]
    let links: Links
    let trail: AuditTrail
    /// What the trail sees of the recorders.
    let seen = Box<Replica>()
    let told = Box<String>()
    /// One that begins with the first recorder.
    let session: AuditTrail.Session
    var now = 100 * second

    init() throws {
        bus = try TemporaryBus()
        inboxes = [try bus.inbox("recorder", "0"), try bus.inbox("recorder", "1")]
        links = try bus.links(to: inboxes[0], inboxes[1])
        trail = AuditTrail(
            links: links, replyTo: ReplyAddress(local: bus.endpoint("ingress", "0")), loop: 1, budget: bus.budget)
        trail.registry = { [seen] in seen.values }
        seen.values = inboxes.map {
            Replica(endpoint: $0.endpoint, name: nil, state: .live, incarnation: 1)
        }
        let weights = inboxes.map(\.endpoint)
        let id = (0...).lazy.map { "s\($0)" }.first { Links.weight(weights[0], $0) > Links.weight(weights[1], $0) }
        session = trail.begin(session: try #require(id), durability: .written)
    }

    private func set(_ place: Int, _ state: Replica.State, incarnation: UInt64 = 1) {
        seen.values[place] = Replica(
            endpoint: inboxes[place].endpoint, name: nil, state: state, incarnation: incarnation)
    }

    private mutating func pass(_ nanoseconds: UInt64) {
        now += nanoseconds
        trail.tick(now: now)
    }

    private func append() {
        var notice = Notice()
        notice.text = "note"
        session.append(.notice(notice))
        trail.flush(now: now)
    }

    private func batch(_ place: Int) throws -> (batch: RecordBatch, number: UInt64) {
        let message = try inboxes[place].next()
        return (try message.body(as: RecordBatch.self), message.header.sequence)
    }

    private func sequences(_ place: Int) throws -> [UInt64] { try batch(place).batch.records.map(\.sequence) }

    private func isQuiet(_ place: Int) throws -> Bool {
        try inboxes[place].isEmpty(behind: message(session: "marker"), from: links)
    }

    /// Answers as recorder `place`, whose last block is `block`.
    private func acknowledge(
        _ place: Int, through: UInt64, batch: UInt64? = nil, block: UInt64 = 7, error: String = ""
    ) throws {
        var one = SessionAck()
        one.session = session.id
        one.through = through
        one.error = error
        var ack = RecordAck()
        ack.sessions = [one]
        ack.replica = "recorder-\(place)"
        ack.block = block
        ack.chain = Data(repeating: UInt8(block), count: 32)
        trail.receive(try reply(.recorded, ack, sequence: batch ?? trail.lastSequence), now: now)
        trail.flush(now: now)
    }

    private func wait(through: UInt64) {
        session.whenDurable(through: through, deadline: .max) { [told] in told.values.append($0?.reason ?? "") }
    }

    @Test func sessionsAreSpreadAndStay() throws {
        let others = (0..<64).map { trail.begin(session: "spread-\($0)", durability: .written) }
        for _ in 0..<2 {
            for other in others { other.append(.notice(Notice())) }
            trail.flush(now: now)
        }
        let first = (try batch(0).batch, try batch(0).batch)
        let other = (try batch(1).batch, try batch(1).batch)
        #expect(first.0.records.count + other.0.records.count == 64)
        #expect(first.0.records.count > 16 && other.0.records.count > 16)
        #expect(Set(first.0.records.map(\.session)) == Set(first.1.records.map(\.session)))
        #expect(first.0.resumptions.isEmpty && first.1.resumptions.isEmpty)
    }

    @Test mutating func leavesASilentRecorder() throws {
        append()
        #expect(try sequences(0) == [1])
        try acknowledge(0, through: 1, block: 3)
        append()
        append()
        let lost = [try batch(0), try batch(0)]
        wait(through: 3)
        set(0, .suspect)
        pass(1)
        let moved = try batch(1)
        #expect(moved.batch.records.map(\.sequence) == [2, 3])
        #expect(moved.batch.records == lost.flatMap(\.batch.records))
        let resumption = try #require(moved.batch.resumptions.first)
        #expect(resumption.session == session.id)
        #expect(resumption.after == 1)
        #expect(resumption.replica == "recorder-0")
        #expect(resumption.block == 3)
        #expect(resumption.chain == Data(repeating: 3, count: 32))
        // The former one wakes up: what it says now is of no use, the new one must have it all.
        try acknowledge(0, through: 3, batch: lost[1].number)
        #expect(told.values.isEmpty)
        #expect(!session.isDurable(through: 2))
        // Until the new one has answered, each batch says where the session was.
        append()
        #expect(try batch(1).batch.resumptions.map(\.after) == [1])
        try acknowledge(1, through: 4)
        #expect(told.values == [""])
        append()
        let next = try batch(1).batch
        #expect(next.records.map(\.sequence) == [5])
        #expect(next.resumptions.isEmpty)
        #expect(try isQuiet(0))
    }

    @Test mutating func staysWhileNoOtherIsLive() throws {
        append()
        _ = try batch(0)
        set(0, .suspect)
        set(1, .suspect)
        pass(1)
        #expect(try isQuiet(1))
        append()
        #expect(try sequences(0) == [2])
        set(0, .live)
        pass(AuditTrail.resendFirst)
        #expect(try sequences(0) == [1, 2])
        #expect(try isQuiet(1))
    }

    @Test mutating func twoMovesInARowNameTheLastAcknowledgedBlock() throws {
        append()
        _ = try batch(0)
        try acknowledge(0, through: 1, block: 3)
        append()
        _ = try batch(0)
        set(0, .suspect)
        pass(1)
        let first = try batch(1)
        // The second one never answers, and the first one is back.
        set(0, .live)
        set(1, .suspect)
        pass(1)
        let second = try batch(0)
        #expect(second.batch.records.map(\.sequence) == [2])
        #expect(second.batch.resumptions.map(\.block) == [3])
        try acknowledge(1, through: 2, batch: first.number, block: 9)
        #expect(!session.isDurable(through: 2))
        try acknowledge(0, through: 2, batch: second.number, block: 4)
        #expect(session.isDurable(through: 2))
        append()
        _ = try batch(0)
        set(1, .live)
        set(0, .suspect)
        pass(1)
        let third = try batch(1).batch
        #expect(third.resumptions.map(\.block) == [4])
        #expect(third.resumptions.map(\.after) == [2])
    }

    /// A session of which nothing is acknowledged begins anew.
    @Test mutating func nothingAcknowledgedNeedsNoResumption() throws {
        append()
        _ = try batch(0)
        set(0, .suspect)
        pass(1)
        let moved = try batch(1).batch
        #expect(moved.records.map(\.sequence) == [1])
        #expect(moved.resumptions.isEmpty)
    }

    @Test mutating func aDrainingRecorderFinishesWhatItHas() throws {
        append()
        let held = try batch(0)
        set(0, .draining)
        pass(1)
        append()
        #expect(try isQuiet(0))
        #expect(try isQuiet(1))
        try acknowledge(0, through: 1, batch: held.number)
        let moved = try batch(1).batch
        #expect(moved.records.map(\.sequence) == [2])
        #expect(moved.resumptions.map(\.after) == [1])
        try acknowledge(1, through: 2)
        append()
        #expect(try sequences(1) == [3])
    }

    @Test mutating func aDrainingRecorderIsNotWaitedForLong() throws {
        append()
        _ = try batch(0)
        set(0, .draining)
        pass(1)
        append()
        pass(AuditTrail.resendFirst)
        #expect(try sequences(1) == [1, 2])
    }

    @Test mutating func aRecorderThatIsGoneIsLeft() throws {
        append()
        let held = try batch(0)
        seen.values.removeFirst()
        pass(1)
        #expect(try isQuiet(1))
        try acknowledge(0, through: 1, batch: held.number)
        append()
        let moved = try batch(1).batch
        #expect(moved.records.map(\.sequence) == [2])
        #expect(moved.resumptions.map(\.after) == [1])
    }

    @Test mutating func waitsForARecorderWhenThereIsNone() throws {
        append()
        _ = try batch(0)
        try acknowledge(0, through: 1)
        seen.values = []
        pass(1)
        append()
        pass(Self.second)
        #expect(try isQuiet(0))
        seen.values = [Replica(endpoint: inboxes[0].endpoint, name: nil, state: .live, incarnation: 2)]
        pass(1)
        let back = try batch(0).batch
        #expect(back.records.map(\.sequence) == [2])
        #expect(back.resumptions.map(\.after) == [1])
    }

    /// A new process at the same place: what the former one had is sent again at once, and the session stays.
    @Test mutating func aRestartedRecorderGetsItAllAgain() throws {
        append()
        _ = try batch(0)
        try acknowledge(0, through: 1)
        append()
        let lost = try batch(0)
        set(0, .live, incarnation: 2)
        pass(1)
        let again = try batch(0)
        #expect(again.batch.records == lost.batch.records)
        try acknowledge(0, through: 2, batch: lost.number)
        #expect(!session.isDurable(through: 2))
        try acknowledge(0, through: 2, batch: again.number)
        #expect(session.isDurable(through: 2))
        #expect(try isQuiet(1))
    }

    @Test mutating func idleSessionsMoveWithTheirNextRecord() throws {
        append()
        _ = try batch(0)
        try acknowledge(0, through: 1)
        set(0, .draining)
        pass(1)
        #expect(trail.waitingSessions == 0)
        #expect(try isQuiet(1))
        append()
        let moved = try batch(1).batch
        #expect(moved.records.map(\.sequence) == [2])
        #expect(moved.resumptions.map(\.after) == [1])
        #expect(try isQuiet(0))
    }

    @Test mutating func newSessionsAvoidSilentRecorders() throws {
        set(0, .suspect)
        pass(1)
        append()
        #expect(try sequences(1) == [1])
        set(0, .live)
        pass(1)
        append()
        #expect(try sequences(1) == [2])
    }

    /// An error of the recorder that the session left is not the session's.
    @Test mutating func errorsOfAFormerRecorderDoNotCount() throws {
        append()
        let lost = try batch(0)
        set(0, .suspect)
        pass(1)
        let moved = try batch(1)
        wait(through: 1)
        try acknowledge(0, through: 0, batch: lost.number, error: "this recorder does not know the session")
        #expect(told.values.isEmpty)
        try acknowledge(1, through: 1, batch: moved.number)
        #expect(told.values == [""])
    }
}
