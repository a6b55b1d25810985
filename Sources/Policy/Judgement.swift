import Contract

/// What the policy says about one command.
public struct Judgement: Sendable {
    public var verdict: Verdict
    /// The rule that decided; empty when none did.
    public var rule: String
    /// Why, for the client.
    public var reason: String
    /// What the caller can do about it.
    public var hint: String
    /// With a hold: who approves, how many, how long.
    public var hold: Hold?
    /// With an allow or a hold.
    public var mask: MaskPlan
    /// With an allow: what is enforced while it runs.
    public var limits: Limits?
    /// It is not decided yet: judge again with an estimate. The verdict is a refusal.
    public var wantsEstimate: Bool
    /// A function of facts, identity and resource alone: no rule that may be meant asks for more, and nothing was tried
    /// before.
    public var isPure: Bool
    /// How much of the command is recorded.
    public var recording = RecordingLevel.full
    /// The rule that says so; empty where none does.
    public var recordingRule = ""
    /// The least that the policy says for this identity on this resource, whatever the command.
    public var leastRecording = RecordingLevel.full

    /// A refusal.
    init(rule: String = "", reason: String, hint: String = "", isPure: Bool = true) {
        verdict = .refuse
        self.rule = rule
        self.reason = reason
        self.hint = hint
        mask = MaskPlan()
        wantsEstimate = false
        self.isPure = isPure
    }
}

/// How one rule fared.
public struct MatchedRule: Sendable {
    public var name: String
    /// `file:line`
    public var place: String
    /// What it would do: "allow", "refuse", "hold", "mask", "allow, mask".
    public var effect: String
    /// It allows, refuses or holds, and does not only mask or limit.
    public var decides: Bool
    public var matched: Bool
    /// It is about this identity and this resource, and only one part of its `when` does not hold.
    public var nearly: Bool
    /// What its `when` found, or why it did not match.
    public var because: String
}
