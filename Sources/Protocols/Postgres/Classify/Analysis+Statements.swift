import CPgQuery

extension Analysis {
    /// Adds what a statement node does, then walks what is in it.
    mutating func statement(_ node: Message, scope: Scope) {
        switch node.kind {
        case .selectStmt: select(node, scope: scope)
        case .insertStmt: insert(node, scope: scope)
        case .updateStmt: update(node, scope: scope)
        case .deleteStmt: delete(node, scope: scope)
        case .mergeStmt: mergeInto(node, scope: scope)
        case .copyStmt: copyTable(node, scope: scope)
        case .explainStmt: explain(node, scope: scope)
        case .prepareStmt: prepare(node, scope: scope)
        case .deallocateStmt: deallocate(node.unpacked(as: PgQuery__DeallocateStmt.self))
        case .executeStmt, .declareCursorStmt, .fetchStmt, .callStmt, .lockStmt, .vacuumStmt, .variableShowStmt,
            .createFunctionStmt:
            addOperations(of: node)
            walkChildren(node, scope: scope)
        case .variableSetStmt: set(node.unpacked(as: PgQuery__VariableSetStmt.self))
        case .discardStmt:
            operations.insert("session")
            deallocatedNames.insert("*")
        case .transactionStmt: transaction(node.unpacked(as: PgQuery__TransactionStmt.self))
        case .createTableAsStmt: createTableAs(node, scope: scope)
        case .alterTableStmt: alterTable(node, scope: scope)
        case .dropStmt: drop(node.unpacked(as: PgQuery__DropStmt.self))
        case .aConst, .aExpr, .aIndirection, .aStar, .alias, .boolean, .booleanTest, .boolExpr, .caseExpr, .caseWhen,
            .columnRef, .commonTableExpr, .currentOfExpr, .defElem, .float, .funcCall, .integer, .intoClause, .joinExpr,
            .list, .lockingClause, .mergeWhenClause, .node, .nullTest, .objectWithArgs, .rangeFunction, .rangeSubselect,
            .rangeTableFunc, .rangeTableSample, .rangeVar, .resTarget, .rowExpr, .string, .subLink, .typeCast,
            .withClause, .other:
            definition(node, scope: scope)
        }
    }

    private mutating func prepare(_ node: Message, scope: Scope) {
        let prepare = node.unpacked(as: PgQuery__PrepareStmt.self)
        if let name = prepare.name { preparedNames.insert(String(cString: name)) }
        operations.insert("prepare")
        counted = Message(prepare.query)?.raw
        walkChildren(node, scope: scope)
    }

    /// `DEALLOCATE ALL` has an empty name in the tree.
    private mutating func deallocate(_ statement: PgQuery__DeallocateStmt) {
        operations.insert("prepare")
        let name = statement.name.map { String(cString: $0) } ?? ""
        deallocatedNames.insert(name.isEmpty ? "*" : name)
    }

    private mutating func select(_ node: Message, scope: Scope) {
        operations.insert("read")
        selectParts(node, scope: scope)
    }

    private mutating func selectParts(_ node: Message, scope: Scope) {
        let select = node.unpacked(as: PgQuery__SelectStmt.self)
        let inner = with(select.with_clause, scope: scope)
        node.forEachChild { child in
            guard child.kind != .withClause else { return }
            walk(child, scope: inner)
        }
    }

    private mutating func insert(_ node: Message, scope: Scope) {
        operations.insert("write")
        countRows(node)
        let insert = node.unpacked(as: PgQuery__InsertStmt.self)
        writeTable(insert.relation)
        if updatesEveryRow(insert, scope: scope) { unfiltered = true }
        let inner = with(insert.with_clause, scope: scope)
        if let source = Message(insert.select_stmt) {
            // INSERT … VALUES reads nothing but what its expressions hold.
            if source.kind == .selectStmt, source.unpacked(as: PgQuery__SelectStmt.self).n_values_lists > 0 {
                selectParts(source, scope: inner)
            } else {
                walk(source, scope: inner)
            }
        }
        walk(messages(insert.n_cols, insert.cols), scope: inner)
        walk(insert.on_conflict_clause, scope: inner)
        returning(messages(insert.n_returning_list, insert.returning_list), insert.relation, scope: inner)
    }

