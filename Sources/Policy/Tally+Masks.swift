import Contract

/// A use of a masked column that tells its values or carries them where nothing masks them.
enum MaskBreach {
    case inference(Rule, column: String)
    case copy(Rule, column: String, target: String)

    var rule: Rule {
        switch self {
        case .inference(let rule, _), .copy(let rule, _, _): rule
        }
    }

    var reason: String {
        switch self {
        case .inference(_, let column):
            "a condition, join, order, grouping, DISTINCT or computation over masked column \(column) would tell its values"
        case .copy(_, let column, let target):
            column == target
                ? "it would write masked column \(column) with what is computed from it, which shows more of it than its mask does"
                : "it would copy masked column \(column) into \(target), which no rule masks as strictly"
        }
    }

    var hint: String {
        switch self {
        case .inference: "Return the column itself, which is masked, and compare or compute nothing with it."
        case .copy: "Leave the column out, or ask the owner of the policy for a mask of the target."
        }
    }
}

extension Tally {
    /// The first breach of the masks that hold for this command.
    func breach(_ facts: Facts) -> MaskBreach? {
        guard masks.contains(where: { !$0.columns.isEmpty }) else { return nil }
        let compared = facts.columnsCompared.map(ColumnName.init)
        for rule in masks {
            for masked in rule.columns where masked.refusesInference {
                if let name = compared.first(where: { masked.pattern.mayMatch($0) }) {
                    return .inference(rule, column: name.text)
                }
            }
        }
        for flow in facts.flows {
            if let breach = breach(flow) { return breach }
        }
        return nil
    }

    private func breach(_ flow: Flow) -> MaskBreach? {
        let target = ColumnName(flow.target)
        let sources = flow.sources.map(ColumnName.init)
        for rule in masks {
            for masked in rule.columns {
                let source = flow.anything ? nil : sources.first { masked.pattern.mayMatch($0) }
                guard flow.anything || source != nil,
                    !isMasked(target, as: masked, isDirect: flow.direct && !flow.anything)
                else { continue }
                return .copy(rule, column: source?.text ?? masked.pattern.text, target: target.text)
            }
        }
        return nil
    }

    /// Whether whoever reads the target later meets a mask that shows nothing which `source` does not, and lets it be compared no
    /// more: one that holds for every statement that reads.
    private func isMasked(_ target: ColumnName, as source: Rule.MaskedColumn, isDirect: Bool) -> Bool {
        func isMasked(at path: ValuePath?) -> Bool {
            masks.contains { rule in
                rule.masksEveryRead
                    && rule.columns.contains {
                        $0.mask.addsNothing(to: source.mask, at: path, isDirect: isDirect)
                            && ($0.refusesInference || !source.refusesInference) && $0.pattern.surelyMasks(target)
                    }
            }
        }
        guard !source.mask.paths.isEmpty else { return isMasked(at: nil) }
        return source.mask.valuePaths?.allSatisfy(isMasked(at:)) ?? false
    }
}

extension Rule {
    fileprivate var masksEveryRead: Bool {
        guard let when else { return true }
        return when.parts.allSatisfy { part in
            switch part {
            case .operation(let operations): operations.contains(Operation.read.rawValue)
            case .tables, .views, .functions, .columns, .columnsIn, .unfiltered, .opaque, .resolved, .statementsOver,
                .estimatedRowsOver, .time, .source, .any, .all, .not:
                false
            }
        }
    }
}
