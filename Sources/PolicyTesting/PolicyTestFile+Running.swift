import Contract
import Policy

extension PolicyTestFile {
    /// Judges every case.
    public func run() -> PolicyTestReport {
        var report = PolicyTestReport(file: path, policy: policyPath, cases: cases.count, coverage: [])
        for test in cases {
            let facts =
                CommandClassifier.facts(of: Array(test.sql.utf8), protocol: test.protocolName, catalog: catalog)
                ?? Facts()
            let explanation = outcome(test, facts)
            count(explanation, &report)
            let differences = test.differences(explanation)
            guard !differences.isEmpty else { continue }
            report.failures.append(
                PolicyTestReport.Failure(
                    place: test.place, what: "\(test.principal.name) on \(test.resource): \(test.sql)",
                    differences: differences, reason: explanation.judgement.reason))
        }
        return report
    }

    /// As ingress does it: a command that changes more than its limit is rolled back and judged again.
    private func outcome(_ test: PolicyTestCase, _ facts: Facts) -> Explanation {
        let first = policy.explain(
            facts: facts, principal: test.principal, resource: test.resource, circumstances: test.circumstances)
        guard let rows = test.changedRows, let limits = first.judgement.limits, rows > limits.maxRows else {
            return first
        }
        var circumstances = test.circumstances
        var excess = Excess()
        excess.rows = rows
        excess.maxRows = limits.maxRows
        circumstances.excess = excess
        return policy.explain(
            facts: facts, principal: test.principal, resource: test.resource, circumstances: circumstances)
    }

    private func count(_ explanation: Explanation, _ report: inout PolicyTestReport) {
        if report.coverage.isEmpty {
            report.coverage = explanation.rules.map {
                PolicyTestReport.Coverage(
                    rule: $0.name, place: $0.place, matched: 0, decided: 0, decides: $0.decides)
            }
        }
        for (index, rule) in explanation.rules.enumerated() {
            if rule.matched { report.coverage[index].matched += 1 }
            if rule.name == explanation.judgement.rule { report.coverage[index].decided += 1 }
        }
    }
}

extension PolicyTestCase {
    fileprivate func differences(_ explanation: Explanation) -> [PolicyTestReport.Difference] {
        var result: [PolicyTestReport.Difference] = []
        func compare(_ key: String, _ expected: String?, _ actual: String) {
            guard let expected, expected != actual else { return }
            result.append(PolicyTestReport.Difference(key: key, expected: expected, actual: actual))
        }
        let judgement = explanation.judgement
        func list(_ values: [String]) -> String { values.isEmpty ? "none" : values.joined(separator: ", ") }
        compare(
            "decision", expected?.rawValue,
            judgement.wantsEstimate ? "undecided: give estimated_rows" : judgement.verdict.word)
        compare("rule", rule, judgement.rule)
        compare("operations", operations.map(list), list(explanation.facts.operations.sorted()))
        compare("mask", mask.map(list), list(judgement.mask.testWords.sorted()))
        compare("outputs", outputs.map(list), list(judgement.mask.outputWords.sorted()))
        compare("limit", limit.map { String($0) }, String(judgement.limits?.maxRows ?? 0))
        compare("record", record, judgement.recording.word)
        return result
    }
}
