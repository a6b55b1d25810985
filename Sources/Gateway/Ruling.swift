import Bus
import Contract
import Foundation

/// What all stages together say of one command: their authentic decisions combined, strictest wins.
public struct Ruling: Sendable {
    public enum Outcome: Sendable, Equatable {
        case allow
        /// May be parsed, not run: its execution needs an approval of its own.
        case hold
        case refuse
    }
    public let outcome: Outcome
    /// Rule and stage that decided.
    public let rule: String
    public let stage: String
    public let reason: String
    public let hint: String
    public let mask: MaskPlan
    /// The tightest of all stages; `maxRows` 0: none.
    public let limits: Limits
    /// Not decided yet: the classifier has to be told the planner's estimate. A statement that is not run may be parsed
    /// meanwhile, like one whose executions are held.
    public let wantsEstimate: Bool
    public let facts: Facts
    /// Tables and views that it touches, for the recording; sorted, unique.
    public let tables: [String]
    public let epoch: [UInt8]
    public let signed: [SignedDecision]
    public let reviews: [Review]
    public let holdID: String
    /// False when any stage wants an event recorded: those belong to each command on its own.
    public let isPure: Bool
    /// Each run needs a judgement of its own: people's approval, or a policy that asks for the time, the client's address
    /// or an estimate.
    public let isForOnce: Bool
    /// What stages want recorded; `command` is not set.
    public let events: [StageEvent]
    /// A stage noted something: the signed decisions tell what.
    public let isAnnotated: Bool
    public let recording: RecordingChoice
    /// The least that the policy says for this identity on this resource, whatever the command.
    public let leastRecording: RecordingLevel
    public internal(set) var isMemoised = false
    /// What the classifier was told of the planner, if it asked.
    public internal(set) var estimate: Estimate?
    /// Bytes of its signed decisions.
    var size: Int { signed.reduce(0) { $0 + $1.decision.count } }

    /// Combines opened decisions. `required` stages must all have decided unless one refused; with `approval`, a hold
    /// must have been approved by the approver. Throws ``BusError`` when something is missing.
    public init(
        decisions: [Decision], signed: [SignedDecision], required: [String], approval: Bool
    ) throws(BusError) {
        let refusal = decisions.first { $0.verdict == .refuse }
        let hold = decisions.first { $0.verdict == .hold }
        let approver = decisions.last { $0.stage == StageName.approver }
        for decision in decisions {
            switch decision.verdict {
            case .allow, .hold, .refuse: break
            case .unspecified, .UNRECOGNIZED: throw BusError(.malformed, "decision of \(decision.stage) has no verdict")
            }
            try decision.checkRemarks()
        }
        if refusal == nil {
            for stage in required where !decisions.contains(where: { $0.stage == stage }) {
                throw BusError(.unauthentic, "stage \(stage) has not decided")
            }
            if approval, hold != nil {
                guard let approver, approver.verdict == .allow else {
                    throw BusError(.unauthentic, "a held command came back without an approval")
                }
                // Every stage's hold is the one that reviewers met: two different ones cannot both have been.
                for decision in decisions where decision.verdict == .hold && decision.hold != approver.hold {
                    throw BusError(.unauthentic, "the hold of \(decision.stage) is not the one that was approved")
                }
            }
        }
        guard let deciding = refusal ?? (approval ? approver : nil) ?? hold ?? decisions.first else {
            throw BusError(.unauthentic, "no decision came back")
        }
        wantsEstimate = refusal?.stage == StageName.classifier && refusal?.wantsEstimate == true
        if refusal != nil {
            outcome = wantsEstimate && !approval ? .hold : .refuse
        } else {
            outcome = hold != nil && !approval ? .hold : .allow
        }
        rule = hold != nil && refusal == nil ? (hold?.rule ?? "") : deciding.rule
        stage = deciding.stage
        reason = deciding.reason
        hint = deciding.hint
        epoch = [UInt8](decisions.first { $0.stage == StageName.classifier }?.policyEpoch ?? deciding.policyEpoch)
        facts = decisions.first { $0.stage == StageName.classifier }?.facts ?? Facts()
        tables = Set(facts.tablesRead + facts.tablesWritten + facts.views).sorted()
        mask = decisions.reduce(into: MaskPlan()) { $0.tighten($1.mask) }
        limits = decisions.reduce(into: Limits()) { $0.tighten($1.limits) }
        self.signed = signed
        reviews = approver?.reviews ?? []
        holdID = approver?.holdID ?? ""
        events = decisions.flatMap { decision in decision.events.map { StageEvent($0, of: decision.stage) } }
        isPure = events.isEmpty && decisions.allSatisfy(\.pure)
        let isRepeatable = decisions.contains { $0.stage == StageName.classifier && $0.pure }
        isForOnce = outcome == .hold || !holdID.isEmpty || !isRepeatable
        isAnnotated = decisions.contains { !$0.annotations.isEmpty }
        recording = outcome == .refuse ? .full : RecordingChoice(decisions: decisions)
        leastRecording = decisions.first { $0.stage == StageName.classifier }?.leastRecording.meaning ?? .full
    }
}

extension StageEvent {
    /// Of a stage that is known for sure: its decision was opened with its key, or it was the one that was asked.
    init(_ event: AuditEvent, of stage: String) {
        self.init()
        self.stage = stage
        self.event = event
    }
}

extension Limits {
    /// Takes `other` where it allows less.
    public mutating func tighten(_ other: Limits) {
        guard other.maxRows > 0 else { return }
        if maxRows == 0 || other.maxRows < maxRows || other.maxRows == maxRows && !other.holds { self = other }
    }
}

extension MaskPlan {
    public var isEmpty: Bool {
        columns.isEmpty && detectors.isEmpty && computedOutputs.isEmpty && !allComputed && outputs.isEmpty
            && !allOutputs
    }

    /// The rules alone, without what they mean for one command's outputs.
    public var withoutOutputs: MaskPlan {
        var plan = self
        plan.computedOutputs = []
        plan.allComputed = false
        plan.outputs = []
        plan.allOutputs = false
        return plan
    }

    /// Adds what `other` masks.
    public mutating func tighten(_ other: MaskPlan) {
        columns += other.columns.filter { !columns.contains($0) }
        detectors += other.detectors.filter { !detectors.contains($0) }
        computedOutputs += other.computedOutputs.filter { !computedOutputs.contains($0) }
        allComputed = allComputed || other.allComputed
        outputs += other.outputs.filter { !outputs.contains($0) }
        allOutputs = allOutputs || other.allOutputs
    }
}
