import CPgQuery

/// Which column references are the target's, by PostgreSQL's rules of scope: the nearest FROM clause that has the name.
extension Filter {
    /// Whether `node` holds a column reference that may be one of the target's, or `CURRENT OF`.
    func mayRead(_ node: Message) -> Bool {
        if node.kind == .aConst { return false }
        guard !effort.isSpent(by: 1) else { return false }
        if node.kind == .currentOfExpr { return true }
        if node.kind == .columnRef { return mayBeTargets(node) }
        if node.kind == .selectStmt {
            let inner = within(node.unpacked(as: PgQuery__SelectStmt.self))
            return node.children.contains { inner.mayRead($0) }
        }
        return node.children.contains { mayRead($0) }
    }

    private func mayBeTargets(_ reference: Message) -> Bool {
        let fields = reference.children
        guard fields.count == 1 else {
            return fields.dropLast().contains { $0.text.map { names.contains($0) || partners.contains($0) } ?? false }
        }
        if sources.isEmpty && nearer.isEmpty { return true }
        guard let name = fields[0].text else { return nearer.isEmpty }
        if names.contains(name) { return true }
        if nearer.contains(where: { provides($0, name) == true }) { return false }
        return catalog?.mayHave(table, name) ?? true
    }

    /// The filter as the parts of a subquery see it.
    func within(_ select: PgQuery__SelectStmt) -> Filter {
        var inner = self
        inner.scope = effort.scope()
        inner.add(select.with_clause)
        for item in messages(select.n_from_clause, select.from_clause) {
            inner.nearer.append(item)
            inner.hide(item)
        }
        return inner
    }

    private mutating func hide(_ item: Message) {
        if item.kind == .joinExpr {
            let join = item.unpacked(as: PgQuery__JoinExpr.self)
            for side in [Message(join.larg), Message(join.rarg)] { if let side { hide(side) } }
        } else if let name = Self.name(of: item) {
            names.remove(name)
            partners.remove(name)
            sources.removeValue(forKey: name)
        }
    }

    /// Whether an item of a FROM clause has a column of that name, or is called so; nil: not known.
    private func provides(_ item: Message, _ column: String) -> Bool? {
        if item.kind == .joinExpr {
            let join = item.unpacked(as: PgQuery__JoinExpr.self)
            let sides = [Message(join.larg), Message(join.rarg)].map { side in side.flatMap { provides($0, column) } }
            return sides.contains(true) ? true : sides.contains(nil) ? nil : false
        }
        if Self.name(of: item) == column { return true }
        if item.kind == .rangeVar {
            let variable = item.unpacked(as: PgQuery__RangeVar.self)
            if (variable.alias?.pointee.n_colnames ?? 0) > 0 { return nil }
            if variable.schemaname.pointee == 0, let cte = ctes[String(cString: variable.relname)] {
                return cte.flatMap { Self.selects($0, column) }
            }
            let reference = TableReference(variable)
            if let known = catalog?.has(reference, column) { return known }
            // It has every column that the target has.
            return table.maySame(reference) ? true : nil
        }
        guard item.kind == .rangeSubselect else { return nil }
        let subselect = item.unpacked(as: PgQuery__RangeSubselect.self)
        if let alias = subselect.alias, alias.pointee.n_colnames > 0 {
            return messages(alias.pointee.n_colnames, alias.pointee.colnames).contains { $0.text == column }
                ? true : nil
        }
        return Message(subselect.subquery).flatMap { Self.selects($0, column) }
    }

    /// Whether a query's own columns have that name; nil: its text does not tell.
    private static func selects(_ query: Message, _ column: String) -> Bool? {
        guard query.kind == .selectStmt else { return nil }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE, select.n_values_lists == 0 else { return nil }
        var isCertain = true
        for target in messages(select.n_target_list, select.target_list) where target.kind == .resTarget {
            let item = target.unpacked(as: PgQuery__ResTarget.self)
            if item.name.pointee != 0 {
                if String(cString: item.name) == column { return true }
            } else if let value = Message(item.val), value.kind == .columnRef, let name = value.children.last?.text {
                if name == column { return true }
            } else if Message(item.val)?.kind != .aConst {
                isCertain = false
            }
        }
        return isCertain ? false : nil
    }

    // MARK: columns

    /// What a column reference is a column of.
    enum Holder: Equatable {
        case target
        /// An item of a FROM clause, by the name that refers to it.
        case item(String)
    }

    /// nil: any of several.
    func holder(of reference: Message) -> Holder? {
        let fields = reference.children
        if fields.count > 1 {
            guard let name = fields[fields.count - 2].text else { return nil }
            return names.contains(name) ? .target : .item(name)
        }
        guard let name = fields.first?.text else { return nil }
        for item in nearer.reversed() {
            guard let isProvided = provides(item, name) else { return nil }
            if isProvided { return provider(item, name).map { .item($0) } }
        }
        return .target
    }

    /// The one item of a join that has the column.
    private func provider(_ item: Message, _ column: String) -> String? {
        guard item.kind == .joinExpr else { return Self.name(of: item) }
        let join = item.unpacked(as: PgQuery__JoinExpr.self)
        let sides = [Message(join.larg), Message(join.rarg)].compactMap { $0 }.filter { provides($0, column) == true }
        return sides.count == 1 ? provider(sides[0], column) : nil
    }

    func sameColumn(_ a: Message, _ b: Message) -> Bool {
        let left = a.children
        let right = b.children
        guard left.last?.kind == right.last?.kind, left.last?.text == right.last?.text else { return false }
        if left.count == right.count, zip(left, right).allSatisfy({ $0.text == $1.text }) { return true }
        guard let holder = holder(of: a) else { return false }
        return holder == self.holder(of: b)
    }

    /// Whether an expression has one value in a row, wherever it stands: it calls nothing that may give another.
    func isSteady(_ node: Message) -> Bool {
        if node.kind == .columnRef || node.kind == .aConst { return true }
        guard !effort.isSpent(by: 1) else { return false }
        if node.kind == .funcCall {
            let parts = names(node.unpacked(as: PgQuery__FuncCall.self))
            guard let name = parts.last, parts.count == 1 || parts[0] == "pg_catalog",
                FunctionCatalog.stable.contains(name)
            else { return false }
        }
        return node.children.allSatisfy(isSteady)
    }

    /// Whether two expressions are the same for every row: `t.id` is `id`.
    func same(_ a: Message, _ b: Message) -> Bool {
        guard !effort.isSpent(by: 1) else { return false }
        if a.kind == .columnRef, b.kind == .columnRef { return sameColumn(a, b) }
        guard a.shape === b.shape, sameValues(a, b) else { return false }
        let left = a.children
        let right = b.children
        return left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
    }
}
