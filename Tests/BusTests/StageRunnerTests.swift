@testable import Bus
import Contract
import Foundation
import Testing

/// The runner's turns, one by one, with a stage and an asker that the test plays.
@Suite("Stage runner", .serialized)
struct StageRunnerTests {
    private struct Slow: Stage {
        var handled: [UInt64] = []
        let microseconds: UInt32
        let policyEpoch: [UInt8] = [7, 1]

        mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
            for message in messages {
                usleep(microseconds)
                handled.append(message.header.sequence)
                outbox.reply(to: message, .judged, payload: message.payload)
            }
        }
    }

    let bus: TemporaryBus
    let asker: Inbox
    let links: Links
    let stageInbox: String

    init() throws {
        bus = try TemporaryBus()
        asker = try bus.inbox("ingress")
        links = bus.links()
        stageInbox = bus.endpoint("custom", "0")
        try Data(repeating: 3, count: DecisionKey.size).write(to: URL(fileURLWithPath: bus.directory + "/key"))
        #expect(chmod(bus.directory + "/key", 0o600) == 0)
    }

    private func runner() throws -> StageRunner {
        let runner = try StageRunner(
            StageEnvironment(stage: "custom", replica: "0", bus: bus.directory, keyFile: bus.directory + "/key"))
        #expect(try links.waitWritable(endpoint: stageInbox, milliseconds: 10_000))
        return runner
    }

    private func asked(
        _ sequence: UInt64, by inbox: String, _ kind: Kind = .judge, payload: [UInt8] = []
    ) -> BusMessage {
        var message = message(kind, sequence: sequence, payload: payload)
        message.header.lane = kind == .ping ? .presence : .request
        message.header.replyTo = inbox
        return message
    }

    /// A stage that has much to do is not stuck: a ping is answered before the work that came before it is done.
    @Test func aPingDoesNotWaitForTheWorkBeforeIt() throws {
        var runner = try runner()
        var stage = Slow(microseconds: 60_000)
        let count = UInt64(2 * StageRunner.batchLimit)
        for sequence in 1...count { try links.sendSurely(asked(sequence, by: asker.endpoint), to: stageInbox) }
        try links.sendSurely(asked(0, by: asker.endpoint, .ping), to: stageInbox)
        // The first answers find a link that is being connected.
        var pong: Pong?
        for _ in 0..<50 where pong == nil {
            runner.turn(&stage, waiting: 10)
            while asker.wait(milliseconds: 0), let answer = try asker.receive() {
                if answer.header.kind == .pong { pong = try answer.body(as: Pong.self) }
            }
            if pong == nil { try links.sendSurely(asked(0, by: asker.endpoint, .ping), to: stageInbox) }
        }
        #expect(try #require(pong).queued > UInt32(StageRunner.batchLimit))
        #expect(pong?.policyEpoch == Data([7, 1]))
        #expect(stage.handled.count < StageRunner.batchLimit)
        #expect(stage.handled == Array(1...UInt64(stage.handled.count)))
    }

    /// Who takes no answers gets no more of them; the others get theirs, and pings are answered.
    @Test func oneWhoTakesNoAnswersHoldsUpNobody() throws {
        var runner = try runner()
        var stage = Slow(microseconds: 0)
        let deaf = try bus.inbox("ingress", "deaf")
        let payload = [UInt8](repeating: 1, count: 64 << 10)
        // More than the kernel and ZeroMQ keep for it, its share of the answers and all that may wait to be begun.
        let flood = UInt64(2 * (WaitingWork.maximumBytes + Backlog.maximumBytes) / payload.count)
        for sequence in 1...flood {
            try links.sendSurely(asked(sequence, by: deaf.endpoint, payload: payload), to: stageInbox)
            if sequence % 16 == 0 { runner.turn(&stage, waiting: 10) }
        }
        try links.sendSurely(asked(1, by: asker.endpoint), to: stageInbox)
        try links.sendSurely(asked(2, by: asker.endpoint, .ping), to: stageInbox)
        var kinds: Set<Kind> = []
        for _ in 0..<100 where kinds.count < 2 {
            runner.turn(&stage, waiting: 10)
            while asker.wait(milliseconds: 0), let answer = try asker.receive() { kinds.insert(answer.header.kind) }
            if !kinds.contains(.pong) { try links.sendSurely(asked(2, by: asker.endpoint, .ping), to: stageInbox) }
        }
        #expect(kinds == [.judged, .pong])
        withExtendedLifetime(deaf) {}
    }
}
