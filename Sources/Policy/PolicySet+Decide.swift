import Contract

extension PolicySet {
    /// Judges one command. Strictest wins: refuse, then hold, then allow; what nothing allows is refused.
    public func decide(
        facts: Facts, principal: Principal, resource: String, purpose: CommandPurpose
    ) -> Judgement {
        switch purpose {
        case .session:
            return admit(principal, resource)
        case .statement, .execution:
            return judge(facts, principal, resource)
        case .unspecified, .UNRECOGNIZED:
            return Judgement(
                verdict: .refuse, rule: "", reason: "the command's purpose is not known", hint: "", hold: nil,
                mask: MaskPlan(), matched: [])
        }
    }

    private func judge(_ facts: Facts, _ principal: Principal, _ resource: String) -> Judgement {
        var tally = Tally()
        for rule in rules { tally.add(rule, facts, principal, resource) }
        var judgement = Judgement(
            verdict: .refuse, rule: "", reason: "", hint: "", hold: nil, mask: MaskPlan(), matched: tally.matched)
        let what = "\(facts.operations.joined(separator: ", ")) on \(resource)"

        if let rule = tally.refusal {
            judgement.rule = rule.name
            judgement.reason = "refused by rule “\(rule.name)”" + (rule.message.map { ": \($0)" } ?? "")
            judgement.hint = "This statement does \(what). Change it, or ask the owner of the policy."
            return judgement
        }
        let mask = MaskPlan(rules: tally.masks, facts: facts)
        if let (rule, hold) = tally.hold {
            judgement.verdict = .hold
            judgement.rule = rule.name
            judgement.reason = "held by rule “\(rule.name)”" + (rule.message.map { ": \($0)" } ?? "")
            judgement.hint = "It runs when \(hold.approversText) approved it."
            judgement.hold = hold
            judgement.mask = mask
            return judgement
        }
        var missing = Set(facts.operations).subtracting(tally.covered)
        if tally.hasAccess { missing.subtract(Operation.implied) }
        guard tally.hasAccess, missing.isEmpty else {
            let names = missing.isEmpty ? "anything" : missing.sorted().joined(separator: ", ")
            judgement.reason = "no policy rule allows \(names) on \(resource) for \(principal.name)"
            if missing.contains(Operation.opaque.rawValue), !facts.opaqueReason.isEmpty {
                judgement.reason += " (\(facts.opaqueReason))"
            }
            judgement.hint =
                "Ask the owner of the policy for a rule; `sluice explain` shows how each rule reads this statement."
            return judgement
        }
        judgement.verdict = .allow
        judgement.rule = tally.allowedBy?.name ?? ""
        judgement.reason =
            tally.allowedBy.map { "allowed by rule “\($0.name)”" } ?? "allowed: it does nothing to data by itself"
        judgement.mask = mask
        return judgement
    }

    /// Opening a session: whoever has some rule that can let something through.
    private func admit(_ principal: Principal, _ resource: String) -> Judgement {
        var judgement = Judgement(
            verdict: .refuse, rule: "", reason: "no policy rule allows anything on \(resource) for \(principal.name)",
            hint: "Ask the owner of the policy for a rule that names this identity or one of its groups.", hold: nil,
            mask: MaskPlan(), matched: [])
        let mine = rules.filter { $0.isOn(resource) && $0.mismatch(principal) == nil }
        for rule in mine {
            judgement.matched.append(MatchedRule(name: rule.name, effect: rule.effect, matched: true, because: ""))
            switch rule.outcome {
            case .refuse where rule.when == nil:
                judgement.verdict = .refuse
                judgement.rule = rule.name
                judgement.reason = "refused by rule “\(rule.name)”" + (rule.message.map { ": \($0)" } ?? "")
                judgement.mask = MaskPlan()
                return judgement
            case .allow, .hold:
                guard judgement.verdict != .allow else { continue }
                judgement.verdict = .allow
                judgement.rule = rule.name
                judgement.reason = "allowed by rule “\(rule.name)”"
                judgement.hint = ""
            case .refuse, nil:
                continue
            }
        }
        if judgement.verdict == .allow { judgement.mask = MaskPlan(sessionRules: mine.filter(\.masks)) }
        return judgement
    }
}

/// What the rules add up to while they are gone through in file order.
private struct Tally {
    var refusal: Rule?
    var hold: (Rule, Hold)?
    var allowedBy: Rule?
    /// Operations that matching allow rules cover.
    var covered: Set<String> = []
    /// Some rule can let something through for this identity here.
    var hasAccess = false
    var masks: [Rule] = []
    var matched: [MatchedRule] = []

    mutating func add(_ rule: Rule, _ facts: Facts, _ principal: Principal, _ resource: String) {
        let because = consider(rule, facts, principal, resource)
        matched.append(
            MatchedRule(name: rule.name, effect: rule.effect, matched: because == nil, because: because ?? ""))
    }

    /// Counts the rule; nil when it matched, else why not.
    private mutating func consider(
        _ rule: Rule, _ facts: Facts, _ principal: Principal, _ resource: String
    ) -> String? {
        guard rule.isOn(resource) else { return "it is not about \(resource)" }
        if let reason = rule.mismatch(principal) { return reason }

        let restricted = rule.when?.mismatch(facts, .restrict)
        // What such a command reads is not in its text: every mask for this identity holds.
        let isIndirect = facts.operations.contains(where: ["cursor", "execute", "call", "opaque"].contains)
        if rule.masks, restricted == nil || isIndirect { masks.append(rule) }
        switch rule.outcome {
        case nil:
            return restricted
        case .refuse:
            if restricted == nil, refusal == nil { refusal = rule }
            return restricted
        case .hold(let terms):
            hasAccess = true
            if restricted == nil, terms.isStricter(than: hold?.1) { hold = (rule, terms) }
            return restricted
        case .allow:
            hasAccess = true
            if let reason = rule.when?.mismatch(facts, .permit) { return reason }
            let covers = rule.when?.covered(facts) ?? Set(facts.operations)
            covered.formUnion(covers)
            if allowedBy == nil, !covers.isEmpty || facts.operations.isEmpty { allowedBy = rule }
            return nil
        }
    }
}

extension Hold {
    /// Of several holds the one with the largest quorum counts, then the one first in the file.
    fileprivate func isStricter(than other: Hold?) -> Bool {
        other.map { quorum > $0.quorum } ?? true
    }

    /// "1 of group dba".
    var approversText: String {
        let names =
            approverGroups.map { "group \($0)" } + approverIdentities
        return "\(quorum) of \(names.joined(separator: ", "))"
    }
}

extension Rule {
    var effect: String {
        let outcome: String? =
            switch self.outcome {
            case .allow: "allow"
            case .refuse: "refuse"
            case .hold: "hold"
            case nil: nil
            }
        return [outcome, masks ? "mask" : nil].compactMap { $0 }.joined(separator: ", ")
    }
}
