import Contract

/// A judgement and how it came about, for people (`text`) and scripts (`json`).
public struct Explanation: Sendable {
    public let judgement: Judgement
    public let facts: Facts
    /// Every rule of the policy, in its order, and how it fared.
    public let rules: [MatchedRule]
    /// What is worth knowing beside it: that the identity has no account.
    public var remarks: [String] = []
}

extension PolicySet {
    /// What `decide` decides, with everything that led to it.
    public func explain(
        facts: Facts, principal: Principal, resource: String, purpose: CommandPurpose = .statement,
        circumstances: Circumstances = Circumstances()
    ) -> Explanation {
        let question = Question(facts, principal, resource, circumstances)
        return Explanation(
            judgement: decide(
                facts: facts, principal: principal, resource: resource, purpose: purpose, circumstances: circumstances),
            facts: facts, rules: rules.map { MatchedRule($0, question) })
    }
}

extension MatchedRule {
    fileprivate init(_ rule: Rule, _ question: Question) {
        name = rule.name
        place = rule.place
        effect = rule.effect
        decides = rule.outcome != nil
        matched = false
        nearly = false
        because = ""
        guard rule.isOn(question.resource, question.resourceLabels) else {
            because = "it is not about \(question.resource)"
            return
        }
        if let reason = rule.mismatch(question.principal) {
            because = reason
            return
        }
        guard let when = rule.when else {
            matched = true
            return
        }
        let failed = when.findings(question, rule.sense, met: false)
        if failed.isEmpty {
            matched = true
            var findings = when.findings(question, rule.sense, met: true)
            if case .allow = rule.outcome {
                let covered = question.facts.operations.filter(rule.covered(question).contains)
                if covered.count < question.facts.operations.count {
                    findings.append("covers \(covered.isEmpty ? "none of them" : covered.joined(separator: ", "))")
                }
            }
            because = findings.joined(separator: "; ")
        } else if rule.outcome == nil,
            rule.masks ? question.facts.isIndirect : rule.limit != nil && question.facts.changesUnseen
        {
            matched = true
            because = "what this statement reads or changes is not in its text"
        } else {
            nearly = failed.count == 1
            because = failed.joined(separator: "; ")
        }
    }
}

extension Verdict {
    /// As scripts read it.
    public var word: String {
        switch self {
        case .allow: "allow"
        case .hold: "hold"
        case .refuse, .unspecified, .UNRECOGNIZED: "refuse"
        }
    }
}
