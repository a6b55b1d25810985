import CPgQuery
import Contract

/// Which columns the outputs of a row-returning statement read, as far as its text tells; where it does not
/// tell, more than it reads, never less.
struct Lineage {
    /// Names by which a whole row of a table can be referenced.
    private let relations: Set<String>

    init(of statement: Message) {
        var found: Set<String> = []
        Self.collectRelations(statement, into: &found)
        relations = found
    }

    /// What a part of a statement reads.
    private struct Reads {
        var columns: Set<String> = []
        /// A whole row, a star, or a function that may read anything.
        var isWhole = false
        /// Reads something at all.
        var isEmpty: Bool { columns.isEmpty && !isWhole }

        mutating func merge(_ other: Reads) {
            columns.formUnion(other.columns)
            isWhole = isWhole || other.isWhole
        }

        func output(isStar: Bool = false) -> OutputColumn {
            var output = OutputColumn()
            output.columns = columns.sorted()
            output.wholeRow = isWhole
            output.star = isStar
            return output
        }
    }

    /// One entry per output expression of a SELECT or of a RETURNING list.
    func outputs(of query: Message) -> [OutputColumn] {
        if query.kind == .insertStmt {
            let insert = query.unpacked(as: PgQuery__InsertStmt.self)
            return list(messages(insert.n_returning_list, insert.returning_list), with: insert.with_clause, from: [])
        }
        if query.kind == .updateStmt {
            let update = query.unpacked(as: PgQuery__UpdateStmt.self)
            return list(
                messages(update.n_returning_list, update.returning_list), with: update.with_clause,
                from: messages(update.n_from_clause, update.from_clause) + (Message(update.relation).map { [$0] } ?? [])
            )
        }
        if query.kind == .deleteStmt {
            let delete = query.unpacked(as: PgQuery__DeleteStmt.self)
            return list(
                messages(delete.n_returning_list, delete.returning_list), with: delete.with_clause,
                from: messages(delete.n_using_clause, delete.using_clause)
                    + (Message(delete.relation).map { [$0] } ?? []))
        }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        if select.op != PG_QUERY__SET_OPERATION__SETOP_NONE { return combined(query, select) }
        if select.n_values_lists > 0 {
            let reads = self.reads(query)
            let width = messages(select.n_values_lists, select.values_lists).first?.children.count ?? 0
            return Array(repeating: reads.output(), count: width)
        }
        return list(
            messages(select.n_target_list, select.target_list), with: select.with_clause,
            from: messages(select.n_from_clause, select.from_clause))
    }

    /// Set operations: their columns have no origin, and every branch feeds every column.
    private func combined(_ query: Message, _ select: PgQuery__SelectStmt) -> [OutputColumn] {
        let reads = self.reads(query)
        var leftmost = select
        while leftmost.op != PG_QUERY__SET_OPERATION__SETOP_NONE, let left = leftmost.larg { leftmost = left.pointee }
        let targets = messages(leftmost.n_target_list, leftmost.target_list)
        if targets.isEmpty, let row = messages(leftmost.n_values_lists, leftmost.values_lists).first {
            return Array(repeating: reads.output(), count: row.children.count)
        }
        return targets.map { reads.output(isStar: Self.isStar($0)) }
    }

    private func list(
        _ targets: [Message], with clause: UnsafeMutablePointer<PgQuery__WithClause>?, from items: [Message]
    ) -> [OutputColumn] {
        var hidden = Reads()
        if let clause, let with = Message(clause) { hidden.merge(reads(with)) }
        var isComplex = clause != nil
        for item in items where !Self.isPlain(item) {
            isComplex = true
            hidden.merge(reads(item))
        }
        return targets.map { target in
            if Self.isStar(target) {
                var own = isComplex ? hidden : Reads()
                // A star over an expression, (t).*, yields columns that have lost their origin.
                if let value = Self.value(of: target), value.kind != .columnRef { own.isWhole = true }
                return own.output(isStar: true)
            }
            guard let value = Self.value(of: target) else { return Reads(columns: [], isWhole: true).output() }
            if Self.isCount(value, ofColumns: !isComplex) { return OutputColumn() }
            var own = reads(value)
            if isComplex, !own.isEmpty { own.merge(hidden) }
            return own.output()
        }
    }

    private func reads(_ node: Message) -> Reads {
        var result = Reads()
        collect(node, into: &result)
        return result
    }

