import CPgQuery

extension LineageTracer {
    /// The scope around a query with what its WITH clause names.
    func with(_ clause: UnsafeMutablePointer<PgQuery__WithClause>?, _ outer: LineageScope) -> LineageScope {
        guard let clause else { return outer }
        let isRecursive = clause.pointee.recursive != 0
        var tables: [CommonTable] = []
        var visible = outer.tables
        for node in NodeList(clause.pointee.n_ctes, clause.pointee.ctes) where node.kind == .commonTableExpr {
            let name = String(cString: node.pointer(to: PgQuery__CommonTableExpr.self).pointee.ctename)
            let table = CommonTable(name: name, node: node, isRecursive: isRecursive)
            // Without RECURSIVE a CTE sees those before it; with it, all of them.
            if !isRecursive { table.scope = LineageScope(outer: outer, tables: visible) }
            visible = CommonTables(table, next: visible)
            tables.append(table)
        }
        let scope = LineageScope(outer: outer, tables: visible)
        for table in tables {
            if table.scope == nil { table.scope = scope }
        }
        // What is not named counts too: a write in it runs.
        for table in tables { _ = rows(of: table) }
        return scope
    }

    func select(_ node: Message, outer: LineageScope) -> RowShape {
        let statement = node.pointer(to: PgQuery__SelectStmt.self)
        let enclosing = with(statement.pointee.with_clause, outer)
        let rows: RowShape
        let scope: LineageScope
        if statement.pointee.op != PG_QUERY__SET_OPERATION__SETOP_NONE {
            scope = enclosing.level()
            rows = combined(statement, enclosing)
        } else if statement.pointee.n_values_lists > 0 {
            scope = enclosing.level()
            rows = values(statement, scope)
        } else {
            scope = enclosing.level()
            from(NodeList(statement.pointee.n_from_clause, statement.pointee.from_clause), into: scope)
            for window in NodeList(statement.pointee.n_window_clause, statement.pointee.window_clause)
            where window.lineage == .windowDef {
                let name = String(cString: window.pointer(to: PgQuery__WindowDef.self).pointee.name)
                scope.windows[name] = self.window(window, scope)
            }
            rows = targets(NodeList(statement.pointee.n_target_list, statement.pointee.target_list), scope)
            condition(statement.pointee.where_clause, scope)
            for group in NodeList(statement.pointee.n_group_clause, statement.pointee.group_clause) {
                order(group, scope, rows, isGroup: true)
            }
            condition(statement.pointee.having_clause, scope)
            if statement.pointee.n_distinct_clause > 0 {
                // Plain DISTINCT is one empty node.
                let on = messages(statement.pointee.n_distinct_clause, statement.pointee.distinct_clause)
                if on.isEmpty { compare(rows) }
                for expression in on { order(expression, scope, rows, isGroup: false) }
            }
        }
        for sort in NodeList(statement.pointee.n_sort_clause, statement.pointee.sort_clause) {
            order(sort, scope, rows, isGroup: false)
        }
        condition(statement.pointee.limit_count, scope)
        condition(statement.pointee.limit_offset, scope)
        return rows
    }

    func condition(_ pointer: UnsafeMutablePointer<PgQuery__Node>?, _ scope: LineageScope) {
        if let node = Message(pointer) { compare(value(node, scope)) }
    }

    /// UNION, INTERSECT, EXCEPT: columns meet by their place, and are compared unless ALL of a UNION is kept.
    private func combined(_ statement: UnsafePointer<PgQuery__SelectStmt>, _ scope: LineageScope) -> RowShape {
        guard let left = Message(statement.pointee.larg), let right = Message(statement.pointee.rarg) else {
            return RowShape(columns: [], sources: [.value(.anything)])
        }
        let rows = united(query(left, outer: scope), query(right, outer: scope))
        if statement.pointee.op != PG_QUERY__SET_OPERATION__SETOP_UNION || statement.pointee.all == 0 { compare(rows) }
        return rows
    }

    func united(_ left: RowShape, _ right: RowShape) -> RowShape {
        spend(left.columns.count)
        guard left.isClosed, right.isClosed, left.columns.count == right.columns.count else {
            var all = left.whole(self).computed
            all.merge(right.whole(self))
            return RowShape(
                columns: left.columns.map { RowShape.Column(name: $0.name, value: all) }, sources: [.value(all)])
        }
        return RowShape(
            columns: zip(left.columns, right.columns).map { left, right in
                var value = left.value
                value.merge(right.value)
                spend(value.columns.count)
                return RowShape.Column(name: left.name, value: value)
            })
    }

    private func values(_ statement: UnsafePointer<PgQuery__SelectStmt>, _ scope: LineageScope) -> RowShape {
        var columns: [RowShape.Column] = []
        for row in NodeList(statement.pointee.n_values_lists, statement.pointee.values_lists)
        where row.lineage == .list {
            let list = row.pointer(to: PgQuery__List.self)
            var place = 0
            for item in NodeList(list.pointee.n_items, list.pointee.items) {
                let value = value(item, scope)
                if place < columns.count {
                    columns[place].value.merge(value)
                } else {
                    columns.append(RowShape.Column(name: "column\(place + 1)", value: value.computed))
                }
                place += 1
            }
        }
        return RowShape(columns: columns)
    }

