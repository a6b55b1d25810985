import CPgQuery
import Contract

/// Collects the facts of a command by walking every node of its parse tree, so that what is done counts
/// wherever it hides: in a CTE, a subquery, a prepared statement, a rule's body.
struct Analysis {
    var operations: Set<String> = []
    var tablesRead: Set<String> = []
    var tablesWritten: Set<String> = []
    var functions: Set<String> = []
    var columns: Set<String> = []
    var unfiltered = false
    var opaqueReason = ""
    var statements: UInt32 = 0
    var tags: [String] = []
    var copy: CopyShape?
    var rowStatements = 0
    var outputs: [OutputColumn]? = []
    var preparedNames: Set<String> = []
    var deallocatedNames: Set<String> = []
    /// Why rows that it changes are not in the tags of its replies.
    var unlimitable = ""
    /// Fields that are taken of expressions, by their nodes: `(x).f` calls f where it is no column of x.
    var fields: [UnsafeRawPointer: [String]] = [:]
    /// The statement whose own tag counts its rows.
    var counted: UnsafeRawPointer?
    /// What is known of the tables that conditions are about.
    var catalog: ConditionCatalog?

    /// Names of the CTEs that are visible at a place.
    typealias Scope = Set<String>

    /// - Parameter isTraced: its outputs are found out by a ``LineageTracer``.
    mutating func addStatement(_ statement: Message, isTraced: Bool = false) {
        statements += 1
        tags.append(statement.shape.tag)
        let calls: Bool
        if statements == 1 {
            examine(statement)
            calls = operations.contains("call")
        } else {
            var inner = Analysis()
            inner.catalog = catalog
            inner.examine(statement)
            calls = inner.operations.contains("call")
            merge(inner)
        }
        switch RowSource(statement) {
        case .none:
            break
        case .query(let query):
            rowStatements += 1
            outputs = isTraced ? [] : Lineage(of: statement).outputs(of: query)
        case .plain(let count):
            rowStatements += 1
            outputs =
                calls
                ? nil : Array(repeating: OutputColumn(), count: count)
        case .unknown:
            rowStatements += 1
            outputs = nil
        }
    }

    private mutating func examine(_ statement: Message) {
        counted = statement.raw
        walk(statement, scope: [])
        addUncounted(statement)
    }

    mutating func merge(_ other: Analysis) {
        operations.formUnion(other.operations)
        tablesRead.formUnion(other.tablesRead)
        tablesWritten.formUnion(other.tablesWritten)
        functions.formUnion(other.functions)
        columns.formUnion(other.columns)
        unfiltered = unfiltered || other.unfiltered
        if opaqueReason.isEmpty { opaqueReason = other.opaqueReason }
        if let copy = other.copy {
            if self.copy != nil { opaque(Self.severalCopies) }
            self.copy = copy
        }
        fields.merge(other.fields) { mine, _ in mine }
        if unlimitable.isEmpty { unlimitable = other.unlimitable }
        preparedNames.formUnion(other.preparedNames)
        deallocatedNames.formUnion(other.deallocatedNames)
    }

    func facts() -> Facts {
        var facts = Facts()
        facts.operations = operations.sorted()
        facts.tablesRead = tablesRead.sorted()
        facts.tablesWritten = tablesWritten.sorted()
        facts.unfiltered = unfiltered
        facts.functions = functions.sorted()
        facts.statements = statements
        facts.opaque = operations.contains("opaque")
        facts.opaqueReason = opaqueReason
        facts.columnsReferenced = columns.sorted()
        facts.statementTags = tags
        facts.unlimitable = unlimitableText
        facts.preparedNames = preparedNames.sorted()
        facts.deallocatedNames = deallocatedNames.sorted()
        if rowStatements <= 1, let outputs, !facts.opaque {
            facts.outputs = outputs
            facts.outputsKnown = true
        }
        // Of several shapes none can be told to be the one whose data comes.
        if let copy, opaqueReason != Self.severalCopies { facts.copy = copy }
        return facts
    }

    mutating func opaque(_ reason: String) {
        operations.insert("opaque")
        if opaqueReason.isEmpty { opaqueReason = reason }
    }

