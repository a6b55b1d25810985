import CPgQuery
import Contract

/// Follows the columns of one text from the tables to its outputs, writes and conditions, by PostgreSQL's own rules
/// of which name means what. Where something is not understood it carries more than it reads, never less.
final class LineageTracer {
    /// Names looked up and columns carried for one text; beyond them the text is opaque.
    static let maximumSteps = 2_000_000
    /// Views within views.
    static let maximumViewDepth = 32

    /// A table that a write changes, with the command that rules are for.
    struct Target: Hashable {
        let relation: Int
        let event: UInt32
    }

    let index: CatalogIndex?
    var path: CatalogIndex.Path
    var names = ColumnNames()
    var read: Set<Int32> = []
    var written: Set<Int32> = []
    var compared: Set<Int32> = []
    var flows: [Int32: Value] = [:]
    /// Columns of rows that were there before; only where other tables' rows may change with them.
    private(set) var updated: Set<Int32> = []
    /// Targets of writes, in the order in which they were met.
    private(set) var targets: [Target] = []
    private var knownTargets: Set<Target> = []
    /// Nodes of fields that are columns of what they are taken of.
    private(set) var knownFields: Set<UnsafeRawPointer> = []
    /// Functions that are called in attribute notation, with a row of a FROM item.
    private(set) var calledFields: Set<String> = []
    /// Writes are planned only (EXPLAIN): they change nothing.
    var isPlanned = false
    /// Recursive CTEs around this place.
    var recursions = 0
    /// Relations of the catalogue that were reached.
    var tables: [Int: LineageTable] = [:]
    /// Views around this place.
    var viewDepth = 0
    /// How deep the definitions around this place nest together.
    var definitionNesting = 0
    /// Why the text cannot be followed; empty: it can.
    private(set) var trouble = ""
    private var steps = 0

    init(_ index: CatalogIndex?, path: CatalogIndex.Path = .session) {
        self.index = index
        self.path = path
    }

    /// Counts work; when there was too much, everything is given up.
    func spend(_ count: Int) {
        steps += count
        if steps > Self.maximumSteps { giveUp("its columns are too many to be followed") }
    }

    func giveUp(_ reason: String) {
        if trouble.isEmpty { trouble = reason }
    }

    /// A column of a relation that the catalogue does not have.
    func named(_ table: String, _ column: String) -> Value {
        Value(column: names.number(table: table, column: column))
    }

    /// Some column of such a relation.
    func star(_ table: String) -> ColumnSet { ColumnSet(names.number(table: table, column: nil)) }

    func knows(_ node: Message) { knownFields.insert(node.raw) }

    /// Definitions are written out, with calls as calls.
    func callsField(_ name: String) { if viewDepth == 0 { calledFields.insert(name) } }

    // MARK: what comes of values

    func compare(_ value: Value) {
        spend(value.columns.count)
        value.columns.insert(into: &compared)
    }

    /// Whether the expression that this is the result of fails, or takes another course, tells of its values.
    func test(_ value: inout Value) {
        guard !value.isTested else { return }
        compare(value)
        value.isTested = true
    }

    func compare(_ shape: RowShape) { compare(shape.whole(self)) }

    func readAll(_ value: Value) { read.formUnion(value.columns.numbers) }

    /// What is compared within `body` alone.
    func comparing<Result>(_ body: () -> Result) -> (Result, ColumnSet) {
        let outer = compared
        compared = []
        let result = body()
        let inner = ColumnSet(unordered: Array(compared))
        compared.formUnion(outer)
        return (result, inner)
    }

    /// Columns that are one and the same to a write get a value; what they keep of their own, as it is, is no flow.
    /// - Parameter isAnew: what they hold goes: a value that is computed is none of theirs.
    func assign(_ value: Value, to columns: [Int32], isAnew: Bool = false) {
        readAll(value)
        guard !isPlanned else { return }
        var sources = value.computed
        sources.isDirect = value.isDirect
        if value.isDirect || isAnew { sources.columns.subtract(ColumnSet(unordered: columns)) }
        for column in columns {
            written.insert(column)
            flow(sources, into: column)
        }
    }

    func flow(_ sources: Value, into column: Int32) {
        guard !isPlanned, !sources.isEmpty else { return }
        if flows[column] == nil { flows[column] = sources } else { flows[column]?.merge(sources) }
    }

    func update(_ columns: [Int32]) {
        guard !isPlanned, index?.mayCascade == true else { return }
        updated.formUnion(columns)
    }

    func addTarget(_ target: Target) {
        guard !isPlanned, knownTargets.insert(target).inserted else { return }
        targets.append(target)
    }

    // MARK: statements

    /// Follows a whole statement; the columns of the rows that it gives, where it gives any.
    @discardableResult
    func statement(_ node: Message, scope: LineageScope? = nil) -> RowShape? {
        let scope = scope ?? LineageScope(outer: nil, tables: nil)
        switch node.lineage {
        case .selectStmt:
            let rows = query(node, outer: scope)
            readAll(rows.whole(self))
            if let into = selectInto(node) { create(into, rows) }
            return rows
        case .insertStmt, .updateStmt, .deleteStmt:
            let rows = query(node, outer: scope)
            readAll(rows.whole(self))
            return rows
        case .mergeStmt: merge(node, outer: scope)
        case .copyStmt: return copy(node, scope)
        case .createTableAsStmt: createTableAs(node, scope)
        case .viewStmt: createView(node, scope)
        case .ruleStmt: createRule(node)
        case .explainStmt: explain(node, scope)
        case .prepareStmt:
            if let query = Message(node.pointer(to: PgQuery__PrepareStmt.self).pointee.query) {
                statement(query, scope: scope)
            }
        case .declareCursorStmt:
            if let query = Message(node.pointer(to: PgQuery__DeclareCursorStmt.self).pointee.query) {
                statement(query, scope: scope)
            }
        case .refreshMatViewStmt: refresh(node)
        case .aConst, .aExpr, .aIndirection, .aStar, .caseExpr, .collateClause, .columnRef, .funcCall,
            .groupingSet, .joinExpr, .list, .multiAssignRef, .rangeFunction, .rangeSubselect, .rangeTableFunc,
            .rangeTableSample,
            .rangeVar, .resTarget, .rowExpr, .sortBy, .subLink, .typeCast, .windowDef, .other:
            definition(node, scope)
        }
        return nil
    }

    /// Rows of a SELECT, or of a write's RETURNING list.
    func query(_ node: Message, outer: LineageScope) -> RowShape {
        spend(1)
        guard trouble.isEmpty else { return RowShape(columns: [], sources: [.value(.anything)]) }
        switch node.lineage {
        case .selectStmt: return select(node, outer: outer)
        case .insertStmt: return insert(node, outer: outer)
        case .updateStmt: return update(node, outer: outer)
        case .deleteStmt: return delete(node, outer: outer)
        case .mergeStmt:
            merge(node, outer: outer)
            return RowShape(columns: [])
        case .aConst, .aExpr, .aIndirection, .aStar, .caseExpr, .collateClause, .columnRef, .copyStmt,
            .createTableAsStmt, .declareCursorStmt, .explainStmt, .funcCall, .groupingSet, .joinExpr, .list,
            .multiAssignRef, .prepareStmt, .rangeFunction, .rangeSubselect, .rangeTableFunc, .rangeTableSample,
            .rangeVar, .refreshMatViewStmt, .resTarget, .rowExpr, .ruleStmt, .sortBy, .subLink, .typeCast, .viewStmt,
            .windowDef, .other:
            return RowShape(columns: [], sources: [.value(.anything)])
        }
    }
}
