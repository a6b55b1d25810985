import CPgQuery

extension Filter {
    /// Subqueries in subqueries are followed this deep.
    private static let maximumDepth = 8

    mutating func add(_ clause: UnsafeMutablePointer<PgQuery__WithClause>?) {
        guard let clause else { return }
        for node in messages(clause.pointee.n_ctes, clause.pointee.ctes) where node.kind == .commonTableExpr {
            let expression = node.unpacked(as: PgQuery__CommonTableExpr.self)
            ctes[String(cString: expression.ctename)] = .some(
                clause.pointee.recursive == 0 ? Message(expression.ctequery) : nil)
        }
    }

    mutating func add(source item: Message) {
        if item.kind == .joinExpr {
            let join = item.unpacked(as: PgQuery__JoinExpr.self)
            for side in [Message(join.larg), Message(join.rarg)].compactMap({ $0 }) where keepsAll(join, side) {
                add(source: side)
            }
            joins.append(Self.joined(by: item))
        } else if let name = Self.name(of: item) {
            sources[name] = item
        }
    }

    private static func joined(by item: Message) -> [String] {
        guard item.kind == .joinExpr else { return [name(of: item)].compactMap { $0 } }
        let join = item.unpacked(as: PgQuery__JoinExpr.self)
        return [Message(join.larg), Message(join.rarg)].compactMap { $0 }.flatMap(joined)
    }

    /// Whether a join keeps all rows of its side.
    private func keepsAll(_ join: PgQuery__JoinExpr, _ side: Message) -> Bool {
        switch join.jointype {
        case PG_QUERY__JOIN_TYPE__JOIN_FULL: return true
        case PG_QUERY__JOIN_TYPE__JOIN_LEFT: return Message(join.larg)?.raw == side.raw
        case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: return Message(join.rarg)?.raw == side.raw
        default:
            return join.is_natural == 0 && join.n_using_clause == 0
                && Message(join.quals).map { truth(of: $0) == .always } ?? true
        }
    }

    static func name(of item: Message) -> String? {
        if item.kind == .rangeVar {
            let variable = item.unpacked(as: PgQuery__RangeVar.self)
            return String(cString: variable.alias?.pointee.aliasname ?? variable.relname)
        }
        guard item.kind == .rangeSubselect else { return nil }
        return item.unpacked(as: PgQuery__RangeSubselect.self).alias.map { String(cString: $0.pointee.aliasname) }
    }

    mutating func findPartners(in condition: Message) {
        if condition.kind == .boolExpr {
            for child in condition.children { findPartners(in: child) }
        } else if condition.kind == .aExpr {
            let expression = condition.unpacked(as: PgQuery__AExpr.self)
            guard let left = Message(expression.lexpr), let right = Message(expression.rexpr) else { return }
            let pairs = left.kind == .rowExpr && right.kind == .rowExpr ? Array(zip(left.children, right.children)) : []
            for (left, right) in pairs + [(left, right)] {
                guard let partner = partner(left, right) ?? partner(right, left) else { continue }
                partners.insert(partner)
                // What is joined to it tells its rows apart.
                for names in joins where names.contains(partner) { partners.formUnion(names) }
            }
        }
    }

    /// Whether one side is a column of the target and the other the same column of the same rows.
    func isReflexive(_ left: Message, _ right: Message) -> Bool {
        !sources.isEmpty && (partner(left, right) ?? partner(right, left)) != nil
    }

    private func partner(_ mine: Message, _ other: Message) -> String? {
        guard mine.kind == .columnRef, other.kind == .columnRef else { return nil }
        if let row = Self.row(mine), names.contains(row), let name = Self.row(other), !names.contains(name),
            let item = sources[name], holdsEveryRow(item)
        {
            return name
        }
        guard let column = mine.children.last?.text, let theirs = other.children.last?.text, other.children.count > 1,
            holder(of: mine) == .target, let name = other.children[other.children.count - 2].text,
            !names.contains(name),
            let item = sources[name],
            Self.renames(item) ? holdsEveryRow(item) : origin(of: theirs, in: item, depth: 0) == column
        else { return nil }
        return name
    }

