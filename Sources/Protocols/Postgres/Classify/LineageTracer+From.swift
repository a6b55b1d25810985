import CPgQuery
import Contract

extension LineageTracer {
    /// Adds the items of a FROM or USING clause; each may see those before it when it is LATERAL.
    func from(_ list: NodeList, into scope: LineageScope) {
        for node in list { scope.items += items(node, scope) }
    }

    /// What one FROM item brings. `scope` is the level that it becomes part of.
    func items(_ node: Message, _ scope: LineageScope) -> [LineageScope.Item] {
        spend(1 + scope.items.count / 64)
        guard trouble.isEmpty else { return [] }
        switch node.lineage {
        case .rangeVar: return [relation(node.pointer(to: PgQuery__RangeVar.self), scope)]
        case .rangeSubselect: return [subselect(node, scope)]
        case .rangeFunction: return [function(node, scope)]
        case .rangeTableFunc: return [tableFunction(node, scope)]
        case .rangeTableSample:
            let sample = node.pointer(to: PgQuery__RangeTableSample.self)
            for argument in NodeList(sample.pointee.n_args, sample.pointee.args) { compare(value(argument, scope)) }
            condition(sample.pointee.repeatable, scope)
            return Message(sample.pointee.relation).map { items($0, scope) } ?? []
        case .joinExpr: return join(node.pointer(to: PgQuery__JoinExpr.self), scope)
        case .aConst, .aExpr, .aIndirection, .aStar, .caseExpr, .collateClause, .columnRef, .copyStmt,
            .createTableAsStmt, .declareCursorStmt, .deleteStmt, .explainStmt, .funcCall, .groupingSet, .insertStmt,
            .list, .mergeStmt, .multiAssignRef, .prepareStmt, .refreshMatViewStmt, .resTarget, .rowExpr, .ruleStmt,
            .selectStmt, .sortBy, .subLink, .typeCast, .updateStmt, .viewStmt, .windowDef, .other:
            return [LineageScope.Item(name: nil, shape: RowShape(columns: [], sources: [.value(.anything)]))]
        }
    }

    private func relation(_ variable: UnsafePointer<PgQuery__RangeVar>, _ scope: LineageScope) -> LineageScope.Item {
        let name = String(cString: variable.pointee.relname)
        let alias = variable.pointee.alias
        if variable.pointee.schemaname.pointee == 0, let table = commonTable(name, scope) {
            return LineageScope.Item(
                name: alias.map { String(cString: $0.pointee.aliasname) } ?? name,
                shape: renamed(rows(of: table), alias))
        }
        return item(variable)
    }

    /// A relation that no CTE hides: a table or view, or the target of a write.
    func item(_ variable: UnsafePointer<PgQuery__RangeVar>) -> LineageScope.Item {
        let name = String(cString: variable.pointee.relname)
        let found = relations(variable)
        let shape = shape(of: found, named: TableName.of(variable.pointee))
        guard let alias = variable.pointee.alias else {
            let schemas: [String]
            if let index, !found.isEmpty {
                schemas = found.map { index.relations[$0].schema }
            } else {
                let schema = String(cString: variable.pointee.schemaname)
                schemas = schema.isEmpty ? [] : [schema]
            }
            return LineageScope.Item(name: name, schemas: schemas, shape: shape)
        }
        return LineageScope.Item(name: String(cString: alias.pointee.aliasname), shape: renamed(shape, alias))
    }

    func renamed(_ shape: RowShape, _ alias: UnsafeMutablePointer<PgQuery__Alias>?) -> RowShape {
        guard let alias, alias.pointee.n_colnames > 0 else { return shape }
        return shape.renamed(PostgresClassify.names(alias.pointee.n_colnames, alias.pointee.colnames), self)
    }

    private func subselect(_ node: Message, _ scope: LineageScope) -> LineageScope.Item {
        let item = node.pointer(to: PgQuery__RangeSubselect.self)
        guard let query = Message(item.pointee.subquery) else {
            return LineageScope.Item(name: nil, shape: RowShape(columns: [], sources: [.value(.anything)]))
        }
        let outer = item.pointee.lateral != 0 ? scope : LineageScope(outer: scope.outer, tables: scope.tables)
        let alias = item.pointee.alias
        return LineageScope.Item(
            name: alias.map { String(cString: $0.pointee.aliasname) },
            shape: renamed(self.query(query, outer: outer), alias))
    }

