import Contract
import Policy

/// Judges facts by rules as a policy file has them.
func judge(
    _ rules: String, _ facts: Facts, _ who: Principal = principal(), time: Int64? = nil, rows: UInt64? = nil,
    estimateFailed: Bool = false, excess: (rows: UInt64, maxRows: UInt64)? = nil
) throws -> Judgement {
    var circumstances = Circumstances(time: time)
    if rows != nil || estimateFailed {
        var estimate = Estimate()
        estimate.rows = rows ?? 0
        estimate.failed = estimateFailed
        circumstances.estimate = estimate
    }
    if let excess {
        var value = Excess()
        value.rows = excess.rows
        value.maxRows = excess.maxRows
        circumstances.excess = value
    }
    return try PolicySet.parse("rules:\n" + rules, file: "policy.yaml").decide(
        facts: facts, principal: who, resource: "orders", purpose: .execution, circumstances: circumstances)
}

extension Facts {
    /// As with a complete catalogue.
    func resolvedWith(_ change: (inout Facts) -> Void = { _ in }) -> Facts {
        var facts = self
        facts.resolved = true
        change(&facts)
        return facts
    }
}

func flow(_ sources: [String], to target: String, anything: Bool = false, direct: Bool = true) -> Flow {
    var flow = Flow()
    flow.sources = sources
    flow.target = target
    flow.anything = anything
    flow.direct = direct && !anything
    return flow
}