    /// The name in `t` and `t.*`.
    private static func row(_ reference: Message) -> String? {
        let fields = reference.children
        let parts = fields.last?.kind == .aStar ? fields.dropLast() : fields[...]
        return parts.count == 1 ? parts.first?.text : nil
    }

    /// With other names for its columns, of which any may stand for any.
    private static func renames(_ item: Message) -> Bool {
        if item.kind == .rangeVar {
            return (item.unpacked(as: PgQuery__RangeVar.self).alias?.pointee.n_colnames ?? 0) > 0
        }
        guard item.kind == .rangeSubselect else { return false }
        return (item.unpacked(as: PgQuery__RangeSubselect.self).alias?.pointee.n_colnames ?? 0) > 0
    }

    /// The target's column whose values, of every row, `item` has under the name `column`.
    private func origin(of column: String, in item: Message, depth: Int) -> String? {
        guard depth < Self.maximumDepth else { return nil }
        if item.kind == .rangeVar {
            let variable = item.unpacked(as: PgQuery__RangeVar.self)
            guard (variable.alias?.pointee.n_colnames ?? 0) == 0 else { return nil }
            if variable.schemaname.pointee == 0, let cte = ctes[String(cString: variable.relname)] {
                guard let query = cte else { return nil }
                return origin(of: column, selectedBy: query, depth: depth + 1)
            }
            if isWhole(variable) { return column }
            return catalog?.lookInto(TableReference(variable), depth: depth) { [self] query, depth in
                origin(of: column, selectedBy: query, depth: depth)
            }
        }
        guard item.kind == .rangeSubselect else { return nil }
        let subselect = item.unpacked(as: PgQuery__RangeSubselect.self)
        guard (subselect.alias?.pointee.n_colnames ?? 0) == 0, let query = Message(subselect.subquery) else {
            return nil
        }
        return origin(of: column, selectedBy: query, depth: depth + 1)
    }

    private func origin(of column: String, selectedBy query: Message, depth: Int) -> String? {
        guard query.kind == .selectStmt else { return nil }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        for target in messages(select.n_target_list, select.target_list) where target.kind == .resTarget {
            let item = target.unpacked(as: PgQuery__ResTarget.self)
            guard let value = Message(item.val), value.kind == .columnRef, let last = value.children.last else {
                continue
            }
            let name = item.name.pointee != 0 ? String(cString: item.name) : last.text
            if last.kind == .aStar { return origin(of: column, from: select, depth: depth) }
            if name == column, let inner = last.text { return origin(of: inner, from: select, depth: depth) }
        }
        return nil
    }

    /// nil when the query leaves rows out.
    private func origin(of column: String, from select: PgQuery__SelectStmt, depth: Int) -> String? {
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE, select.limit_count == nil, select.limit_offset == nil,
            select.having_clause == nil, Self.keepsValues(select, of: column)
        else { return nil }
        var inner = within(select)
        inner.sources = [:]
        let items = messages(select.n_from_clause, select.from_clause)
        for item in items { inner.add(source: item) }
        if let condition = Message(select.where_clause), !inner.keepsAll(condition, column: column) { return nil }
        for item in inner.sources.values {
            if let origin = inner.origin(of: column, in: item, depth: depth + 1) { return origin }
        }
        return nil
    }

    /// `c IS NOT NULL` leaves out only what no comparison with `c` finds.
    private func keepsAll(_ condition: Message, column: String) -> Bool {
        if known(always: condition) { return true }
        guard condition.kind == .nullTest else { return false }
        let test = condition.unpacked(as: PgQuery__NullTest.self)
        return test.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL
            && Message(test.arg).map { $0.kind == .columnRef && $0.children.last?.text == column } ?? false
    }

    /// Whether it holds every row of the target: the table itself, or one that it is a part of.
    private func isWhole(_ variable: PgQuery__RangeVar) -> Bool {
        let reference = TableReference(variable)
        return table.maySame(reference) || variable.inh != 0 && catalog?.isPart(table, of: reference) ?? false
    }

