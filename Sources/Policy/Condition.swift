import Contract

/// A rule's `when`: all of its parts must hold.
struct Condition: Sendable {
    var operations: Set<String>?
    var tables: [NamePattern]?
    var functions: [NamePattern]?
    var columns: [Pattern]?
    var unfiltered: Bool?
    var opaque: Bool?
    var statementsOver: Int?
    var any: [Condition]?
    var all: [Condition]?
    var negation: [Condition] = []

    /// How far a condition must be met. Doubt always falls on the strict side.
    enum Sense {
        /// In a rule that permits: every name is surely meant. Operations may be met in part: several rules
        /// together cover a statement (`covered`).
        case permit
        /// In a rule that refuses, holds or masks: any part of the statement may be meant.
        case restrict
        /// Within `not` of a rule that restricts: the whole statement is surely meant.
        case whole

        var negated: Sense {
            switch self {
            case .permit, .whole: .restrict
            case .restrict: .whole
            }
        }
    }

    /// nil when it matches, else the first part that does not.
    func mismatch(_ facts: Facts, _ sense: Sense) -> String? {
        if let operations, let reason = mismatch(operations: operations, facts, sense) { return reason }
        if let tables, !matches(tables, facts, sense) { return "tables" }
        if let functions, !matches(functions, facts.functions, sense) { return "functions" }
        if let columns,
            !facts.columnsReferenced.contains(where: { name in columns.contains { $0.matches(name.lowercased()) } })
        {
            return "columns"
        }
        if let unfiltered, unfiltered != facts.unfiltered { return "unfiltered is \(facts.unfiltered)" }
        if let opaque, opaque != facts.opaque { return "opaque is \(facts.opaque)" }
        if let statementsOver, facts.statements <= statementsOver { return "statements is \(facts.statements)" }
        if let any, !any.contains(where: { $0.mismatch(facts, sense) == nil }) { return "none of any" }
        if let all {
            for condition in all {
                if let reason = condition.mismatch(facts, sense) { return reason }
            }
        }
        if negation.contains(where: { $0.mismatch(facts, sense.negated) == nil }) { return "not" }
        return nil
    }

    private func mismatch(operations: Set<String>, _ facts: Facts, _ sense: Sense) -> String? {
        switch sense {
        case .permit:
            // Which operations a permitting rule covers is counted by `covered`; here it needs to cover one, or
            // there is none to cover.
            if facts.operations.isEmpty || facts.operations.contains(where: { operations.contains($0) })
                || facts.operations.allSatisfy({ Operation.implied.contains($0) })
            {
                return nil
            }
        case .restrict:
            if facts.operations.contains(where: { operations.contains($0) }) { return nil }
        case .whole:
            if facts.operations.allSatisfy({ operations.contains($0) || Operation.implied.contains($0) }) { return nil }
        }
        return "operation is \(facts.operations.joined(separator: ", "))"
    }

    private func matches(_ patterns: [NamePattern], _ facts: Facts, _ sense: Sense) -> Bool {
        let tables = facts.tablesRead + facts.tablesWritten
        switch sense {
        case .restrict:
            return tables.contains { name in patterns.contains { $0.mayMatch(name) } }
        case .permit, .whole:
            // Without a table only statements that touch none are surely meant: DROP SCHEMA names no table either.
            if tables.isEmpty {
                return facts.operations.allSatisfy { $0 == Operation.read.rawValue || Operation.implied.contains($0) }
            }
            return tables.allSatisfy { name in patterns.contains { $0.surelyMatches(name) } }
        }
    }

    private func matches(_ patterns: [NamePattern], _ names: [String], _ sense: Sense) -> Bool {
        switch sense {
        case .restrict:
            return names.contains { name in patterns.contains { $0.mayMatch(name) } }
        case .permit, .whole:
            let builtIn = "pg_catalog."
            return names.allSatisfy { name in
                let name = name.hasPrefix(builtIn) ? String(name.dropFirst(builtIn.count)) : name
                return patterns.contains { $0.surelyMatches(name) }
            }
        }
    }

    /// The operations of `facts` that this condition, which matches, covers: those that each of its parts lists.
    func covered(_ facts: Facts) -> Set<String> {
        var result = Set(facts.operations)
        if let operations { result.formIntersection(operations) }
        if let any {
            var union: Set<String> = []
            for condition in any where condition.mismatch(facts, .permit) == nil {
                union.formUnion(condition.covered(facts))
            }
            result.formIntersection(union)
        }
        if let all {
            for condition in all { result.formIntersection(condition.covered(facts)) }
        }
        // Not understood must be named: a condition that does not is about statements that are.
        if opaque != true, operations == nil, any == nil, all == nil, !isEmpty {
            result.remove(Operation.opaque.rawValue)
        }
        return result
    }

    /// Whether it asks for columns anywhere. What a star reads is not known by name, so that only a rule that
    /// restricts may ask, and not within `not`.
    var asksForColumns: Bool {
        columns != nil || negation.contains(where: \.asksForColumns) || (any ?? []).contains(where: \.asksForColumns)
            || (all ?? []).contains(where: \.asksForColumns)
    }

    /// Whether it asks nothing.
    var isEmpty: Bool {
        operations == nil && tables == nil && functions == nil && columns == nil && unfiltered == nil && opaque == nil
            && statementsOver == nil && any == nil && all == nil && negation.isEmpty
    }
}
