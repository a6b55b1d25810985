import Bus
import Contract
import Foundation
import SwiftProtobuf

/// Commands, and what a decision about one must be.
struct RequestLane: Lane {
    let bench: Bench
    let key: DecisionKey
    let classifier: DecisionKey
    /// Stands in texts and parameters; must not come out in logs.
    let canary: String
    let checks = LaneChecks.request

    init(_ bench: Bench, canary: String) throws {
        self.bench = bench
        self.canary = canary
        key = try DecisionKey(bytes: bench.workspace.key)
        classifier = try DecisionKey(bytes: Array(repeating: 7, count: DecisionKey.size))
    }

    func sample() throws -> Sample { try command() }

    func large(bytes: Int) throws -> Sample {
        try command(text: Array("SELECT 1 -- ".utf8) + [UInt8](repeating: 0x61, count: bytes))
    }

    /// A command as it comes from a classifier that allowed it, or held it.
    func command(
        _ purpose: CommandPurpose = .execution, route: [String] = [Workspace.next, Workspace.approver],
        isHeld: Bool = false, text: [UInt8]? = nil, parameters: [String]? = nil
    ) throws -> Sample {
        let text = purpose == .session ? [] : text ?? Array("SELECT '\(canary)' FROM orders WHERE id = $1".utf8)
        var judge = Judge()
        judge.digest = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        judge.principal.name = "conformance-agent"
        judge.principal.groups = ["ai-agents", "europe"]
        judge.principal.labels = ["team": "finance", "tier": "é"]
        judge.principal.method = "scram-sha-256"
        judge.principal.sourceAddress = "127.0.0.1:40000"
        judge.resource = "orders"
        judge.protocol = "postgres"
        judge.purpose = purpose
        judge.parameters = purpose == .execution ? parameters ?? ["7", canary] : []
        judge.facts.operations = purpose == .session ? [] : ["read"]
        judge.facts.tablesRead = purpose == .session ? [] : ["orders"]
        judge.facts.statements = purpose == .session ? 0 : 1
        judge.facts.statementTags = purpose == .session ? [] : ["SELECT"]
        judge.annotations = [Annotation("risk", "low")]
        judge.annotations[0].stage = StageName.classifier
        if isHeld {
            judge.hold.approverGroups = ["dba"]
            judge.hold.quorum = 2
            judge.hold.expiresSeconds = 900
        }
        var message = BusMessage(
            header: try bench.header(.judge, .request, route: route), body: try judge.serializedBytes(), payload: text)
        message.header.decisions = [try classified(judge, message)]
        return Sample(message: message, judge: judge)
    }

    private func classified(_ judge: Judge, _ message: BusMessage) throws -> SignedDecision {
        var decision = judge.hasHold ? Decision() : Decision.allow(rule: "conformance")
        decision.stage = StageName.classifier
        decision.facts = judge.facts
        if judge.hasHold {
            decision.verdict = .hold
            decision.hold = judge.hold
        }
        decision.session = message.header.session
        decision.sequence = message.header.sequence
        decision.digest = judge.digest
        return try classifier.sign(decision)
    }

    func passes(_ answer: Answer) -> Bool { [.judge, .judged].contains(answer.message.header.kind) }

    func gist(_ answer: Answer) throws -> String {
        guard answer.message.header.kind != .failed, let last = answer.message.header.decisions.last else {
            return "\(answer.message.header.kind)"
        }
        let decision = try key.open(last)
        return "\(decision.verdict) by rule “\(decision.rule)”"
    }

    /// The stage's decision in `answer`, as far as it can be read.
    func decision(in answer: Answer) -> Decision? {
        guard let last = answer.message.header.decisions.last, last.stage == Workspace.stage else { return nil }
        do {
            return try Decision(serializedBytes: last.decision)
        } catch {
            return nil
        }
    }

    func verify(_ answer: Answer, to sample: Sample, _ report: inout Report) {
        let header = answer.message.header
        guard header.kind != .failed else {
            let failure = answer.body(as: Failure.self)?.reason ?? ""
            return report.note(.requestAnswers, "\(sample.judge.purpose) was answered with FAILED: \(failure)")
        }
        guard passes(answer) else {
            return report.note(.requestAnswers, "\(sample.judge.purpose) was answered with \(header.kind)")
        }
        let earlier = sample.message.header.decisions
        report.note(.requestEarlierDecisions, Self.earlierViolation(header.decisions, earlier))
        guard let signed = header.decisions.last, header.decisions.count > 0, signed != earlier.last else {
            return report.note(.requestAnswers, "the message was passed on without a decision of its own")
        }
        guard signed.stage == Workspace.stage else {
            return report.note(.requestSignature, "the decision names stage “\(signed.stage)”")
        }
        do {
            _ = try key.open(signed)
            report.note(.requestSignature)
        } catch {
            report.note(.requestSignature, "the signature is not that of the stage's key")
        }
        guard let decision = decision(in: answer) else {
            return report.note(.requestSignature, "the decision cannot be read")
        }
        switch decision.verdict {
        case .allow, .hold, .refuse: report.note(.requestAnswers)
        case .unspecified, .UNRECOGNIZED: return report.note(.requestAnswers, "the decision has no verdict")
        }
        report.note(.requestBinding, Self.bindingViolation(decision, sample))
        report.check(.requestRemarks) { _ in try decision.checkRemarks() }
        report.note(.requestRoute, Self.routeViolation(answer, sample, decision))
        report.note(.requestHeader, Self.headerViolation(header, sample.message.header))
        report.note(.requestCommand, Self.commandViolation(answer, sample, decision))
    }
}
