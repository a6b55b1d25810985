import Contract

extension Condition.Part {
    func holds(_ question: Question, _ sense: Condition.Sense) -> Bool {
        let facts = question.facts
        switch self {
        case .operation(let operations): return Self.match(operations, facts, sense)
        case .tables(let use, let patterns): return Self.match(use, patterns, facts, sense)
        case .views(let patterns): return Self.match(views: patterns, facts, sense)
        case .functions(let patterns): return Self.match(functions: patterns, facts, sense)
        case .columns(let patterns):
            return facts.columnsReferenced.contains { name in patterns.contains { $0.matches(name.lowercased()) } }
        case .columnsIn(let use, let patterns):
            return Self.match(patterns, facts.columns(use).map(ColumnName.init), facts, sense)
        case .unfiltered(let value): return value == facts.unfiltered
        case .opaque(let value): return value == facts.opaque
        case .resolved(let value): return value == facts.resolved
        case .statementsOver(let count): return Int(facts.statements) > count
        case .estimatedRowsOver(let rows):
            switch question.rows {
            case .known(let expected): return expected > rows
            case .failed, .missing: return sense.takesDoubt
            }
        case .time(let windows):
            guard let time = question.time else { return sense.takesDoubt }
            return windows.contains { $0.contains(time) }
        case .source(let ranges):
            guard let address = HostAddress(ofClient: question.principal.sourceAddress) else { return sense.takesDoubt }
            return ranges.contains { $0.contains(address) }
        case .any(let conditions): return conditions.contains { $0.matches(question, sense) }
        case .all(let conditions): return conditions.allSatisfy { $0.matches(question, sense) }
        case .not(let condition): return !condition.matches(question, sense.negated)
        }
    }

    private static func match(_ operations: Set<String>, _ facts: Facts, _ sense: Condition.Sense) -> Bool {
        switch sense {
        case .permit:
            // Which operations a permitting rule covers is counted by `covered`; here it needs to cover one, or
            // there is none to cover.
            facts.operations.isEmpty || facts.operations.contains { operations.contains($0) }
                || facts.operations.allSatisfy { Operation.implied.contains($0) }
        case .restrict:
            facts.operations.contains { operations.contains($0) }
        case .whole:
            facts.operations.allSatisfy { operations.contains($0) || Operation.implied.contains($0) }
        }
    }

    private static func match(
        _ use: Condition.TableUse, _ patterns: [NamePattern], _ facts: Facts, _ sense: Condition.Sense
    ) -> Bool {
        let tables = facts.tables(use)
        switch sense {
        case .restrict:
            return tables.contains { name in patterns.contains { $0.mayMatch(name) } }
        case .permit, .whole:
            // Without a table only statements that touch none are surely meant: DROP SCHEMA names no table either.
            if tables.isEmpty { return facts.operations.allSatisfy { use.mayBeNone(for: $0) } }
            return tables.allSatisfy { name in patterns.contains { $0.surelyMatches(name) } }
        }
    }

    /// Names that were not looked up may be those of views.
    private static func match(views patterns: [NamePattern], _ facts: Facts, _ sense: Condition.Sense) -> Bool {
        switch sense {
        case .restrict:
            let names = facts.views + (facts.resolved ? facts.unresolved : facts.tablesRead + facts.tablesWritten)
            return names.contains { name in patterns.contains { $0.mayMatch(name) } }
        case .permit, .whole:
            return facts.resolved && !facts.views.isEmpty
                && facts.views.allSatisfy { name in patterns.contains { $0.surelyMatches(name) } }
        }
    }

    private static func match(functions patterns: [NamePattern], _ facts: Facts, _ sense: Condition.Sense) -> Bool {
        switch sense {
        case .restrict:
            return facts.functions.contains { name in patterns.contains { $0.mayMatch(name) } }
        case .permit, .whole:
            let builtIn = "pg_catalog."
            return facts.functions.allSatisfy { name in
                let name = name.hasPrefix(builtIn) ? String(name.dropFirst(builtIn.count)) : name
                return patterns.contains { $0.surelyMatches(name) }
            }
        }
    }

    /// Columns are known for sure only when names were looked up.
    private static func match(
        _ patterns: [ColumnPattern], _ names: [ColumnName], _ facts: Facts, _ sense: Condition.Sense
    ) -> Bool {
        switch sense {
        case .restrict:
            names.contains { name in patterns.contains { $0.mayMatch(name) } }
        case .permit, .whole:
            facts.resolved && !facts.isIndirect
                && names.allSatisfy { name in patterns.contains { $0.surelyMatches(name) } }
        }
    }
}

extension Condition.TableUse {
    /// Whether statements with this operation name every table that they use in this way.
    fileprivate func mayBeNone(for operation: String) -> Bool {
        switch self {
        case .any, .written: operation == Operation.read.rawValue || Operation.implied.contains(operation)
        case .read: Operation.namesWhatItReads.contains(operation)
        }
    }
}

extension Facts {
    func tables(_ use: Condition.TableUse) -> [String] {
        switch use {
        case .any: tablesRead + tablesWritten
        case .read: tablesRead
        case .written: tablesWritten
        }
    }

    func columns(_ use: Condition.ColumnUse) -> [String] {
        switch use {
        case .read: columnsRead
        case .written: columnsWritten
        case .compared: columnsCompared
        }
    }
}