    /// A target or RETURNING list, stars expanded.
    func targets(_ list: NodeList, _ scope: LineageScope) -> RowShape {
        var columns: [RowShape.Column] = []
        var sources: [RowShape.Source] = []
        for target in list {
            guard target.lineage == .resTarget,
                let node = Message(target.pointer(to: PgQuery__ResTarget.self).pointee.val)
            else {
                columns.append(RowShape.Column(name: "?column?", value: .anything))
                continue
            }
            if let expanded = star(node, scope) {
                for shape in expanded {
                    spend(shape.columns.count)
                    if shape.isVague {
                        sources.append(.shape(shape))
                    } else {
                        columns += shape.columns
                        sources += shape.sources
                    }
                }
                continue
            }
            let value = value(node, scope)
            columns.append(RowShape.Column(name: Self.name(target, node), value: value))
        }
        return RowShape(columns: columns, sources: sources)
    }

    private static func name(_ target: Message, _ node: Message) -> String {
        if let name = target.pointer(to: PgQuery__ResTarget.self).pointee.name, name.pointee != 0 {
            return String(cString: name)
        }
        return OutputName.of(node)
    }

    /// What `*`, `t.*` and `(expression).*` stand for; nil: the node is no star.
    private func star(_ node: Message, _ scope: LineageScope) -> [RowShape]? {
        if node.lineage == .columnRef {
            let reference = node.pointer(to: PgQuery__ColumnRef.self)
            let fields = messages(reference.pointee.n_fields, reference.pointee.fields)
            guard fields.last?.lineage == .aStar else { return nil }
            let parts = fields.compactMap(\.text)
            if parts.isEmpty { return scope.items.filter(\.showsColumns).map(\.shape) }
            guard let item = starItem(parts, scope) else {
                return [RowShape(columns: [], sources: [.relation(TableName.joined(parts))])]
            }
            return [item.shape]
        }
        guard node.lineage == .aIndirection else { return nil }
        let indirection = node.pointer(to: PgQuery__AIndirection.self)
        let steps = messages(indirection.pointee.n_indirection, indirection.pointee.indirection)
        guard steps.last?.lineage == .aStar, let argument = Message(indirection.pointee.arg) else { return nil }
        let value = field(of: value(argument, scope), steps.dropLast(), scope, of: node)
        if let row = value.row { return [row] }
        return [RowShape(columns: [], sources: [.value(value.computed)])]
    }

    /// An element of ORDER BY, GROUP BY or DISTINCT ON: an output's place or name, or an expression
    /// (PostgreSQL's findTargetlistEntrySQL92).
    func order(_ node: Message, _ scope: LineageScope, _ rows: RowShape, isGroup: Bool) {
        spend(1)
        guard trouble.isEmpty else { return }
        switch node.lineage {
        case .sortBy:
            if let inner = Message(node.pointer(to: PgQuery__SortBy.self).pointee.node) {
                order(inner, scope, rows, isGroup: isGroup)
            }
            return
        case .groupingSet, .rowExpr, .list:
            guard isGroup else { break }
            node.forEachChild { order($0, scope, rows, isGroup: true) }
            return
        case .aConst:
            guard let constant = node.children.first, constant.kind == .integer else { return }
            let place = Int(constant.pointer(to: PgQuery__Integer.self).pointee.ival) - 1
            if rows.isClosed, rows.columns.indices.contains(place) {
                compare(rows.columns[place].value)
            } else {
                compare(rows)
            }
            return
        case .columnRef:
            let reference = node.pointer(to: PgQuery__ColumnRef.self)
            guard reference.pointee.n_fields == 1, let name = node.children.first?.text else { break }
            // GROUP BY takes the input's column first, the others the output's.
            let column = isGroup ? unqualified(name, scope) : nil
            if column?.isCertain ?? false { break }
            if let output = rows.columns.first(where: { $0.name == name }) {
                compare(output.value)
                if column == nil { return }
            }
        case .aExpr, .aIndirection, .aStar, .caseExpr, .collateClause, .copyStmt, .createTableAsStmt,
            .declareCursorStmt, .deleteStmt, .explainStmt, .funcCall, .insertStmt, .joinExpr, .mergeStmt,
            .multiAssignRef, .prepareStmt, .rangeFunction, .rangeSubselect, .rangeTableFunc, .rangeTableSample,
            .rangeVar, .refreshMatViewStmt, .resTarget, .ruleStmt, .selectStmt, .subLink, .typeCast, .updateStmt,
            .viewStmt, .windowDef, .other:
            break
        }
        compare(value(node, scope))
    }
}
