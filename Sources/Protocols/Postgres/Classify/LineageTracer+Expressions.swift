import CPgQuery

extension LineageTracer {
    /// What an expression carries.
    func value(_ node: Message, _ scope: LineageScope) -> Value {
        spend(1)
        guard trouble.isEmpty else { return .anything }
        switch node.lineage {
        case .columnRef: return reference(node, scope)
        case .aConst: return Value()
        case .collateClause:
            return Message(node.pointer(to: PgQuery__CollateClause.self).pointee.arg).map { value($0, scope) }
                ?? Value()
        case .typeCast: return cast(node, scope)
        case .aIndirection: return indirection(node, scope)
        case .funcCall: return call(node, scope)
        case .subLink: return subquery(node, scope)
        case .caseExpr: return cases(node, scope)
        case .aExpr: return operation(node, scope)
        case .multiAssignRef: return assigned(node, scope)
        case .windowDef: return window(node, scope)
        case .selectStmt, .insertStmt, .updateStmt, .deleteStmt, .mergeStmt:
            return query(node, outer: scope).whole(self).computed
        case .rangeVar: return item(node.pointer(to: PgQuery__RangeVar.self)).shape.whole(self).computed
        case .list, .rowExpr: return children(of: node, scope)
        case .aStar, .copyStmt, .createTableAsStmt, .declareCursorStmt, .explainStmt, .groupingSet, .joinExpr,
            .prepareStmt, .rangeFunction, .rangeSubselect, .rangeTableFunc, .rangeTableSample, .refreshMatViewStmt,
            .resTarget, .ruleStmt, .sortBy, .viewStmt, .other:
            // AND, COALESCE, IS NULL, ARRAY[…], xmlparse: what is not known to be total.
            var result = children(of: node, scope)
            test(&result)
            return result
        }
    }

    private func children(of node: Message, _ scope: LineageScope) -> Value {
        var result = Value()
        node.forEachChild { join(&result, value($0, scope)) }
        return result
    }

    /// A cast keeps the fields of a row: `(u.*::users).email` is how views' definitions name them.
    private func cast(_ node: Message, _ scope: LineageScope) -> Value {
        let cast = node.pointer(to: PgQuery__TypeCast.self)
        guard let argument = Message(cast.pointee.arg) else { return Value() }
        var result = value(argument, scope)
        result.isDirect = false
        if !isOfNamedRow(result), !TotalExpressions.isTotalCast(to: cast.pointee.type_name) { test(&result) }
        if argument.lineage != .columnRef { result.row = nil }
        return result
    }

    private func operation(_ node: Message, _ scope: LineageScope) -> Value {
        let expression = node.pointer(to: PgQuery__AExpr.self)
        var result = Value()
        if let left = Message(expression.pointee.lexpr) { join(&result, value(left, scope)) }
        if let right = Message(expression.pointee.rexpr) { join(&result, value(right, scope)) }
        let isOwn = FunctionCatalog.hasOwnOperator(expression)
        if !result.isEmpty, !isOwn || !TotalExpressions.isTotalOperator(expression) { test(&result) }
        if !isOwn {
            readAll(result)
            result.isAnything = true
        }
        return result
    }

    /// A row of a table's own type: another row type takes none of its fields one by one, as it does of a subquery's.
    private func isOfNamedRow(_ value: Value) -> Bool {
        guard let row = value.row else { return false }
        switch path {
        case .session, .unknown: return row.isTable
        case .definition: return true
        }
    }

    private func cases(_ node: Message, _ scope: LineageScope) -> Value {
        let expression = node.pointer(to: PgQuery__CaseExpr.self)
        var conditions = Value()
        var result = Value()
        if let argument = Message(expression.pointee.arg) { join(&conditions, value(argument, scope)) }
        for branch in NodeList(expression.pointee.n_args, expression.pointee.args) where branch.kind == .caseWhen {
            let when = branch.pointer(to: PgQuery__CaseWhen.self)
            if let condition = Message(when.pointee.expr) { join(&conditions, value(condition, scope)) }
            if let then = Message(when.pointee.result) { join(&result, value(then, scope)) }
        }
        if let otherwise = Message(expression.pointee.defresult) { join(&result, value(otherwise, scope)) }
        test(&conditions)
        join(&result, conditions)
        return result
    }