    /// Walks `node` and everything below it.
    mutating func walk(_ node: Message, scope: Scope) {
        switch node.kind {
        case .rangeVar:
            readTable(node, scope: scope)
        case .columnRef:
            if let name = node.children.last?.text { columns.insert(name) }
            return
        case .aIndirection:
            let names = node.children.compactMap(\.text)
            columns.formUnion(names)
            if !names.isEmpty { fields[node.raw] = names }
        case .subLink:
            let link = node.pointer(to: PgQuery__SubLink.self)
            let name = names(link.pointee.n_oper_name, link.pointee.oper_name)
            if !name.isEmpty, !FunctionCatalog.isOwnOperator(name) { operations.insert("call") }
        case .funcCall:
            call(node)
        case .aExpr:
            if !FunctionCatalog.hasOwnOperator(node.pointer(to: PgQuery__AExpr.self)) { operations.insert("call") }
        case .rangeTableSample:
            let sample = node.unpacked(as: PgQuery__RangeTableSample.self)
            let method = names(sample.n_method, sample.method)
            if method.last != "system" && method.last != "bernoulli" { operations.insert("call") }
        case .joinExpr:
            let join = node.unpacked(as: PgQuery__JoinExpr.self)
            columns.formUnion(names(join.n_using_clause, join.using_clause))
        case .lockingClause:
            // Its range variables name relations of the FROM clause that are counted there.
            operations.insert("lock")
            return
        case .intoClause:
            into(node, scope: scope)
            return
        case .aConst, .aStar, .boolean, .float, .integer, .string:
            // Nothing is below them.
            return
        case .alias, .booleanTest, .boolExpr, .caseExpr, .caseWhen, .commonTableExpr, .currentOfExpr, .defElem, .list,
            .mergeWhenClause, .node, .nullTest, .objectWithArgs, .rangeFunction, .rangeSubselect, .rangeTableFunc,
            .resTarget, .rowExpr, .typeCast, .withClause, .other:
            break
        case .alterTableStmt, .callStmt, .copyStmt, .createFunctionStmt, .createTableAsStmt, .declareCursorStmt,
            .deleteStmt, .deallocateStmt, .discardStmt, .dropStmt, .executeStmt, .explainStmt, .fetchStmt, .insertStmt,
            .lockStmt,
            .mergeStmt, .prepareStmt, .selectStmt, .transactionStmt, .updateStmt, .vacuumStmt, .variableSetStmt,
            .variableShowStmt:
            break
        }
        if node.shape.isStatement {
            statement(node, scope: scope)
        } else {
            walkChildren(node, scope: scope)
        }
    }

    mutating func walkChildren(_ node: Message, scope: Scope) {
        node.forEachChild { walk($0, scope: scope) }
    }

    mutating func walk(_ pointer: UnsafeRawPointer?, scope: Scope) {
        if let node = Message(pointer) { walk(node, scope: scope) }
    }

    mutating func walk(_ nodes: [Message], scope: Scope) {
        for node in nodes { walk(node, scope: scope) }
    }

    /// Walks a WITH clause; the scope that its statement sees. Without RECURSIVE a CTE sees those before it.
    mutating func with(_ clause: UnsafeMutablePointer<PgQuery__WithClause>?, scope: Scope) -> Scope {
        guard let clause else { return scope }
        var scope = scope
        let expressions = messages(clause.pointee.n_ctes, clause.pointee.ctes).filter { $0.kind == .commonTableExpr }
        let names = expressions.map { String(cString: $0.unpacked(as: PgQuery__CommonTableExpr.self).ctename) }
        if clause.pointee.recursive != 0 { scope.formUnion(names) }
        for (expression, name) in zip(expressions, names) {
            walkChildren(expression, scope: scope)
            scope.insert(name)
        }
        return scope
    }

    private mutating func into(_ node: Message, scope: Scope) {
        operations.insert("create")
        let clause = node.unpacked(as: PgQuery__IntoClause.self)
        writeTable(clause.rel)
        walk(messages(clause.n_options, clause.options), scope: scope)
    }

    // MARK: tables

    private mutating func readTable(_ node: Message, scope: Scope) {
        let variable = node.unpacked(as: PgQuery__RangeVar.self)
        let name = TableName.of(variable)
        if variable.schemaname.pointee == 0, scope.contains(String(cString: variable.relname)) { return }
        tablesRead.insert(name)
        let relation = String(cString: variable.relname)
        if Self.valueCatalogs.contains(relation) { opaque("\(relation) shows values of other tables or sessions") }
        if Self.fileCatalogs.contains(relation) { operations.formUnion(["call", Reach.file.rawValue]) }
    }

