@testable import Bus
import Contract
import Foundation
import SwiftProtobuf
import Testing

private struct Broken: Error {}

private struct Judging: RequestStage {
    var decision = Decision.allow(rule: "r")
    var fails = false
    mutating func judge(_ judge: Judge, text: [UInt8]) throws -> Decision {
        if fails { throw Broken() }
        return decision
    }
}

private struct Rewriting: ResponseStage {
    var fails = false
    mutating func rewrite(_ batch: MaskBatch, payload: [UInt8]) throws -> (reply: MaskReply, payload: [UInt8]) {
        if fails { throw Broken() }
        var reply = MaskReply()
        reply.rows = 1
        return (reply, payload.reversed())
    }
}

@Suite("Stages")
struct StageTests {
    let key: DecisionKey
    let inbox = "ipc:///run/bus/ingress/0"

    init() throws { key = try DecisionKey(bytes: Array(repeating: 4, count: 32)) }

    private func outbox(_ stage: String = "classifier") -> Outbox { Outbox(stage: stage, key: key) }

    private func command(route: [String], _ change: (inout Judge) -> Void = { _ in }) throws -> BusMessage {
        var judge = Judge()
        judge.digest = Data(repeating: 9, count: 32)
        judge.principal.name = "reporting"
        judge.resource = "orders"
        judge.purpose = .execution
        change(&judge)
        var message = try reply(.judge, judge, session: "s1", sequence: 7)
        message.header.route = route
        message.header.replyTo = inbox
        message.payload = Array("DELETE FROM t".utf8)
        return message
    }

    private func decided(_ decision: Decision, on message: BusMessage, stage: String = "classifier") throws -> (
        BusMessage, String
    ) {
        var outbox = outbox(stage)
        try outbox.decide(decision, on: message, judge: try message.body(as: Judge.self))
        #expect(outbox.queue.count == 1)
        let sent = try #require(outbox.queue.first)
        return (sent.message, name(sent.destination))
    }

    private func name(_ destination: Destination) -> String {
        switch destination {
        case .anyReplica(let stage): "any \(stage)"
        case .inbox(let endpoint): "inbox \(endpoint)"
        }
    }

    private var holding: Decision {
        var decision = Decision()
        decision.verdict = .hold
        decision.rule = "deletes"
        decision.hold.quorum = 2
        return decision
    }

    @Test func anAllowedCommandGoesOnToTheNextStage() throws {
        let (sent, destination) = try decided(.allow(rule: "r"), on: try command(route: ["custom", "approver"]))
        #expect(destination == "any custom")
        #expect(sent.header.kind == .judge)
        #expect(sent.header.route == ["approver"])
        #expect(sent.header.decisions.count == 1)
        #expect(sent.payload == Array("DELETE FROM t".utf8))
    }

    @Test func nobodyIsAskedToApproveWithoutAHold() throws {
        let (sent, destination) = try decided(.allow(rule: "r"), on: try command(route: ["approver"]))
        #expect(destination == "inbox \(inbox)")
        #expect(sent.header.kind == .judged)
        #expect(sent.header.decisions.count == 1)
        #expect(sent.payload.isEmpty)
    }

    @Test func aHoldGoesOverTheOtherStagesToTheApprover() throws {
        let (sent, destination) = try decided(holding, on: try command(route: ["custom", "approver"]))
        #expect(destination == "any custom")
        #expect(sent.header.route == ["approver"])
        #expect(try sent.body(as: Judge.self).hold.quorum == 2)
        // Allowed by the next stage, it stays held.
        let (next, last) = try decided(.allow(rule: "fine"), on: sent, stage: "custom")
        #expect(last == "any approver")
        #expect(next.header.decisions.map(\.stage) == ["classifier", "custom"])
        #expect(try next.body(as: Judge.self).hold.quorum == 2)
    }

    @Test func aLaterStageMayHoldToo() throws {
        let (sent, _) = try decided(.allow(rule: "r"), on: try command(route: ["custom", "approver"]))
        let (held, destination) = try decided(holding, on: sent, stage: "custom")
        #expect(destination == "any approver")
        #expect(try held.body(as: Judge.self).hold.quorum == 2)
        // Nor is the approver asked when it allows.
        #expect(try decided(.allow(rule: "r"), on: sent, stage: "custom").1 == "inbox \(inbox)")
    }