    private func tableFunction(_ node: Message, _ scope: LineageScope) -> LineageScope.Item {
        let item = node.pointer(to: PgQuery__RangeTableFunc.self)
        var value = Value()
        var names: [String] = []
        for part in [Message(item.pointee.docexpr), Message(item.pointee.rowexpr)].compactMap({ $0 }) {
            value.merge(self.value(part, scope))
        }
        for part in NodeList(item.pointee.n_namespaces, item.pointee.namespaces) {
            value.merge(self.value(part, scope))
        }
        for column in NodeList(item.pointee.n_columns, item.pointee.columns) {
            value.merge(self.value(column, scope))
            guard column.shape.name == "RangeTableFuncCol" else { continue }
            names.append(String(cString: column.pointer(to: PgQuery__RangeTableFuncCol.self).pointee.colname))
        }
        compare(value)
        let shape = RowShape(columns: names.map { RowShape.Column(name: $0, value: value) })
        return LineageScope.Item(
            name: item.pointee.alias.map { String(cString: $0.pointee.aliasname) } ?? "xmltable",
            shape: renamed(shape, item.pointee.alias))
    }

    // MARK: joins

    private func join(_ join: UnsafePointer<PgQuery__JoinExpr>, _ scope: LineageScope) -> [LineageScope.Item] {
        guard let left = Message(join.pointee.larg), let right = Message(join.pointee.rarg) else { return [] }
        let before = scope.items.count
        let leftItems = items(left, scope)
        // The right side may be LATERAL to the left one.
        scope.items += leftItems
        let rightItems = items(right, scope)
        scope.items.removeSubrange(before...)

        let inner = LineageScope(outer: scope.outer, tables: scope.tables, items: leftItems + rightItems)
        condition(join.pointee.quals, inner)
        let leftRow = joined(leftItems)
        let rightRow = joined(rightItems)
        var merged = PostgresClassify.names(join.pointee.n_using_clause, join.pointee.using_clause)
        if join.pointee.is_natural != 0 {
            if leftRow.isClosed, rightRow.isClosed {
                let names = Set(rightRow.columns.map(\.name))
                merged = leftRow.columns.map(\.name).filter { names.contains($0) }
            } else {
                // Which columns are compared is not known.
                compare(leftRow)
                compare(rightRow)
                return hidden(leftItems, rightItems)
                    + [named(join, RowShape(columns: [], sources: [.shape(leftRow), .shape(rightRow)]))]
            }
        }
        let shape = merge(merged, leftRow, rightRow, isFull: join.pointee.jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL)
        var result: [LineageScope.Item] = []
        if join.pointee.alias == nil { result = hidden(leftItems, rightItems) }
        if let alias = join.pointee.join_using_alias {
            let columns = RowShape(columns: Array(shape.columns.prefix(merged.count)))
            result.append(
                LineageScope.Item(
                    name: String(cString: alias.pointee.aliasname), shape: columns, showsColumns: false))
        }
        return result + [named(join, shape)]
    }

    /// The items of a join can be named, but their columns are the join's.
    private func hidden(_ left: [LineageScope.Item], _ right: [LineageScope.Item]) -> [LineageScope.Item] {
        (left + right).filter { $0.name != nil }.map { item in
            var item = item
            item.showsColumns = false
            return item
        }
    }

    private func named(_ join: UnsafePointer<PgQuery__JoinExpr>, _ shape: RowShape) -> LineageScope.Item {
        LineageScope.Item(
            name: join.pointee.alias.map { String(cString: $0.pointee.aliasname) },
            shape: renamed(shape, join.pointee.alias))
    }

    /// The columns that items show together.
    private func joined(_ items: [LineageScope.Item]) -> RowShape {
        let shown = items.filter(\.showsColumns)
        if shown.count == 1 { return shown[0].shape }
        return RowShape(columns: shown.flatMap(\.shape.columns), sources: shown.flatMap(\.shape.sources))
    }

    /// Merged columns first, then what is left of both sides (manual, 7.2.1.1).
    private func merge(_ names: [String], _ left: RowShape, _ right: RowShape, isFull: Bool) -> RowShape {
        spend(left.columns.count + right.columns.count + names.count)
        var columns: [RowShape.Column] = []
        for name in names {
            var value = left.column(name, self)?.value ?? Value()
            let other = right.column(name, self)?.value ?? Value()
            let isDirect = !isFull && value.isDirect && other.isDirect
            value.merge(other)
            compare(value)
            // An inner join's two columns are equal, an outer one's is one of them.
            value.isDirect = isDirect
            columns.append(RowShape.Column(name: name, value: value))
        }
        let merged = Set(names)
        let rest = (left.columns + right.columns).filter { !merged.contains($0.name) }
        return RowShape(columns: columns + rest, sources: left.sources + right.sources)
    }
}