    private func collect(_ node: Message, into reads: inout Reads) {
        if node.kind == .columnRef {
            let fields = node.children
            let texts = fields.compactMap(\.text)
            if let last = fields.last, last.kind == .aStar { reads.isWhole = true }
            if let last = texts.last, fields.last?.kind != .aStar {
                reads.columns.insert(last)
                if fields.count == 1, relations.contains(last) { reads.isWhole = true }
                if fields.count > 1, FunctionCatalog.takesAnyValue.contains(last) { reads.isWhole = true }
            }
        } else if node.kind == .aIndirection {
            for field in node.children {
                if let name = field.text { reads.columns.insert(name) }
                if field.kind == .aStar { reads.isWhole = true }
            }
        } else if node.kind == .funcCall {
            let function = node.unpacked(as: PgQuery__FuncCall.self)
            let name = names(function.n_funcname, function.funcname)
            // f(row) is also row.f: the function's name may be a column's.
            if function.n_args == 1, let last = name.last { reads.columns.insert(last) }
            switch FunctionEffect(name: name) {
            case .call: reads.isWhole = true
            case .safe, .write, .lock, .notify, .setting: break
            }
        } else if node.kind == .joinExpr {
            let join = node.unpacked(as: PgQuery__JoinExpr.self)
            reads.columns.formUnion(names(join.n_using_clause, join.using_clause))
            if join.is_natural != 0 { reads.isWhole = true }
            // Renamed columns, as below.
            if let alias = join.alias, alias.pointee.n_colnames > 0 { reads.isWhole = true }
        } else if node.kind == .rangeVar {
            // Renamed columns: their names in the statement are not the table's.
            if let alias = node.unpacked(as: PgQuery__RangeVar.self).alias, alias.pointee.n_colnames > 0 {
                reads.isWhole = true
            }
        } else if node.kind == .subLink,
            node.unpacked(as: PgQuery__SubLink.self).sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK
        {
            // EXISTS says whether there is a row, and nothing of what is in it.
            return
        }
        node.forEachChild { collect($0, into: &reads) }
    }

    // MARK: shapes

    private static func value(of target: Message) -> Message? {
        target.kind == .resTarget ? Message(target.unpacked(as: PgQuery__ResTarget.self).val) : target
    }

    /// `*`, `t.*`, `(expression).*` as an output.
    private static func isStar(_ target: Message) -> Bool {
        guard let value = value(of: target) else { return false }
        return (value.kind == .columnRef || value.kind == .aIndirection) && value.children.last?.kind == .aStar
    }

    /// `count(…)` of rows or of columns themselves tells how many, not what.
    /// - Parameter ofColumns: names are those of tables' columns.
    private static func isCount(_ value: Message, ofColumns: Bool) -> Bool {
        guard value.kind == .funcCall else { return false }
        let function = value.unpacked(as: PgQuery__FuncCall.self)
        let name = names(function.n_funcname, function.funcname).joined(separator: ".")
        guard ["count", "pg_catalog.count"].contains(name), function.agg_filter == nil, function.over == nil,
            function.n_agg_order == 0
        else { return false }
        return messages(function.n_args, function.args).allSatisfy { $0.kind == .columnRef && ofColumns }
    }

    /// A table under its own column names, or a join of such on a condition.
    private static func isPlain(_ item: Message) -> Bool {
        if item.kind == .rangeVar {
            return (item.unpacked(as: PgQuery__RangeVar.self).alias?.pointee.n_colnames ?? 0) == 0
        }
        guard item.kind == .joinExpr else { return false }
        let join = item.unpacked(as: PgQuery__JoinExpr.self)
        guard join.is_natural == 0, join.n_using_clause == 0, join.alias == nil, let left = Message(join.larg),
            let right = Message(join.rarg)
        else { return false }
        return isPlain(left) && isPlain(right)
    }

    private static func collectRelations(_ node: Message, into found: inout Set<String>) {
        if node.kind == .rangeVar {
            let variable = node.unpacked(as: PgQuery__RangeVar.self)
            found.insert(String(cString: variable.alias?.pointee.aliasname ?? variable.relname))
        } else if node.kind == .joinExpr {
            let join = node.unpacked(as: PgQuery__JoinExpr.self)
            for alias in [join.alias, join.join_using_alias].compactMap({ $0 }) {
                found.insert(String(cString: alias.pointee.aliasname))
            }
        }
        node.forEachChild { collectRelations($0, into: &found) }
    }
}