    /// Rows of the target itself conflict with themselves, each of them.
    private func updatesEveryRow(_ insert: PgQuery__InsertStmt, scope: Scope) -> Bool {
        guard let conflict = insert.on_conflict_clause?.pointee,
            conflict.action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE,
            let source = Message(insert.select_stmt)
        else { return false }
        var filter = Filter(target: insert.relation, with: insert.with_clause, scope: scope, catalog: catalog)
        guard filter.givesEveryRow(source) else { return false }
        filter.partners = ["excluded"]
        return filter.isMissing(Message(conflict.where_clause))
    }

    private mutating func update(_ node: Message, scope: Scope) {
        operations.insert("write")
        let update = node.unpacked(as: PgQuery__UpdateStmt.self)
        writeTable(update.relation)
        let inner = with(update.with_clause, scope: scope)
        countRows(node)
        let from = messages(update.n_from_clause, update.from_clause)
        let filter = Filter(
            target: update.relation, with: update.with_clause, scope: scope, from: from, catalog: catalog)
        if filter.isMissing(Message(update.where_clause)) { unfiltered = true }
        walk(messages(update.n_target_list, update.target_list), scope: inner)
        source(messages(update.n_from_clause, update.from_clause), scope: inner)
        walk(update.where_clause, scope: inner)
        returning(messages(update.n_returning_list, update.returning_list), update.relation, scope: inner)
    }

    private mutating func delete(_ node: Message, scope: Scope) {
        operations.insert("write")
        let delete = node.unpacked(as: PgQuery__DeleteStmt.self)
        writeTable(delete.relation)
        let inner = with(delete.with_clause, scope: scope)
        countRows(node)
        let using = messages(delete.n_using_clause, delete.using_clause)
        let filter = Filter(
            target: delete.relation, with: delete.with_clause, scope: scope, from: using, catalog: catalog)
        if filter.isMissing(Message(delete.where_clause)) { unfiltered = true }
        source(messages(delete.n_using_clause, delete.using_clause), scope: inner)
        walk(delete.where_clause, scope: inner)
        returning(messages(delete.n_returning_list, delete.returning_list), delete.relation, scope: inner)
    }

    private mutating func mergeInto(_ node: Message, scope: Scope) {
        operations.insert("write")
        let merge = node.unpacked(as: PgQuery__MergeStmt.self)
        writeTable(merge.relation)
        let inner = with(merge.with_clause, scope: scope)
        let actions = messages(merge.n_merge_when_clauses, merge.merge_when_clauses)
        countRows(node)
        let filter = Filter(
            target: merge.relation, with: merge.with_clause, scope: scope,
            from: Message(merge.source_relation).map { [$0] } ?? [], catalog: catalog)
        let join = Message(merge.join_condition)
        // What the join tells apart need not be told apart by the actions.
        let joined = join.map { filter.joined(by: $0) } ?? filter
        let changesRows = actions.contains { action in
            guard action.kind == .mergeWhenClause else { return true }
            let clause = action.unpacked(as: PgQuery__MergeWhenClause.self)
            return clause.matched != 0 && clause.command_type != PG_QUERY__CMD_TYPE__CMD_NOTHING
                && joined.isMissing(Message(clause.condition))
        }
        if changesRows, filter.isMissing(join) { unfiltered = true }
        source(Message(merge.source_relation).map { [$0] } ?? [], scope: inner)
        walk(merge.join_condition, scope: inner)
        walk(actions, scope: inner)
    }

    /// Other tables that a write draws on are read.
    private mutating func source(_ items: [Message], scope: Scope) {
        guard !items.isEmpty else { return }
        operations.insert("read")
        walk(items, scope: scope)
    }

    /// RETURNING hands rows of the target to the client, which is a read of it.
    private mutating func returning(
        _ list: [Message], _ target: UnsafeMutablePointer<PgQuery__RangeVar>?, scope: Scope
    ) {
        guard !list.isEmpty else { return }
        operations.insert("read")
        if let target { tablesRead.insert(TableName.of(target.pointee)) }
        walk(list, scope: scope)
    }

