import Bus
import Contract
import Foundation
import Policy
import PolicyFiles
import Telemetry

/// Decides by the policy in force: from text, catalogue, actor and resource, and where a rule asks for them from the
/// time, the client's address and the target's estimate.
struct ClassifierStage: RequestStage {
    /// How often the policy's files are looked at, nanoseconds.
    static let watchInterval: UInt64 = 500_000_000

    private var policy: PolicySet
    private var watch: PolicyWatch
    private var watchedAt: UInt64
    private var catalogs = CatalogCache()
    private let protocols = ClassifierProtocols()
    private let resourceLabels: [String: [String: String]]
    private let metrics = ClassifierMetrics(ProcessTelemetry.current)

    init(policyPath: String, labels: [(resource: String, labels: [String: String])]) throws {
        resourceLabels = Dictionary(uniqueKeysWithValues: labels.map { ($0.resource, $0.labels) })
        watch = PolicyWatch(path: policyPath)
        policy = try PolicySet(try watch.changed()?.get() ?? PolicyFiles.read(path: policyPath))
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
            facts = classify(text, try catalogs.catalog(judge.catalog))
            if facts.opaque { metrics.opaque.add() }
        }
        let judgement = policy.decide(
            facts: facts, principal: judge.principal, resource: judge.resource, purpose: judge.purpose,
            circumstances: Circumstances(
                time: Int64(Date().timeIntervalSince1970), estimate: judge.hasEstimate ? judge.estimate : nil,
                excess: judge.hasExcess ? judge.excess : nil, resourceLabels: resourceLabels[judge.resource] ?? [:]))
        var decision = Decision()
        decision.verdict = judgement.verdict
        decision.rule = judgement.rule
        decision.reason = judgement.reason
        decision.hint = judgement.hint
        if let hold = judgement.hold { decision.hold = hold }
        decision.mask = judgement.mask
        if let limits = judgement.limits { decision.limits = limits }
        decision.wantsEstimate = judgement.wantsEstimate
        decision.facts = facts
        decision.policyEpoch = Data(policy.epoch)
        decision.pure = judgement.isPure
        decision.setRecording(judgement.recording, rule: judgement.recordingRule, least: judgement.leastRecording)
        decision.context = Data(ContextDigest.of(judge))
        return decision
    }

    mutating func tick(_ outbox: inout Outbox) {
        let now = monotonicNanoseconds()
        guard now - watchedAt >= Self.watchInterval else { return }
        watchedAt = now
        guard let found = watch.changed() else { return }
        do {
            let renewed = try PolicySet(try found.get())
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

extension Decision {
    /// What is the same for nearly all decisions, to record everything, is not said.
    fileprivate mutating func setRecording(_ level: RecordingLevel, rule: String, least: RecordingLevel) {
        if !level.keepsData {
            recording = level
            recordingRule = rule
        }
        if !least.keepsData { leastRecording = least }
    }
}
