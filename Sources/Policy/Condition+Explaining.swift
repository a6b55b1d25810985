import Contract

extension Condition {
    /// What each part found, for those that hold (`met`) or do not.
    func findings(_ question: Question, _ sense: Sense, met: Bool) -> [String] {
        parts.filter { $0.holds(question, sense) == met }.map { $0.finding(question, sense) }
    }
}

extension Condition.Part {
    /// What it compares with, as this command has it: `operation is drop`.
    fileprivate func finding(_ question: Question, _ sense: Condition.Sense) -> String {
        let facts = question.facts
        func list(_ name: String, _ values: [String]) -> String {
            "\(name) \(values.isEmpty ? "is none" : "is \(values.joined(separator: ", "))")"
        }
        switch self {
        case .operation: return list("operation", facts.operations)
        case .tables(let use, _): return list(use.rawValue, facts.tables(use))
        case .views: return facts.resolved ? list("views", facts.views) : "views are not known"
        case .functions: return list("functions", facts.functions)
        case .columns: return list("columns", facts.columnsReferenced)
        case .columnsIn(let use, _):
            let known = facts.resolved || sense.takesDoubt
            return known ? list(use.rawValue, facts.columns(use)) : "\(use.rawValue) is not known for sure"
        case .unfiltered: return "unfiltered is \(facts.unfiltered)"
        case .opaque: return "opaque is \(facts.opaque)"
        case .resolved: return "resolved is \(facts.resolved)"
        case .statementsOver: return "statements is \(facts.statements)"
        case .estimatedRowsOver:
            switch question.rows {
            case .known(let rows): return "estimated_rows is \(rows)"
            case .failed: return "estimated_rows could not be had"
            case .missing: return "estimated_rows is not known yet"
            }
        case .time(let windows):
            guard let time = question.time, let window = windows.first else { return "time is not known" }
            return "time is \(window.description(of: time))"
        case .source:
            let address = question.principal.sourceAddress
            return "source is \(address.isEmpty ? "not known" : address)"
        case .any(let conditions):
            let matching = conditions.filter { $0.matches(question, sense) }
            guard !matching.isEmpty else {
                let failed = conditions.map { $0.findings(question, sense, met: false).joined(separator: ", ") }
                return "none of any: \(failed.joined(separator: " / "))"
            }
            return matching.flatMap { $0.findings(question, sense, met: true) }.joined(separator: "; ")
        case .all(let conditions):
            let holds = conditions.allSatisfy { $0.matches(question, sense) }
            return conditions.flatMap { $0.findings(question, sense, met: holds) }.joined(separator: "; ")
        case .not(let condition):
            let holds = condition.matches(question, sense.negated)
            return (holds ? "“not” excludes it: " : "not: ")
                + condition.findings(question, sense.negated, met: holds).joined(separator: "; ")
        }
    }
}