    @Test func aRefusalEndsTheLane() throws {
        let refusal = Decision.refuse(rule: "no", reason: "never", hint: "ask")
        let (sent, destination) = try decided(refusal, on: try command(route: ["custom", "approver"]))
        #expect(destination == "inbox \(inbox)")
        #expect(sent.header.kind == .judged)
        #expect(sent.header.sequence == 7)
        let decision = try key.open(try #require(sent.header.decisions.first))
        #expect(decision.verdict == .refuse)
        #expect(decision.reason == "never")
        #expect(decision.hint == "ask")
        // Of a held command too.
        let (held, _) = try decided(holding, on: try command(route: ["custom", "approver"]))
        #expect(try decided(refusal, on: held, stage: "custom").1 == "inbox \(inbox)")
    }

    @Test func aDecisionIsBoundToItsCommandWhateverTheStageSays() throws {
        var decision = Decision.allow(rule: "r")
        decision.stage = "approver"
        decision.session = "another"
        decision.sequence = 99
        decision.digest = Data([1])
        decision.identity = "admin"
        decision.resource = "payroll"
        decision.purpose = .session
        decision.seen = Data([2])
        let command = try command(route: [])
        let (sent, _) = try decided(decision, on: command, stage: "custom")
        let keyring = DecisionKeyring(["custom": key])
        let binding = DecisionKeyring.Binding(
            session: "s1", sequence: 7, digest: Array(repeating: 9, count: 32), identity: "reporting",
            resource: "orders",
            purpose: .execution, seen: SeenDigest.of(try command.body(as: Judge.self), text: command.payload))
        let opened = try keyring.open(sent.header.decisions, for: binding)
        #expect(opened.map(\.stage) == ["custom"])
        #expect((opened.first?.decidedAtMs ?? 0) > 0)
    }

    @Test func factsAreHandedToTheStagesBehind() throws {
        var decision = Decision.allow(rule: "r")
        decision.facts.operations = ["write"]
        let (sent, _) = try decided(decision, on: try command(route: ["custom"]))
        #expect(try sent.body(as: Judge.self).facts.operations == ["write"])
    }

    @Test func aRequestStageThatThrowsFails() throws {
        var stage = Judging(fails: true)
        var outbox = outbox("custom")
        stage.handle([try command(route: ["approver"])], &outbox)
        let sent = try #require(outbox.queue.first)
        #expect(name(sent.destination) == "inbox \(inbox)")
        #expect(sent.message.header.kind == .failed)
        let failure = try sent.message.body(as: Failure.self)
        #expect(failure.stage == "custom")
        #expect(failure.reason == "it could not judge the command")
        #expect(!sent.message.header.decisions.contains { $0.stage == "custom" })
    }

    @Test func aRequestStageTakesCommandsOnly() throws {
        var stage = Judging()
        var outbox = outbox()
        for kind in Kind.allCases where kind != .judge { stage.handle([message(kind)], &outbox) }
        #expect(outbox.queue.count == Kind.allCases.count - 1)
        #expect(outbox.queue.allSatisfy { $0.message.header.kind == .failed })
        var garbage = message(.judge)
        garbage.body = [0xff]
        outbox.queue = []
        stage.handle([garbage, try command(route: [])], &outbox)
        #expect(outbox.queue.map(\.message.header.kind) == [.failed, .judged])
    }

    @Test func aResponseStageRewritesBatches() throws {
        var stage = Rewriting()
        var outbox = outbox("masker")
        var batch = try reply(.mask, MaskBatch())
        batch.payload = [1, 2, 3]
        stage.handle([batch], &outbox)
        #expect(outbox.queue.first?.message.header.kind == .masked)
        #expect(outbox.queue.first?.message.payload == [3, 2, 1])
        outbox.queue = []
        stage.fails = true
        stage.handle([batch, message(.judge)], &outbox)
        #expect(outbox.queue.map(\.message.header.kind) == [.failed, .failed])
        #expect(outbox.queue.allSatisfy { $0.message.payload.isEmpty })
    }

    @Test func stagesThatAreToldNoEnvironmentSaySo() {
        let environment = StageEnvironment(stage: "x", replica: "0", bus: "/nonexistent/bus", keyFile: "")
        #expect(failureCode { _ = try environment.inboxEndpoint() } == .environment)
    }

    @Test func missingFoldersOfTheInboxAreMadeAndLinksAreNotFollowed() throws {
        let run = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        #expect(mkdir(run, 0o700) == 0)
        defer { try? FileManager.default.removeItem(atPath: run) }
        let environment = StageEnvironment(stage: "x", replica: "0", bus: run + "/bus", keyFile: "")
        for _ in 0..<2 { #expect(try environment.inboxEndpoint() == "ipc://\(run)/bus/x/0") }
        for path in ["/bus", "/bus/x"] {
            let mode = try FileManager.default.attributesOfItem(atPath: run + path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
        let led = StageEnvironment(stage: "led", replica: "0", bus: run + "/bus", keyFile: "")
        #expect(symlink(run, run + "/bus/led") == 0)
        #expect(failureCode { _ = try led.inboxEndpoint() } == .environment)
        let astray = StageEnvironment(stage: "x", replica: "0", bus: run + "/link", keyFile: "")
        #expect(symlink(run + "/bus", run + "/link") == 0)
        #expect(failureCode { _ = try astray.inboxEndpoint() } == .environment)
    }
}
