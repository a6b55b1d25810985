import CPgQuery

/// The table that a write changes.
struct LineageTarget {
    let item: LineageScope.Item
    let relations: [Int]
    /// As the text names it.
    let text: String

    /// The target as its RETURNING list sees it: a column holds what the write put there.
    func returned(_ assigned: [(column: String, value: Value)]) -> LineageScope.Item {
        guard !assigned.isEmpty else { return item }
        var byName: [String: Value] = [:]
        for (column, value) in assigned where !value.isEmpty {
            if byName[column] == nil { byName[column] = value } else { byName[column]?.merge(value) }
        }
        func with(_ name: String, _ value: Value) -> Value {
            guard let added = byName[name] else { return value }
            var value = value
            // `SET email = nullif(email, 'x')` is no column's value any more.
            let isSame = added.isDirect && added.columns.isSubset(of: value.columns)
            if !isSame { value.merge(added) }
            return value
        }
        let columns = item.shape.columns.map {
            RowShape.Column(name: $0.name, value: with($0.name, $0.value), isCertain: $0.isCertain)
        }
        guard !item.shape.sources.isEmpty else {
            return LineageScope.Item(
                name: item.name, schemas: item.schemas, shape: RowShape(columns: columns, isTable: item.shape.isTable))
        }
        // Of a table that is not known any column may be an assigned one.
        var all = Value()
        for value in byName.values { all.merge(value) }
        return LineageScope.Item(
            name: item.name, schemas: item.schemas,
            shape: RowShape(
                columns: columns, sources: item.shape.sources + [.value(all)], isTable: item.shape.isTable))
    }
}

extension LineageTracer {
    /// - Parameter event: the command as rules name it.
    func target(
        _ variable: UnsafeMutablePointer<PgQuery__RangeVar>?, _ event: PgQuery__CmdType
    ) -> LineageTarget? {
        guard let variable else { return nil }
        let found = relations(variable)
        for relation in found { addTarget(Target(relation: relation, event: event.rawValue)) }
        return LineageTarget(item: item(variable), relations: found, text: TableName.of(variable.pointee))
    }

    /// The numbers of a target's column: the view's and its table's too.
    func numbers(_ column: String, of target: LineageTarget) -> [Int32] {
        if target.relations.isEmpty { return [names.number(table: target.text, column: column)] }
        var numbers: [Int32] = []
        for relation in target.relations {
            if let value = shape(of: relation).column(column, self)?.value, !value.columns.isEmpty {
                numbers += value.columns.numbers
            } else {
                numbers.append(names.number(table: table(relation).name, column: column))
            }
        }
        return numbers
    }

    func assign(_ value: Value, to column: String, of target: LineageTarget) {
        assign(value, to: numbers(column, of: target))
    }

    /// Some columns of the target; which ones is not known.
    func assignSome(_ value: Value, of target: LineageTarget) {
        let tables = target.relations.isEmpty ? [target.text] : target.relations.map { table($0).name }
        for table in tables { assign(value, to: [names.number(table: table, column: nil)]) }
    }

    func insert(_ node: Message, outer: LineageScope) -> RowShape {
        let statement = node.pointer(to: PgQuery__InsertStmt.self)
        let scope = with(statement.pointee.with_clause, outer)
        guard let target = target(statement.pointee.relation, PG_QUERY__CMD_TYPE__CMD_INSERT) else {
            return RowShape(columns: [], sources: [.value(.anything)])
        }
        let rows = Message(statement.pointee.select_stmt).map { query($0, outer: scope) }
        let listed = messages(statement.pointee.n_cols, statement.pointee.cols).compactMap(Self.targetName)
        var assigned = assigned(listed, rows, target)
        for (column, value) in assigned { assign(value, to: column, of: target) }
        if listed.isEmpty, !target.item.shape.isClosed {
            let all = rows?.whole(self).computed ?? Value()
            assignSome(all, of: target)
            assigned.append((column: "", value: all))
        }
        if let clause = statement.pointee.on_conflict_clause {
            assigned += onConflict(clause, target, assigned, rows, scope)
        }
        return returning(
            NodeList(statement.pointee.n_returning_list, statement.pointee.returning_list), target, assigned,
            PG_QUERY__CMD_TYPE__CMD_INSERT, scope.level())
    }

