@testable import Bus
import Contract
import Foundation
import SwiftProtobuf
import Testing

private struct Noting: RequestStage {
    var change: @Sendable (inout Decision) -> Void
    func judge(_ judge: Judge, text: [UInt8]) -> Decision {
        var decision = Decision.allow(rule: "r")
        change(&decision)
        return decision
    }
}

/// Both lanes in one process.
private struct Both: RequestStage, ResponseStage {
    var reply = MaskReply()
    func judge(_ judge: Judge, text: [UInt8]) -> Decision { .allow(rule: "both") }
    func rewrite(_ batch: MaskBatch, payload: [UInt8]) -> (reply: MaskReply, payload: [UInt8]) { (reply, payload) }
}

@Suite("Remarks")
struct RemarksTests {
    private let key: DecisionKey
    init() throws { key = try DecisionKey(bytes: Array(repeating: 4, count: 32)) }

    private func command() throws -> BusMessage {
        var judge = Judge()
        judge.principal.name = "reporting"
        judge.annotations = [Annotation("risk", "low")]
        judge.annotations[0].stage = "earlier"
        var message = try reply(.judge, judge, session: "s1", sequence: 7)
        message.header.lane = .request
        message.header.route = ["next"]
        message.header.replyTo = "ipc:///run/bus/ingress/0"
        return message
    }

    private func sent(_ change: @escaping @Sendable (inout Decision) -> Void) throws -> BusMessage {
        var stage = Noting(change: change)
        var outbox = Outbox(stage: "custom", key: key)
        stage.handle([try command()], &outbox)
        return try #require(outbox.queue.first).message
    }

    @Test func annotationsTravelSignedAndWithTheCommand() throws {
        let message = try sent {
            $0.annotate("ticket", "OPS-1742")
            $0.emit("seen", ["kind": "read"])
        }
        let decision = try key.open(try #require(message.header.decisions.first))
        #expect(decision.annotations.map(\.stage) == ["custom"])
        #expect(decision.annotations.map(\.value) == ["OPS-1742"])
        #expect(decision.events.map(\.name) == ["seen"])
        let judge = try message.body(as: Judge.self)
        #expect(
            judge.annotations.map { "\($0.stage) \($0.name)=\($0.value)" } == [
                "earlier risk=low", "custom ticket=OPS-1742",
            ])
    }

    @Test func boundsAreExact() throws {

        let fine: [@Sendable (inout Decision) -> Void] = [
            { $0.annotations = Array(repeating: Annotation("n", ""), count: 16) },
            { $0.annotate(String(repeating: "x", count: 64), String(repeating: "x", count: 1024)) },
            { $0.events = Array(repeating: AuditEvent("n"), count: 16) },
            { $0.emit("n", Dictionary(uniqueKeysWithValues: (0..<16).map { ("\($0)", "") })) },
        ]
        for change in fine { #expect(try sent(change).header.kind == .judge) }
        let wrong: [@Sendable (inout Decision) -> Void] = [
            { $0.annotations = Array(repeating: Annotation("n", ""), count: 17) },
            { $0.annotate("", "x") },
            { $0.annotate(String(repeating: "x", count: 65), "") },
            { $0.annotate("n", String(repeating: "x", count: 1025)) },
            { $0.annotate("n", String(repeating: "é", count: 513)) },
            { $0.events = Array(repeating: AuditEvent("n"), count: 17) },
            { $0.emit("") },
            { $0.emit("n", Dictionary(uniqueKeysWithValues: (0..<17).map { ("\($0)", "") })) },
            { $0.emit("n", ["": "x"]) },
            { $0.emit("n", [String(repeating: "x", count: 65): "x"]) },
            { $0.emit("n", ["x": String(repeating: "x", count: 1025)]) },
        ]
        for change in wrong { #expect(try sent(change).header.kind == .failed) }
    }

    @Test func nobodyAnnotatesInAnothersName() {
        var decision = Decision.allow(rule: "r")
        decision.stage = "custom"
        decision.annotate("n", "v")
        #expect(failureCode { try decision.checkRemarks() } == .malformed)
        decision.annotations[0].stage = "custom"
        #expect(failureCode { try decision.checkRemarks() } == nil)
    }

    @Test func oneProcessServesBothLanes() throws {
        var stage = Both()
        var outbox = Outbox(stage: "both", key: key)
        var batch = try reply(.mask, MaskBatch())
        batch.header.lane = .response
        batch.payload = [1]
        stage.handle([try command(), batch], &outbox)
        #expect(outbox.queue.map(\.message.header.kind) == [.judge, .masked])
        #expect(outbox.queue.last?.message.payload == [1])
        // Each lane takes its own kind only.
        outbox.queue = []
        batch.header.lane = .request
        stage.handle([batch], &outbox)
        #expect(outbox.queue.map(\.message.header.kind) == [.failed])
    }

    @Test func aRefusedReplyCarriesNoData() throws {
        var stage = Both()
        stage.reply.refuse(rule: "budget", reason: "too many rows", hint: "wait")
        stage.reply.emit("row-budget-exceeded")
        var outbox = Outbox(stage: "both", key: key)
        var batch = try reply(.mask, MaskBatch())
        batch.header.lane = .response
        batch.payload = [1, 2, 3]
        stage.handle([batch], &outbox)
        let answer = try #require(outbox.queue.first).message
        #expect(answer.payload.isEmpty)
        #expect(try answer.body(as: MaskReply.self).refusal.rule == "budget")
        #expect(try answer.body(as: MaskReply.self).events.map(\.name) == ["row-budget-exceeded"])
        for wrong in [
            Refusal(rule: "", reason: "", hint: ""),
            Refusal(rule: "r", reason: String(repeating: "x", count: 1025), hint: ""),
        ] {
            stage.reply.refusal = wrong
            outbox.queue = []
            stage.handle([batch], &outbox)
            #expect(outbox.queue.map(\.message.header.kind) == [.failed])
        }
    }
}