    /// Whether an item of a FROM clause has every row of the target.
    private func holdsEveryRow(_ item: Message, depth: Int = 0) -> Bool {
        if item.kind == .rangeVar {
            let variable = item.unpacked(as: PgQuery__RangeVar.self)
            let name = String(cString: variable.relname)
            guard variable.schemaname.pointee == 0, let cte = ctes[name] else {
                if isWhole(variable) { return true }
                return catalog?.lookInto(TableReference(variable), depth: depth) { [self] query, depth in
                    givesEveryRow(query, depth: depth) ? true : nil
                } ?? false
            }
            // Its own name means the table in it.
            var inner = self
            inner.ctes.removeValue(forKey: name)
            return cte.map { inner.givesEveryRow($0, depth: depth + 1) } ?? false
        }
        guard item.kind == .rangeSubselect,
            let query = Message(item.unpacked(as: PgQuery__RangeSubselect.self).subquery)
        else { return false }
        return givesEveryRow(query, depth: depth + 1)
    }

    /// Whether a query's rows come from every row of the target.
    func givesEveryRow(_ query: Message, depth: Int = 0) -> Bool {
        guard depth < Self.maximumDepth, query.kind == .selectStmt else { return false }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        guard select.limit_count == nil, select.limit_offset == nil, select.having_clause == nil else { return false }
        var inner = within(select)
        inner.sources = [:]
        if select.op == PG_QUERY__SET_OPERATION__SETOP_UNION {
            return [Message(select.larg), Message(select.rarg)].contains { side in
                side.map { inner.givesEveryRow($0, depth: depth) } ?? false
            }
        }
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE,
            Self.targets(select).allSatisfy({ target in
                target.children.last?.text.map { Self.keepsValues(select, of: $0) } ?? !Self.picks(select)
            })
        else { return false }
        for item in messages(select.n_from_clause, select.from_clause) { inner.add(source: item) }
        if let condition = Message(select.where_clause), !inner.known(always: condition) { return false }
        return inner.sources.values.contains { inner.holdsEveryRow($0, depth: depth) }
    }

    /// Whether it has one row for several.
    private static func picks(_ select: PgQuery__SelectStmt) -> Bool {
        select.n_group_clause > 0 || !messages(select.n_distinct_clause, select.distinct_clause).isEmpty
    }

    /// Whether every value of a column remains: a query that has one row for several has one for each value of what it
    /// groups by, and DISTINCT ON for each of what it names.
    private static func keepsValues(_ select: PgQuery__SelectStmt, of column: String) -> Bool {
        let clauses = [
            messages(select.n_group_clause, select.group_clause),
            messages(select.n_distinct_clause, select.distinct_clause),
        ]
        let targets = targets(select)
        return clauses.allSatisfy { items in
            items.isEmpty
                || items.contains { item in
                    var item = item
                    if case .number(let number) = Constant(item), let place = number.small, place > 0,
                        place <= targets.count
                    {
                        item = targets[place - 1]
                    }
                    return item.kind == .columnRef && item.children.last?.text == column
                }
        }
    }

    private static func targets(_ select: PgQuery__SelectStmt) -> [Message] {
        messages(select.n_target_list, select.target_list).compactMap { target in
            target.kind == .resTarget ? Message(target.unpacked(as: PgQuery__ResTarget.self).val) : nil
        }
    }

    private func known(always condition: Message) -> Bool { truth(of: condition) == .always }

    // MARK: subqueries

    func subquery(_ link: PgQuery__SubLink) -> Truth { subquery(link, Message(link.subselect)) }

