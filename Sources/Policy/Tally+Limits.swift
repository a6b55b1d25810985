import Contract

extension Tally {
    /// What the limits of the matching rules come to.
    enum LimitOutcome {
        case unlimited
        case limited(Limits)
        case refused(Rule, because: String, hint: String)
        case held(Rule, Hold, because: String)
    }

    func limitOutcome(_ facts: Facts, _ excess: Excess?) -> LimitOutcome {
        if let excess {
            let exceeded = limits.filter { rule in
                rule.limit.map { $0.maxRows <= excess.maxRows || $0.maxRows < excess.rows } ?? false
            }
            if let outcome = Self.beyond(exceeded: exceeded) { return outcome }
        }
        if !facts.unlimitable.isEmpty, facts.mayWrite, let outcome = Self.beyond(limits, unlimitable: facts) {
            return outcome
        }
        guard let smallest = limits.min(by: { ($0.limit?.maxRows ?? .max) < ($1.limit?.maxRows ?? .max) }),
            let limit = smallest.limit
        else { return .unlimited }
        var result = Limits()
        result.maxRows = limit.maxRows
        result.rule = smallest.name
        result.message = smallest.message ?? ""
        result.holds = limit.beyond != nil
        return .limited(result)
    }

    private static func beyond(exceeded: [Rule]) -> LimitOutcome? {
        beyond(
            exceeded, because: { "it would change more than \($0) row\($0 == 1 ? "" : "s")" },
            hint: "Nothing of it took effect. Narrow it, or ask the owner of the policy.")
    }

    private static func beyond(_ limiting: [Rule], unlimitable facts: Facts) -> LimitOutcome? {
        beyond(
            limiting,
            because: { "the rows that it changes cannot be held to \($0): \(facts.unlimitable)" },
            hint: "Write it so that its rows can be counted, or ask the owner of the policy.")
    }

    /// A rule that lets nobody approve more refuses; otherwise the strictest of what approvers are asked counts.
    private static func beyond(
        _ rules: [Rule], because: (UInt64) -> String, hint: String
    ) -> LimitOutcome? {
        var held: (rule: Rule, limit: Rule.RowLimit, terms: Hold)?
        for rule in rules {
            guard let limit = rule.limit else { continue }
            guard let terms = limit.beyond else { return .refused(rule, because: because(limit.maxRows), hint: hint) }
            if terms.isStricter(than: held?.terms) { held = (rule, limit, terms) }
        }
        return held.map { .held($0.rule, $0.terms, because: because($0.limit.maxRows)) }
    }
}