    private static let severalCopies = "several COPY in one command"

    /// System relations that hold samples of column values, large objects, secrets, or the texts of other sessions'
    /// statements.
    private static let valueCatalogs: Set<String> = [
        "pg_stats", "pg_statistic", "pg_stats_ext", "pg_stats_ext_exprs", "pg_statistic_ext_data",
        "pg_stat_activity", "pg_stat_statements", "pg_largeobject", "pg_authid", "pg_shadow", "pg_user_mapping",
        "pg_user_mappings", "pg_subscription",
    ]

    /// System views over functions that read files of the server.
    private static let fileCatalogs: Set<String> = ["pg_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings"]

    mutating func writeTable(_ variable: UnsafeMutablePointer<PgQuery__RangeVar>?) {
        guard let variable else { return }
        tablesWritten.insert(TableName.of(variable.pointee))
        // A write to pg_settings is a SET; what writes to other system relations do is not known either.
        let relation = String(cString: variable.pointee.relname)
        let schema = String(cString: variable.pointee.schemaname)
        if relation.hasPrefix("pg_") || schema == "pg_catalog" || schema == "information_schema" {
            opaque("a write to the system relation \(relation)")
        }
    }

    // MARK: functions

    private mutating func call(_ node: Message) {
        let function = node.unpacked(as: PgQuery__FuncCall.self)
        let name = names(function.n_funcname, function.funcname)
        guard case .setting = addCall(of: name) else { return }
        let arguments = messages(function.n_args, function.args)
        guard arguments.count >= 2, let setting = arguments[0].textConstant, let value = arguments[1].textConstant
        else {
            return opaque("set_config with a computed setting")
        }
        apply(SessionSetting(name: setting, value: value))
    }

    /// Adds what a function of this name does; what a setting's arguments say is left to the caller.
    @discardableResult
    private mutating func addCall(of name: [String]) -> FunctionEffect {
        functions.insert(TableName.joined(name))
        let effect = FunctionEffect(name: name)
        switch effect {
        case .safe, .setting: break
        case .write:
            operations.insert("write")
            if name.last?.hasPrefix("lo") == true { uncounted("large objects are in no command tag") }
        case .lock: operations.insert("lock")
        case .notify: operations.insert("notify")
        case .call(let reach):
            operations.insert("call")
            if let reach { operations.insert(reach.rawValue) }
        }
        return effect
    }

    /// Adds the functions that are called as fields (manual, 4.2.6): those whose expressions have no such column.
    mutating func addFieldCalls(_ tracer: LineageTracer) {
        var names = tracer.calledFields
        for (node, fields) in fields where !tracer.knownFields.contains(node) { names.formUnion(fields) }
        fields = [:]
        for name in names.sorted() {
            if case .setting = addCall(of: [name]) { opaque("\(name) with a computed setting") }
        }
        if !names.isEmpty, operations.contains("call") { uncounted(Self.uncountedCalls) }
    }

    mutating func apply(_ setting: SessionSetting) {
        switch setting {
        case .harmless: operations.insert("session.safe")
        case .session: operations.insert("session")
        case .role: operations.insert("role")
        case .rereads(let reason): opaque(reason)
        }
    }
}

/// Names of tables and functions as the facts give them: `schema.table`, quoted where a part needs it.
enum TableName {
    /// Tables that are not told. A table of that name is quoted.
    static let any = "*"

    static func of(_ variable: PgQuery__RangeVar) -> String {
        joined(
            [variable.catalogname, variable.schemaname, variable.relname].compactMap { part in
                guard let part, part.pointee != 0 else { return nil }
                return String(cString: part)
            })
    }

    /// Parts that hold a dot, a star or a quote are quoted, so that no name reads as another.
    static func joined(_ parts: [String]) -> String {
        guard var text = parts.first.map(quoted) else { return "" }
        for part in parts.dropFirst() {
            text += "."
            text += quoted(part)
        }
        return text
    }

    static func quoted(_ part: String) -> String {
        let isQuoted = part.utf8.contains {
            $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "\"")
        }
        guard isQuoted || part.isEmpty else { return part }
        return SQLText.identifier(part)
    }
}
