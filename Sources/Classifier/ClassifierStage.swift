import Bus
import Contract
import Foundation
import Policy
import PostgresClassify
import Telemetry

/// Decides by the policy in force. A pure function of text, actor, resource and policy epoch.
struct ClassifierStage: RequestStage {
    /// How often the policy file is looked at, nanoseconds.
    static let watchInterval: UInt64 = 500_000_000

    private let policyPath: String
    private var policy: PolicySet
    private var lastBytes: Data?
    private var watchedAt: UInt64
    private let protocols = ClassifierProtocols()
    private let metrics = ClassifierMetrics(ProcessTelemetry.current)

    init(policyPath: String) throws {
        self.policyPath = policyPath
        policy = try PolicySet.load(path: policyPath)
        lastBytes = FileManager.default.contents(atPath: policyPath)
        watchedAt = monotonicNanoseconds()
        ProcessTelemetry.current.setPolicyEpoch(policy.epoch)
    }

    var policyEpoch: [UInt8] { policy.epoch }

    mutating func judge(_ judge: Judge, text: [UInt8]) throws -> Decision {
        let facts: Facts
        if judge.purpose == .session {
            facts = Facts()
        } else {
            guard let classify = protocols.classifier(for: judge.protocol) else {
                throw BusError(.malformed, "no classifier for protocol \(judge.protocol)")
            }
            facts = classify(text)
            if facts.opaque { metrics.opaque.add() }
        }
        let judgement = policy.decide(
            facts: facts, principal: judge.principal, resource: judge.resource, purpose: judge.purpose)
        var decision = Decision()
        decision.verdict = judgement.verdict
        decision.rule = judgement.rule
        decision.reason = judgement.reason
        decision.hint = judgement.hint
        if let hold = judgement.hold { decision.hold = hold }
        decision.mask = judgement.mask
        decision.facts = facts
        decision.policyEpoch = Data(policy.epoch)
        decision.pure = true
        return decision
    }

    mutating func tick(_ outbox: inout Outbox) {
        let now = monotonicNanoseconds()
        guard now - watchedAt >= Self.watchInterval else { return }
        watchedAt = now
        // The bytes themselves are compared: a file replaced within a clock tick has the same time and maybe size.
        let bytes = FileManager.default.contents(atPath: policyPath)
        guard bytes != lastBytes else { return }
        lastBytes = bytes
        do {
            let renewed = try PolicySet.load(path: policyPath)
            policy = renewed
            metrics.reloads.add()
            ProcessTelemetry.current.setPolicyEpoch(renewed.epoch)
            StageLog.info("policy reloaded: \(renewed.ruleNames.count) rules")
        } catch {
            metrics.failedReloads.add()
            StageLog.error("policy not reloaded, the former one stays in force: \(error)")
        }
    }
}