    private func subquery(_ link: PgQuery__SubLink, _ query: Message?) -> Truth {
        guard let query, query.kind == .selectStmt else { return .unknown }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        guard select.having_clause == nil, select.limit_offset == nil else { return .unknown }
        if select.op == PG_QUERY__SET_OPERATION__SETOP_UNION, select.limit_count == nil {
            // What one side has, both have together.
            let holds = [Message(select.larg), Message(select.rarg)].map { subquery(link, $0).holds }
            let isForAll = link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK
            return isForAll && holds.contains(false) || !holds.contains(true) ? .unknown : .likely
        }
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE else { return .unknown }
        if let count = Message(select.limit_count), Constant(count) == .number(.zero) { return empty(link) }
        var inner = within(select)
        for item in messages(select.n_from_clause, select.from_clause) { inner.add(source: item) }
        let condition = Message(select.where_clause)
        let found = condition.map { inner.joined(by: $0).truth(of: $0) } ?? .always
        if found == .never { return empty(link) }
        switch link.sub_link_type {
        case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
            return found.holds ? .likely : .unknown
        case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK where isEquality(link):
            return Message(link.testexpr).map { membership(of: $0, in: query) } ?? .unknown
        case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK where select.n_from_clause == 0 && condition == nil:
            guard let target = messages(select.n_target_list, select.target_list).first, target.kind == .resTarget,
                let value = Message(target.unpacked(as: PgQuery__ResTarget.self).val)
            else { return .unknown }
            return truth(of: value)
        default:
            return .unknown
        }
    }

    /// What a subquery without rows says.
    private func empty(_ link: PgQuery__SubLink) -> Truth {
        switch link.sub_link_type {
        case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK, PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK: .never
        case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK: .always
        default: .unknown
        }
    }

    private func isEquality(_ link: PgQuery__SubLink) -> Bool {
        link.n_oper_name == 0 || PostgresClassify.names(link.n_oper_name, link.oper_name).last == "="
    }

    /// Whether every row's value is among those that the query selects from the same table.
    func membership(of tested: Message, in query: Message?) -> Truth {
        guard let query, query.kind == .selectStmt else { return .unknown }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        let values = messages(select.n_target_list, select.target_list).compactMap { target in
            target.kind == .resTarget ? Message(target.unpacked(as: PgQuery__ResTarget.self).val) : nil
        }
        let columns = tested.kind == .rowExpr ? tested.children : [tested]
        guard !columns.isEmpty, columns.count == values.count else { return .unknown }
        let isWhole = zip(columns, values).allSatisfy { column, value in
            guard column.kind == .columnRef, value.kind == .columnRef, let name = column.children.last?.text,
                let last = value.children.last
            else { return false }
            // The outer row's own column.
            if value.children.count > 1, same(column, value), isOuter(value, select) { return true }
            return origin(of: last.text ?? name, from: select, depth: 0) == name
        }
        return isWhole ? .likely : .unknown
    }

    private func isOuter(_ column: Message, _ select: PgQuery__SelectStmt) -> Bool {
        guard let relation = column.children[column.children.count - 2].text, names.contains(relation) else {
            return false
        }
        return messages(select.n_from_clause, select.from_clause).allSatisfy { Self.name(of: $0) != relation }
    }

    /// `c <= (SELECT max(c) FROM t)` and its mirror hold for every row.
    func isExtreme(_ column: Message, _ name: String, _ query: Message) -> Bool {
        guard column.kind == .columnRef, query.kind == .subLink, let wanted = ["<=": "max", ">=": "min"][name] else {
            return false
        }
        let link = query.unpacked(as: PgQuery__SubLink.self)
        guard link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK, let inner = Message(link.subselect),
            inner.kind == .selectStmt
        else { return false }
        let select = inner.unpacked(as: PgQuery__SelectStmt.self)
        guard let target = messages(select.n_target_list, select.target_list).first, target.kind == .resTarget,
            let value = Message(target.unpacked(as: PgQuery__ResTarget.self).val), value.kind == .funcCall
        else { return false }
        let function = value.unpacked(as: PgQuery__FuncCall.self)
        guard names(function).last == wanted, function.agg_filter == nil,
            let argument = messages(function.n_args, function.args).first, argument.kind == .columnRef,
            let own = column.children.last?.text, argument.children.last?.text == own
        else { return false }
        return origin(of: own, from: select, depth: 0) == own
    }
}