    /// EXPLAIN plans: it reads, and functions that the planner folds may run. With ANALYZE it does the statement.
    private mutating func explain(_ node: Message, scope: Scope) {
        operations.insert("read")
        let statement = node.unpacked(as: PgQuery__ExplainStmt.self)
        var inner = Analysis()
        inner.catalog = catalog
        inner.walk(statement.query, scope: scope)
        if !Options.analyzes(statement) {
            inner.operations.formIntersection(["read", "call", "opaque", "execute"])
            inner.tablesRead.formUnion(inner.tablesWritten)
            inner.tablesWritten = []
            inner.unfiltered = false
            inner.unlimitable = ""
            inner.copy = nil
        }
        merge(inner)
    }

    private mutating func createTableAs(_ node: Message, scope: Scope) {
        operations.insert("create")
        walkChildren(node, scope: scope)
    }

    private mutating func alterTable(_ node: Message, scope: Scope) {
        operations.insert("alter")
        let alter = node.unpacked(as: PgQuery__AlterTableStmt.self)
        writeTable(alter.relation)
        for command in messages(alter.n_cmds, alter.cmds) {
            let subtype = command.unpacked(as: PgQuery__AlterTableCmd.self).subtype
            if subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn
                || subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumnRecurse
            {
                operations.insert("drop")
            }
            cascade(command.unpacked(as: PgQuery__AlterTableCmd.self).behavior)
            walk(command, scope: scope)
        }
    }

    private mutating func drop(_ drop: PgQuery__DropStmt) {
        operations.insert("drop")
        cascade(drop.behavior)
        for object in messages(drop.n_objects, drop.objects) where object.kind == .list {
            let parts = object.children.compactMap(\.text)
            if ObjectNames.relations.contains(drop.remove_type) {
                tablesWritten.insert(TableName.joined(parts))
            } else if ObjectNames.partsOfRelations.contains(drop.remove_type), parts.count > 1 {
                tablesWritten.insert(TableName.joined(parts.dropLast()))
            }
        }
    }

    private mutating func transaction(_ statement: PgQuery__TransactionStmt) {
        operations.insert("transaction")
        // A prepared transaction keeps its locks after the session, and may be another session's.
        let twoPhase: [PgQuery__TransactionStmtKind] = [
            PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE,
            PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED,
            PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED,
        ]
        if twoPhase.contains(statement.kind) { operations.insert("lock") }
    }

    private mutating func set(_ statement: PgQuery__VariableSetStmt) {
        let name = String(cString: statement.name)
        switch statement.kind {
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI:
            operations.insert("transaction")
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
            let values = messages(statement.n_args, statement.args).map(\.settingText)
            let text = values.contains(nil) ? nil : values.compactMap { $0 }.joined(separator: ", ")
            apply(SessionSetting(name: name, value: text))
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT:
            apply(SessionSetting(name: name, value: nil, toDefault: true))
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT, PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
            apply(SessionSetting(name: name, value: nil, toDefault: true))
        default:
            operations.insert("session")
        }
    }
}

extension Message {
    /// The value of a setting's argument as text.
    fileprivate var settingText: String? {
        guard kind == .aConst, let value = children.first else { return nil }
        if let text = value.text { return text }
        if value.kind == .integer { return String(value.unpacked(as: PgQuery__Integer.self).ival) }
        if value.kind == .float { return String(cString: value.unpacked(as: PgQuery__Float.self).fval) }
        return nil
    }
}

enum Options {
    /// Whether EXPLAIN runs its statement.
    static func analyzes(_ statement: PgQuery__ExplainStmt) -> Bool {
        messages(statement.n_options, statement.options).contains { option in
            guard option.kind == .defElem else { return true }
            let element = option.unpacked(as: PgQuery__DefElem.self)
            return String(cString: element.defname) == "analyze" && !isFalse(Message(element.arg))
        }
    }

    /// Whether an option's argument is clearly false (PostgreSQL's defGetBoolean); no argument means true.
    static func isFalse(_ argument: Message?) -> Bool {
        guard let argument else { return false }
        if let text = argument.text { return ["false", "off"].contains(text.lowercased()) }
        if argument.kind == .integer { return argument.unpacked(as: PgQuery__Integer.self).ival == 0 }
        return argument.kind == .boolean && argument.unpacked(as: PgQuery__Boolean.self).boolval == 0
    }
}
