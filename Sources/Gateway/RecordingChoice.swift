import Bus
import Contract

/// How much of one command is recorded, and who says so.
public struct RecordingChoice: Sendable, Equatable {
    public let level: RecordingLevel
    /// The rule, or the stage that asks for more than the policy; empty when the policy says nothing.
    public let rule: String

    public static let full = RecordingChoice(level: .full, rule: "")

    private init(level: RecordingLevel, rule: String) {
        self.level = level
        self.rule = rule
    }

    /// The policy alone can have less recorded; every other stage can only ask for more. What is not understood is recorded in
    /// full.
    init(decisions: [Decision]) {
        guard let policy = decisions.first(where: { $0.stage == StageName.classifier }), !policy.facts.opaque else {
            self = .full
            return
        }
        var choice = RecordingChoice(level: policy.recording.meaning, rule: policy.recordingRule)
        for decision in decisions where decision.stage != StageName.classifier && decision.recording != .unspecified {
            guard choice.level.isLess(than: decision.recording) else { continue }
            let rule = decision.recordingRule.isEmpty ? "stage \(decision.stage)" : decision.recordingRule
            choice = RecordingChoice(level: decision.recording.meaning, rule: rule)
        }
        self = choice
    }
}