    /// Which column gets which of the rows' values.
    private func assigned(
        _ listed: [String], _ rows: RowShape?, _ target: LineageTarget
    ) -> [(column: String, value: Value)] {
        var columns = listed
        if columns.isEmpty, target.item.shape.isClosed {
            columns = target.item.shape.columns.map(\.name)
            // Without a list the first columns are meant; the rest gets its defaults.
            if let rows, rows.isClosed { columns = Array(columns.prefix(rows.columns.count)) }
        }
        guard let rows else { return columns.map { ($0, Value()) } }
        guard rows.isClosed, rows.columns.count == columns.count else {
            let all = rows.whole(self).computed
            return columns.map { ($0, all) }
        }
        return zip(columns, rows.columns).map { ($0, $1.value) }
    }

    static func targetName(_ node: Message) -> String? {
        guard node.lineage == .resTarget, let name = node.pointer(to: PgQuery__ResTarget.self).pointee.name,
            name.pointee != 0
        else { return nil }
        return String(cString: name)
    }

    private func onConflict(
        _ clause: UnsafeMutablePointer<PgQuery__OnConflictClause>, _ target: LineageTarget,
        _ proposed: [(column: String, value: Value)], _ rows: RowShape?, _ scope: LineageScope
    ) -> [(column: String, value: Value)] {
        let inner = scope.level(items: [target.item])
        if let infer = clause.pointee.infer {
            for element in NodeList(infer.pointee.n_index_elems, infer.pointee.index_elems)
            where element.shape.name == "IndexElem" {
                let index = element.pointer(to: PgQuery__IndexElem.self)
                if let name = index.pointee.name, name.pointee != 0 {
                    compared.formUnion(numbers(String(cString: name), of: target))
                } else {
                    compare(value(element, inner))
                }
            }
            condition(infer.pointee.where_clause, inner)
        }
        guard clause.pointee.n_target_list > 0 else { return [] }
        let columns = proposed.map { RowShape.Column(name: $0.column, value: $0.value.computed) }
        let known = Set(proposed.map(\.column))
        let others = target.item.shape.columns.filter { !known.contains($0.name) }
            .map { RowShape.Column(name: $0.name, value: Value()) }
        var sources: [RowShape.Source] = []
        if !target.item.shape.isClosed { sources = [.value(rows?.whole(self).computed ?? Value())] }
        let excluded = LineageScope.Item(
            name: "excluded", shape: RowShape(columns: columns + others, sources: sources), showsColumns: false)
        inner.items.append(excluded)
        for relation in target.relations {
            addTarget(Target(relation: relation, event: PG_QUERY__CMD_TYPE__CMD_UPDATE.rawValue))
        }
        let assigned = set(NodeList(clause.pointee.n_target_list, clause.pointee.target_list), target, inner)
        condition(clause.pointee.where_clause, inner)
        return assigned
    }

    /// SET: every assignment is a flow.
    func set(_ list: NodeList, _ target: LineageTarget, _ scope: LineageScope) -> [(column: String, value: Value)] {
        var assigned: [(column: String, value: Value)] = []
        for node in list {
            guard let column = Self.targetName(node) else { continue }
            let field = node.pointer(to: PgQuery__ResTarget.self)
            var value = Message(field.pointee.val).map { self.value($0, scope) } ?? Value()
            for step in NodeList(field.pointee.n_indirection, field.pointee.indirection) where step.text == nil {
                join(&value, self.value(step, scope))
            }
            let columns = numbers(column, of: target)
            assign(value, to: columns)
            update(columns)
            assigned.append((column, value))
        }
        return assigned
    }

