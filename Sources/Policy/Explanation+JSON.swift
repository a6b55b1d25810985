import Contract

extension Explanation {
    /// One JSON object: decision, rule, reason, hint, facts, mask, obligations, rules.
    public var json: String {
        var pairs: [(String, JSON)] = [
            ("decision", .text(judgement.verdict.word)), ("rule", .text(judgement.rule)),
            ("reason", .text(judgement.reason)), ("hint", .text(judgement.hint)), ("facts", facts.json),
            ("mask", judgement.mask.json), ("obligations", .array(judgement.obligations)),
            ("rules", .array(rules.map(\.json))), ("wants_estimate", .bool(judgement.wantsEstimate)),
            ("pure", .bool(judgement.isPure)),
        ]
        if !remarks.isEmpty { pairs.append(("remarks", .texts(remarks))) }
        return JSON.object(pairs).text
    }
}

extension Judgement {
    fileprivate var obligations: [JSON] {
        var obligations: [JSON] = []
        if let hold {
            obligations.append(
                .object([
                    ("type", .text("hold")), ("approver_groups", .texts(hold.approverGroups)),
                    ("approver_identities", .texts(hold.approverIdentities)), ("quorum", .number(Int(hold.quorum))),
                    ("expires_seconds", .number(Int(clamping: hold.expiresSeconds))),
                ]))
        }
        if let limits {
            obligations.append(
                .object([
                    ("type", .text("limit")), ("max_rows", .number(Int(clamping: limits.maxRows))),
                    ("rule", .text(limits.rule)),
                ]))
        }
        if recording.meaning != .full {
            obligations.append(
                .object([
                    ("type", .text("record")), ("level", .text(recording.word)), ("rule", .text(recordingRule)),
                ]))
        }
        if !mask.columns.isEmpty || !mask.detectors.isEmpty { obligations.append(.object([("type", .text("mask"))])) }
        return obligations
    }
}

extension MatchedRule {
    fileprivate var json: JSON {
        .object([
            ("name", .text(name)), ("place", .text(place)), ("effect", .text(effect)), ("matched", .bool(matched)),
            ("nearly", .bool(nearly)), ("because", .text(because)),
        ])
    }
}

extension Facts {
    fileprivate var json: JSON {
        .object([
            ("operations", .texts(operations)), ("tables_read", .texts(tablesRead)),
            ("tables_written", .texts(tablesWritten)), ("unfiltered", .bool(unfiltered)),
            ("functions", .texts(functions)), ("statements", .number(Int(statements))), ("opaque", .bool(opaque)),
            ("opaque_reason", .text(opaqueReason)), ("columns_referenced", .texts(columnsReferenced)),
            ("statement_tags", .texts(statementTags)), ("resolved", .bool(resolved)),
            ("unresolved", .texts(unresolved)), ("views", .texts(views)), ("columns_read", .texts(columnsRead)),
            ("columns_written", .texts(columnsWritten)), ("columns_compared", .texts(columnsCompared)),
            ("flows", .array(flows.map(\.json))), ("unlimitable", .text(unlimitable)),
            ("outputs_known", .bool(outputsKnown)), ("outputs", .array(outputs.map(\.json))),
        ])
    }
}

extension Flow {
    fileprivate var json: JSON {
        .object([
            ("target", .text(target)), ("sources", .texts(sources)), ("anything", .bool(anything)),
            ("direct", .bool(direct)),
        ])
    }
}

extension OutputColumn {
    fileprivate var json: JSON {
        .object([
            ("columns", .texts(columns)), ("whole_row", .bool(wholeRow)), ("star", .bool(star)),
            ("origins", .texts(origins)), ("direct", .bool(direct)),
        ])
    }
}

extension MaskPlan {
    fileprivate var json: JSON {
        .object([
            (
                "columns",
                .array(
                    columns.map {
                        .object([
                            ("pattern", .text($0.pattern)), ("paths", .texts($0.paths)),
                            ("style", .text($0.style.word)),
                            ("parameters", $0.parameters.json), ("rule", .text($0.rule)),
                            ("on_failure", .text($0.refuseOnFailure ? "refuse" : "withhold")),
                        ])
                    })
            ),
            (
                "detectors",
                .array(
                    detectors.map {
                        .object([
                            ("entities", .texts($0.entities)), ("style", .text($0.style.word)),
                            ("parameters", $0.parameters.json), ("rule", .text($0.rule)),
                            ("on_failure", .text($0.refuseOnFailure ? "refuse" : "withhold")),
                        ])
                    })
            ),
            (
                "outputs",
                .array(
                    outputs.map {
                        .object([
                            ("index", .number(Int($0.index))), ("paths", .texts($0.paths)),
                            ("style", .text($0.style.word)),
                            ("parameters", $0.parameters.json),
                            ("rule", .text($0.rule)), ("computed", .bool($0.computed)),
                        ])
                    })
            ),
            ("computed_outputs", .array(computedOutputs.map { .number(Int($0)) })),
            ("all_computed", .bool(allComputed)), ("all_outputs", .bool(allOutputs)),
        ])
    }
}

extension StyleParameters {
    fileprivate var json: JSON { .object(told.map { ($0.key, .text($0.value)) }) }
}
