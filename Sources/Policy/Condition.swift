import Contract

/// A rule's `when`: all of its parts must hold.
struct Condition: Sendable {
    var parts: [Part]

    enum Part: Sendable {
        case operation(Set<String>)
        case tables(TableUse, [NamePattern])
        case views([NamePattern])
        case functions([NamePattern])
        /// Named anywhere, by their last part alone.
        case columns([Pattern])
        case columnsIn(ColumnUse, [ColumnPattern])
        case unfiltered(Bool)
        case opaque(Bool)
        case resolved(Bool)
        case statementsOver(Int)
        case estimatedRowsOver(UInt64)
        case time([TimeWindow])
        case source([AddressRange])
        case any([Condition])
        case all([Condition])
        case not(Condition)
    }

    /// What a statement does with tables.
    enum TableUse: String, CaseIterable, Sendable {
        case any = "tables"
        case read = "tables_read"
        case written = "tables_written"
    }

    /// What a statement does with columns.
    enum ColumnUse: String, CaseIterable, Sendable {
        case read = "columns_read"
        case written = "columns_written"
        case compared = "columns_compared"
    }

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

        /// Whether what is not known counts as met.
        var takesDoubt: Bool {
            switch self {
            case .permit, .whole: false
            case .restrict: true
            }
        }
    }

    func matches(_ question: Question, _ sense: Sense) -> Bool {
        parts.allSatisfy { $0.holds(question, sense) }
    }

    /// The operations of a statement that this condition, which matches, covers: those that each of its parts lists.
    func covered(_ question: Question) -> Set<String> {
        var result = Set(question.facts.operations)
        var namesOperations = parts.isEmpty
        for part in parts {
            switch part {
            case .operation(let operations):
                result.formIntersection(operations)
                namesOperations = true
            case .any(let conditions):
                var union: Set<String> = []
                for condition in conditions where condition.matches(question, .permit) {
                    union.formUnion(condition.covered(question))
                }
                result.formIntersection(union)
                namesOperations = true
            case .all(let conditions):
                for condition in conditions { result.formIntersection(condition.covered(question)) }
                namesOperations = true
            case .opaque(let opaque):
                if opaque { namesOperations = true }
            case .tables, .views, .functions, .columns, .columnsIn, .unfiltered, .resolved, .statementsOver,
                .estimatedRowsOver, .time, .source, .not:
                break
            }
        }
        // Not understood must be named: a condition that does not is about statements that are.
        if !namesOperations { result.remove(Operation.opaque.rawValue) }
        return result
    }

    /// Whether what matches of this condition, which does, names an operation.
    func names(_ operation: Operation, _ question: Question) -> Bool {
        parts.contains { part in
            switch part {
            case .operation(let operations): operations.contains(operation.rawValue)
            case .any(let conditions):
                conditions.contains { $0.matches(question, .permit) && $0.names(operation, question) }
            case .all(let conditions): conditions.contains { $0.names(operation, question) }
            case .tables, .views, .functions, .columns, .columnsIn, .unfiltered, .opaque, .resolved, .statementsOver,
                .estimatedRowsOver, .time, .source, .not:
                false
            }
        }
    }

    /// Every part, those of the conditions within too.
    var allParts: [Part] {
        parts.flatMap { part -> [Part] in
            switch part {
            case .any(let inner), .all(let inner): [part] + inner.flatMap(\.allParts)
            case .not(let inner): [part] + inner.allParts
            case .operation, .tables, .views, .functions, .columns, .columnsIn, .unfiltered, .opaque, .resolved,
                .statementsOver, .estimatedRowsOver, .time, .source:
                [part]
            }
        }
    }

    /// Whether it asks for `columns` anywhere. What a star reads is not known by name, so that only a rule that
    /// restricts may ask, and not within `not`.
    var asksForColumns: Bool {
        allParts.contains { if case .columns = $0 { true } else { false } }
    }

    /// Whether its answer can change with the time, the client's address or the target's estimate.
    var isImpure: Bool {
        allParts.contains { part in
            switch part {
            case .time, .source, .estimatedRowsOver: true
            case .operation, .tables, .views, .functions, .columns, .columnsIn, .unfiltered, .opaque, .resolved,
                .statementsOver, .any, .all, .not:
                false
            }
        }
    }

    /// The numbers of rows that it compares estimates with.
    var estimateThresholds: Set<UInt64> {
        Set(allParts.compactMap { if case .estimatedRowsOver(let rows) = $0 { rows } else { nil } })
    }
}