    func update(_ node: Message, outer: LineageScope) -> RowShape {
        let statement = node.pointer(to: PgQuery__UpdateStmt.self)
        let enclosing = with(statement.pointee.with_clause, outer)
        guard let target = target(statement.pointee.relation, PG_QUERY__CMD_TYPE__CMD_UPDATE) else {
            return RowShape(columns: [], sources: [.value(.anything)])
        }
        let scope = enclosing.level()
        // The target is no part of what its FROM clause sees.
        from(NodeList(statement.pointee.n_from_clause, statement.pointee.from_clause), into: scope)
        scope.items.insert(target.item, at: 0)
        let assigned = set(NodeList(statement.pointee.n_target_list, statement.pointee.target_list), target, scope)
        condition(statement.pointee.where_clause, scope)
        scope.items.removeFirst()
        return returning(
            NodeList(statement.pointee.n_returning_list, statement.pointee.returning_list), target, assigned,
            PG_QUERY__CMD_TYPE__CMD_UPDATE, scope)
    }

    func delete(_ node: Message, outer: LineageScope) -> RowShape {
        let statement = node.pointer(to: PgQuery__DeleteStmt.self)
        let enclosing = with(statement.pointee.with_clause, outer)
        guard let target = target(statement.pointee.relation, PG_QUERY__CMD_TYPE__CMD_DELETE) else {
            return RowShape(columns: [], sources: [.value(.anything)])
        }
        let scope = enclosing.level()
        from(NodeList(statement.pointee.n_using_clause, statement.pointee.using_clause), into: scope)
        scope.items.insert(target.item, at: 0)
        condition(statement.pointee.where_clause, scope)
        scope.items.removeFirst()
        return returning(
            NodeList(statement.pointee.n_returning_list, statement.pointee.returning_list), target, [],
            PG_QUERY__CMD_TYPE__CMD_DELETE, scope)
    }

    /// The rows that a write gives back. Where a rule takes its place, the rule says what they are.
    private func returning(
        _ list: NodeList, _ target: LineageTarget, _ assigned: [(column: String, value: Value)],
        _ event: PgQuery__CmdType, _ scope: LineageScope
    ) -> RowShape {
        guard !list.isEmpty else { return RowShape(columns: []) }
        var item = target.returned(assigned)
        if isReplaced(target.relations, by: event) {
            let shape = item.shape
            item = LineageScope.Item(
                name: item.name, schemas: item.schemas,
                shape: RowShape(
                    columns: shape.columns.map { column in
                        var column = column
                        column.value.merge(.anything)
                        return column
                    }, sources: shape.sources, isTable: shape.isTable))
        }
        scope.items.insert(item, at: 0)
        return targets(list, scope)
    }

    func merge(_ node: Message, outer: LineageScope) {
        let statement = node.pointer(to: PgQuery__MergeStmt.self)
        let enclosing = with(statement.pointee.with_clause, outer)
        let clauses = messages(statement.pointee.n_merge_when_clauses, statement.pointee.merge_when_clauses)
            .filter { $0.kind == .mergeWhenClause }.map { $0.pointer(to: PgQuery__MergeWhenClause.self) }
        guard let target = target(statement.pointee.relation, PG_QUERY__CMD_TYPE__CMD_MERGE) else { return }
        for relation in target.relations {
            for clause in clauses { addTarget(Target(relation: relation, event: clause.pointee.command_type.rawValue)) }
        }
        let scope = enclosing.level()
        if let source = Message(statement.pointee.source_relation) { scope.items = items(source, scope) }
        scope.items.insert(target.item, at: 0)
        condition(statement.pointee.join_condition, scope)
        for clause in clauses {
            condition(clause.pointee.condition, scope)
            let list = NodeList(clause.pointee.n_target_list, clause.pointee.target_list)
            guard clause.pointee.command_type == PG_QUERY__CMD_TYPE__CMD_INSERT else {
                _ = set(list, target, scope)
                continue
            }
            let values = NodeList(clause.pointee.n_values, clause.pointee.values).map { value($0, scope) }
            let rows = RowShape(columns: values.map { RowShape.Column(name: "", value: $0) })
            for (column, value) in assigned(list.compactMap(Self.targetName), rows, target) {
                assign(value, to: column, of: target)
            }
            if clause.pointee.n_target_list == 0, !target.item.shape.isClosed {
                assignSome(rows.whole(self), of: target)
            }
        }
    }
}
