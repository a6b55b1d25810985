import CPgQuery

extension LineageTracer {
    /// The rows of a CTE, found out when it is first named.
    func rows(of table: CommonTable) -> RowShape {
        switch table.state {
        case .known(let shape, let compared):
            self.compared.formUnion(compared.numbers)
            return shape
        case .open(let first):
            return first ?? RowShape(columns: [], sources: [.value(.anything)])
        case .pending:
            table.state = .open(nil)
            let (shape, inner) = comparing { evaluate(table) }
            table.state = .known(shape, compared: inner)
            return shape
        }
    }

    private func evaluate(_ table: CommonTable) -> RowShape {
        let expression = table.node.pointer(to: PgQuery__CommonTableExpr.self)
        guard let query = Message(expression.pointee.ctequery), let scope = table.scope else {
            return RowShape(columns: [], sources: [.value(.anything)])
        }
        let aliases = PostgresClassify.names(expression.pointee.n_aliascolnames, expression.pointee.aliascolnames)
        var shape: RowShape
        if table.isRecursive, query.lineage == .selectStmt,
            query.pointer(to: PgQuery__SelectStmt.self).pointee.op != PG_QUERY__SET_OPERATION__SETOP_NONE
        {
            shape = recursive(table, query, aliases, scope)
        } else {
            shape = self.query(query, outer: scope).renamed(aliases, self)
        }
        // What was there before ends the recursion.
        if expression.pointee.cycle_clause != nil { compare(shape) }
        let marks = Self.marks(expression)
        if !marks.isEmpty {
            let all = shape.whole(self)
            shape = RowShape(
                columns: shape.columns + marks.map { RowShape.Column(name: $0, value: all.computed) },
                sources: shape.sources)
        }
        return shape
    }

    /// Columns that SEARCH and CYCLE add.
    private static func marks(_ expression: UnsafePointer<PgQuery__CommonTableExpr>) -> [String] {
        var marks: [String] = []
        if let search = expression.pointee.search_clause {
            marks.append(String(cString: search.pointee.search_seq_column))
        }
        if let cycle = expression.pointee.cycle_clause {
            marks.append(String(cString: cycle.pointee.cycle_mark_column))
            marks.append(String(cString: cycle.pointee.cycle_path_column))
        }
        return marks
    }

    /// The first branch starts, the second one sees what there is so far. What a further round could add is within
    /// the union of all columns, which stands for them when the rounds do not settle at once.
    private func recursive(
        _ table: CommonTable, _ query: Message, _ aliases: [String], _ scope: LineageScope
    ) -> RowShape {
        let statement = query.pointer(to: PgQuery__SelectStmt.self)
        guard let left = Message(statement.pointee.larg), let right = Message(statement.pointee.rarg) else {
            return RowShape(columns: [], sources: [.value(.anything)])
        }
        let enclosing = with(statement.pointee.with_clause, scope)
        recursions += 1
        defer { recursions -= 1 }
        var rows = self.query(left, outer: enclosing).renamed(aliases, self)
        var isSettled = false
        // Rounds within rounds would multiply.
        for _ in 0..<(recursions > 1 ? 1 : 2) where !isSettled {
            table.state = .open(rows)
            let next = united(rows, self.query(right, outer: enclosing))
            isSettled = rows.isClosed && next.isClosed && Self.carriesSame(rows, next)
            rows = next
        }
        if !isSettled {
            let all = rows.whole(self).computed
            rows = RowShape(
                columns: rows.columns.map { RowShape.Column(name: $0.name, value: all) },
                sources: rows.isClosed ? [] : [.value(all)])
            // For the conditions of the second branch.
            table.state = .open(rows)
            if recursions > 1 { compare(rows) } else { _ = self.query(right, outer: enclosing) }
        }
        table.state = .open(rows)
        condition(statement.pointee.limit_count, enclosing)
        condition(statement.pointee.limit_offset, enclosing)
        if statement.pointee.op != PG_QUERY__SET_OPERATION__SETOP_UNION || statement.pointee.all == 0 { compare(rows) }
        return rows
    }

    private static func carriesSame(_ before: RowShape, _ after: RowShape) -> Bool {
        zip(before.columns, after.columns).allSatisfy { before, after in
            after.value.columns == before.value.columns && after.value.isAnything == before.value.isAnything
        }
    }
}
