import Contract

/// A judgement and how it came about, for people (`text`) and scripts (`json`).
public struct Explanation: Sendable {
    public let judgement: Judgement
    /// A readable tree, one fact or rule a line.
    public let text: String
    /// One JSON object: decision, rule, reason, hint, facts, mask, obligations, rules.
    public let json: String
}

extension PolicySet {
    /// What `decide` decides, with everything that led to it.
    public func explain(
        facts: Facts, principal: Principal, resource: String, purpose: CommandPurpose = .statement
    ) -> Explanation {
        let judgement = decide(facts: facts, principal: principal, resource: resource, purpose: purpose)
        return Explanation(
            judgement: judgement, text: Self.text(judgement, facts), json: Self.json(judgement, facts).text)
    }

    private static func text(_ judgement: Judgement, _ facts: Facts) -> String {
        var lines = ["decision: \(judgement.verdict.word)"]
        if !judgement.rule.isEmpty { lines.append("  rule: \(judgement.rule)") }
        lines.append("  reason: \(judgement.reason)")
        if !judgement.hint.isEmpty { lines.append("  hint: \(judgement.hint)") }
        if let hold = judgement.hold {
            lines.append("  approval: \(hold.approversText), within \(hold.expiresSeconds) s")
        }
        lines.append("facts")
        let lists = [
            ("operations", facts.operations), ("statements", facts.statementTags), ("tables read", facts.tablesRead),
            ("tables written", facts.tablesWritten), ("functions", facts.functions),
            ("columns", facts.columnsReferenced),
        ]
        for (name, values) in lists where !values.isEmpty {
            lines.append("  \(name): \(values.joined(separator: ", "))")
        }
        if facts.unfiltered { lines.append("  unfiltered: true") }
        if facts.opaque { lines.append("  opaque: \(facts.opaqueReason)") }
        lines.append("rules")
        for rule in judgement.matched {
            lines.append(
                rule.matched
                    ? "  ✓ \(rule.name) → \(rule.effect)" : "  · \(rule.name) → \(rule.effect): no, \(rule.because)")
        }
        if !judgement.mask.columns.isEmpty || !judgement.mask.detectors.isEmpty {
            lines.append("mask")
            for mask in judgement.mask.columns { lines.append("  column \(mask.pattern) → \(mask.style.word)") }
            for mask in judgement.mask.detectors {
                lines.append("  \(mask.entities.joined(separator: ", ")) → \(mask.style.word)")
            }
            if judgement.mask.allComputed {
                lines.append("  every computed column")
            } else if !judgement.mask.computedOutputs.isEmpty {
                let positions = judgement.mask.computedOutputs.map { String($0 + 1) }
                lines.append("  computed columns at \(positions.joined(separator: ", "))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func json(_ judgement: Judgement, _ facts: Facts) -> JSON {
        var obligations: [JSON] = []
        if let hold = judgement.hold {
            obligations.append(
                .object([
                    ("type", .text("hold")), ("approver_groups", .texts(hold.approverGroups)),
                    ("approver_identities", .texts(hold.approverIdentities)), ("quorum", .number(Int(hold.quorum))),
                    ("expires_seconds", .number(Int(clamping: hold.expiresSeconds))),
                ]))
        }
        if !judgement.mask.columns.isEmpty || !judgement.mask.detectors.isEmpty {
            obligations.append(.object([("type", .text("mask"))]))
        }
        return .object([
            ("decision", .text(judgement.verdict.word)), ("rule", .text(judgement.rule)),
            ("reason", .text(judgement.reason)), ("hint", .text(judgement.hint)), ("facts", json(facts)),
            ("mask", json(judgement.mask)), ("obligations", .array(obligations)),
            (
                "rules",
                .array(
                    judgement.matched.map { rule in
                        .object([
                            ("name", .text(rule.name)), ("effect", .text(rule.effect)),
                            ("matched", .bool(rule.matched)),
                            ("because", .text(rule.because)),
                        ])
                    })
            ),
        ])
    }

    private static func json(_ facts: Facts) -> JSON {
        .object([
            ("operations", .texts(facts.operations)), ("tables_read", .texts(facts.tablesRead)),
            ("tables_written", .texts(facts.tablesWritten)), ("unfiltered", .bool(facts.unfiltered)),
            ("functions", .texts(facts.functions)), ("statements", .number(Int(facts.statements))),
            ("opaque", .bool(facts.opaque)), ("opaque_reason", .text(facts.opaqueReason)),
            ("columns_referenced", .texts(facts.columnsReferenced)), ("statement_tags", .texts(facts.statementTags)),
        ])
    }

    private static func json(_ mask: MaskPlan) -> JSON {
        .object([
            (
                "columns",
                .array(
                    mask.columns.map {
                        .object([
                            ("pattern", .text($0.pattern)), ("style", .text($0.style.word)), ("rule", .text($0.rule)),
                        ])
                    })
            ),
            (
                "detectors",
                .array(
                    mask.detectors.map {
                        .object([
                            ("entities", .texts($0.entities)), ("style", .text($0.style.word)),
                            ("rule", .text($0.rule)),
                        ])
                    })
            ),
            ("computed_outputs", .array(mask.computedOutputs.map { .number(Int($0)) })),
            ("all_computed", .bool(mask.allComputed)),
        ])
    }
}

extension Verdict {
    /// As scripts read it.
    fileprivate var word: String {
        switch self {
        case .allow: "allow"
        case .hold: "hold"
        case .refuse, .unspecified, .UNRECOGNIZED: "refuse"
        }
    }
}