    /// A subquery as an expression carries what it selects and what decides about its rows.
    private func subquery(_ node: Message, _ scope: LineageScope) -> Value {
        let link = node.pointer(to: PgQuery__SubLink.self)
        guard let query = Message(link.pointee.subselect) else { return .anything }
        let (rows, conditions) = comparing { self.query(query, outer: scope.level()) }
        var result = Value()
        result.columns = conditions
        switch link.pointee.sub_link_type {
        case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
            result.isAnything = rows.whole(self).isAnything
        case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
            join(&result, rows.whole(self))
            // A field of the row would not carry the conditions.
            if conditions.isEmpty, rows.isClosed, let row = rows.columns.first?.value.row { result.row = row }
        case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
            join(&result, rows.whole(self))
            // Arrays of unlike shapes do not fit together.
            test(&result)
        default:
            var sides = rows.whole(self).computed
            if let tested = Message(link.pointee.testexpr) { join(&sides, value(tested, scope)) }
            compare(sides)
            join(&result, sides)
        }
        return result
    }

    /// `(u).email`, `a[1]`, `(t.c).field`.
    private func indirection(_ node: Message, _ scope: LineageScope) -> Value {
        let indirection = node.pointer(to: PgQuery__AIndirection.self)
        guard let argument = Message(indirection.pointee.arg) else { return .anything }
        let steps = messages(indirection.pointee.n_indirection, indirection.pointee.indirection)
        return field(of: value(argument, scope), steps[...], scope, of: node)
    }

    /// A field of a row where it is known; else a function's result, or a field of a composite value: all of the value, and the
    /// field by its name alone.
    func field(of value: Value, _ steps: ArraySlice<Message>, _ scope: LineageScope, of node: Message) -> Value {
        var result = value
        var isKnown = true
        for step in steps {
            if let name = step.text {
                let column = result.row?.column(name, self)
                if let column, column.isCertain {
                    result = column.value
                    continue
                }
                let isColumn = (column != nil || result.mayBeRow) && !FunctionCatalog.isKnownToAct(name)
                isKnown = isKnown && isColumn
                result = isColumn ? result.computed : call(of: result.computed, count: 1, name: [name])
                result.columns.formUnion(ColumnSet(names.number(table: "", column: name)))
            } else if step.lineage != .aStar {
                // An element that is not there is NULL.
                result = result.computed
                join(&result, self.value(step, scope))
                test(&result)
            }
        }
        if isKnown { knows(node) }
        return result
    }

    /// One column of `SET (a, b) = …`.
    private func assigned(_ node: Message, _ scope: LineageScope) -> Value {
        let reference = node.pointer(to: PgQuery__MultiAssignRef.self)
        guard let source = Message(reference.pointee.source) else { return .anything }
        let place = Int(reference.pointee.colno) - 1
        if source.lineage == .rowExpr {
            let row = source.pointer(to: PgQuery__RowExpr.self)
            let parts = messages(row.pointee.n_args, row.pointee.args)
            return parts.indices.contains(place) ? value(parts[place], scope) : value(source, scope)
        }
        guard source.lineage == .subLink,
            let query = Message(source.pointer(to: PgQuery__SubLink.self).pointee.subselect)
        else { return value(source, scope) }
        let (rows, conditions) = comparing { self.query(query, outer: scope.level()) }
        var result =
            rows.isClosed && rows.columns.indices.contains(place) ? rows.columns[place].value : rows.whole(self)
        result.columns.formUnion(conditions)
        return result.computed
    }
}
