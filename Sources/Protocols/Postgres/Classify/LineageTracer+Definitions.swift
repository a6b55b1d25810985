import CPgQuery

extension LineageTracer {
    /// COPY: the columns that leave; those that come are written.
    func copy(_ node: Message, _ scope: LineageScope) -> RowShape? {
        let statement = node.pointer(to: PgQuery__CopyStmt.self)
        if let query = Message(statement.pointee.query) { return self.statement(query, scope: scope) }
        guard let variable = statement.pointee.relation else { return nil }
        let listed = PostgresClassify.names(statement.pointee.n_attlist, statement.pointee.attlist)
        if statement.pointee.is_from != 0 {
            guard let target = target(variable, PG_QUERY__CMD_TYPE__CMD_UNKNOWN) else { return nil }
            let columns = listed.isEmpty && target.item.shape.isClosed ? target.item.shape.columns.map(\.name) : listed
            for column in columns { assign(Value(), to: column, of: target) }
            if columns.isEmpty { assignSome(Value(), of: target) }
            condition(statement.pointee.where_clause, scope.level(items: [target.item]))
            return nil
        }
        let shape = item(variable).shape
        let rows =
            listed.isEmpty
            ? shape
            : RowShape(
                columns: listed.map { name in
                    RowShape.Column(name: name, value: shape.column(name, self)?.value ?? .anything)
                })
        readAll(rows.whole(self))
        return rows
    }

    /// SELECT … INTO stands in the first SELECT of a set operation.
    func selectInto(_ node: Message) -> UnsafeMutablePointer<PgQuery__IntoClause>? {
        var select = node
        while let left = Message(select.pointer(to: PgQuery__SelectStmt.self).pointee.larg) { select = left }
        return select.pointer(to: PgQuery__SelectStmt.self).pointee.into_clause
    }

    func create(_ into: UnsafeMutablePointer<PgQuery__IntoClause>, _ rows: RowShape) {
        guard let variable = into.pointee.rel else { return }
        create(variable, PostgresClassify.names(into.pointee.n_col_names, into.pointee.col_names), rows)
    }

    /// A new table or view gets the rows of a query.
    private func create(
        _ variable: UnsafeMutablePointer<PgQuery__RangeVar>, _ columns: [String], _ rows: RowShape
    ) {
        let name = TableName.created(variable, index, path)
        let rows = rows.renamed(columns, self)
        for column in rows.columns {
            assign(column.value, to: [names.number(table: name, column: column.name)])
        }
        if !rows.isClosed { assign(rows.whole(self), to: [names.number(table: name, column: nil)]) }
    }

    func createTableAs(_ node: Message, _ scope: LineageScope) {
        let statement = node.pointer(to: PgQuery__CreateTableAsStmt.self)
        guard let query = Message(statement.pointee.query), let into = statement.pointee.into else { return }
        guard query.lineage == .selectStmt else {
            // EXECUTE: what the prepared statement reads is not known here.
            create(into, RowShape(columns: [], sources: [.value(.anything)]))
            return
        }
        let rows = self.query(query, outer: scope)
        readAll(rows.whole(self))
        create(into, rows)
    }

    func createView(_ node: Message, _ scope: LineageScope) {
        let statement = node.pointer(to: PgQuery__ViewStmt.self)
        guard let query = Message(statement.pointee.query), let view = statement.pointee.view else { return }
        let rows = self.query(query, outer: scope)
        readAll(rows.whole(self))
        create(view, PostgresClassify.names(statement.pointee.n_aliases, statement.pointee.aliases), rows)
    }

    /// The actions of CREATE RULE see the row before and after as tables.
    func createRule(_ node: Message) {
        let statement = node.pointer(to: PgQuery__RuleStmt.self)
        guard let variable = statement.pointee.relation else { return }
        let shape = item(variable).shape
        let scope = LineageScope(
            outer: nil, tables: nil,
            items: ["new", "old"].map { LineageScope.Item(name: $0, shape: shape, showsColumns: false) })
        condition(statement.pointee.where_clause, scope)
        for action in NodeList(statement.pointee.n_actions, statement.pointee.actions) {
            self.statement(action, scope: scope)
        }
    }

    /// Without ANALYZE nothing runs; the plan still tells of what is compared.
    func explain(_ node: Message, _ scope: LineageScope) {
        let explain = node.pointer(to: PgQuery__ExplainStmt.self)
        guard let query = Message(explain.pointee.query) else { return }
        let outer = isPlanned
        isPlanned = isPlanned || !Options.analyzes(explain.pointee)
        statement(query, scope: scope)
        isPlanned = outer
    }

    /// REFRESH MATERIALIZED VIEW moves what its query reads into it.
    func refresh(_ node: Message) {
        guard let variable = node.pointer(to: PgQuery__RefreshMatViewStmt.self).pointee.relation else { return }
        for relation in relations(variable) {
            let table = table(relation)
            for (place, column) in shape(of: relation).columns.enumerated() {
                assign(column.value, to: [table.first + Int32(place)], isAnew: true)
            }
        }
    }

    /// Other statements: what expressions in them name is read, and decides whether they succeed: a constraint, an
    /// index, a column's new type.
    func definition(_ node: Message, _ scope: LineageScope) {
        let inner = scope.level()
        var rest: [Message] = []
        node.forEachChild { child in
            if child.lineage == .rangeVar {
                inner.items.append(item(child.pointer(to: PgQuery__RangeVar.self)))
            } else {
                rest.append(child)
            }
        }
        for child in rest { expressions(child, inner) }
    }

    private func expressions(_ node: Message, _ scope: LineageScope) {
        guard node.lineage != .rangeVar else { return }
        if node.shape.isStatement {
            statement(node, scope: scope)
        } else if node.lineage == .other || node.lineage == .list {
            node.forEachChild { expressions($0, scope) }
        } else {
            let value = value(node, scope)
            readAll(value)
            compare(value)
        }
    }
}

extension TableName {
    /// The name of a relation that is being made: in the first schema of the search path.
    static func created(
        _ variable: UnsafeMutablePointer<PgQuery__RangeVar>, _ index: CatalogIndex?, _ path: CatalogIndex.Path
    ) -> String {
        guard let index, variable.pointee.schemaname.pointee == 0 else { return of(variable.pointee) }
        let name = String(cString: variable.pointee.relname)
        if variable.pointee.relpersistence.pointee == CChar(UInt8(ascii: "t")) { return joined(["pg_temp", name]) }
        switch path {
        case .session: return joined((index.creationSchema.map { [$0] } ?? []) + [name])
        case .unknown, .definition: return name
        }
    }
}
