import CPgQuery

/// The table's column that a view's column is, where the view is of one table alone.
struct ViewColumn {
    let table: TableReference
    let name: String

    init?(_ query: Message, place: Int) {
        guard query.kind == .selectStmt else { return nil }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        let items = messages(select.n_from_clause, select.from_clause)
        let targets = messages(select.n_target_list, select.target_list)
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE, items.count == 1, items[0].kind == .rangeVar,
            select.n_group_clause == 0, place < targets.count, targets[place].kind == .resTarget,
            let value = Message(targets[place].unpacked(as: PgQuery__ResTarget.self).val), value.kind == .columnRef,
            let name = value.children.last?.text
        else { return nil }
        table = TableReference(items[0].unpacked(as: PgQuery__RangeVar.self))
        self.name = name
    }
}
