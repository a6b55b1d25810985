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
    /// Every rule of the file, in its order, and whether it matched.
    public var matched: [MatchedRule]
}

/// How one rule fared.
public struct MatchedRule: Sendable {
    public var name: String
    /// What it would do: "allow", "refuse", "hold", "mask", "allow, mask".
    public var effect: String
    public var matched: Bool
    /// Why it did not match; empty when it did.
    public var because: String
}
