import CPgQuery

/// Names that a place in a statement sees: one query level, and those around it.
final class LineageScope {
    /// A FROM item, or the target of a write.
    struct Item {
        /// The alias, or the relation's own name; nil: it cannot be named (a join without alias).
        let name: String?
        /// With a relation under its own name: the schemas that it may be in; empty: not known.
        var schemas: [String]?
        let shape: RowShape
        /// Its columns can be named without it.
        var showsColumns = true
    }

    let outer: LineageScope?
    let tables: CommonTables?
    var items: [Item]
    /// What the named windows of this level order by.
    var windows: [String: Value] = [:]

    init(outer: LineageScope?, tables: CommonTables?, items: [Item] = []) {
        self.outer = outer
        self.tables = tables
        self.items = items
    }

    /// A level inside of this one.
    func level(items: [Item] = []) -> LineageScope { LineageScope(outer: self, tables: tables, items: items) }
}

/// The CTEs that a place sees, the nearest first.
final class CommonTables {
    let table: CommonTable
    let next: CommonTables?

    init(_ table: CommonTable, next: CommonTables?) {
        self.table = table
        self.next = next
    }
}

/// A CTE; what it gives is found out when it is first named.
final class CommonTable {
    enum State {
        case pending
        /// Being looked into; the rows of its first branch, once they are known.
        case open(RowShape?)
        case known(RowShape, compared: ColumnSet)
    }

    let name: String
    let node: Message
    let isRecursive: Bool
    var scope: LineageScope?
    var state = State.pending

    init(name: String, node: Message, isRecursive: Bool) {
        self.name = name
        self.node = node
        self.isRecursive = isRecursive
    }
}

extension LineageTracer {
    /// The value of an unqualified column name, from the nearest level that has it (PostgreSQL's colNameToVar).
    func unqualified(_ name: String, _ scope: LineageScope) -> (value: Value, isCertain: Bool)? {
        var found: Value?
        var level: LineageScope? = scope
        while let current = level {
            for item in current.items where item.showsColumns {
                guard let hit = item.shape.column(name, self) else { continue }
                // Were it another item's as well, it would be ambiguous.
                if hit.isCertain, level === scope { return hit }
                if found == nil { found = hit.value } else { found?.merge(hit.value) }
                if hit.isCertain, let found { return (found, true) }
            }
            level = current.outer
        }
        return found.map { ($0, false) }
    }

    /// The FROM item of a name, of the nearest level that has one (refnameNamespaceItem).
    func item(_ name: String, schema: String? = nil, _ scope: LineageScope) -> LineageScope.Item? {
        var level: LineageScope? = scope
        while let current = level {
            for item in current.items where item.name == name {
                spend(1)
                guard let schema else { return item }
                if let schemas = item.schemas, schemas.isEmpty || schemas.contains(schema) { return item }
            }
            spend(current.items.count)
            level = current.outer
        }
        return nil
    }

    func commonTable(_ name: String, _ scope: LineageScope) -> CommonTable? {
        var link = scope.tables
        while let current = link {
            spend(1)
            if current.table.name == name { return current.table }
            link = current.next
        }
        return nil
    }

    /// A reference such as `email`, `u.email`, `public.users.email`, `u`.
    func reference(_ node: Message, _ scope: LineageScope) -> Value {
        var parts: [String] = []
        var isStar = false
        let fields = node.pointer(to: PgQuery__ColumnRef.self)
        for field in NodeList(fields.pointee.n_fields, fields.pointee.fields) {
            if let text = field.text { parts.append(text) } else { isStar = isStar || field.lineage == .aStar }
        }
        if isStar {
            guard let item = starItem(parts, scope) else { return starOfAll(parts, scope) }
            return row(item.shape)
        }
        guard let last = parts.last else { return .anything }
        if parts.count == 1 {
            let column = unqualified(last, scope)
            if let column, column.isCertain { return column.value }
            var value = column?.value
            if let item = item(last, scope) {
                guard value != nil else { return row(item.shape) }
                value?.merge(row(item.shape))
                value?.mayBeRow = true
            }
            return value ?? Value(column: names.number(table: "", column: last))
        }
        guard let item = item(parts[parts.count - 2], schema: parts.count > 2 ? parts[parts.count - 3] : nil, scope)
        else {
            if FunctionCatalog.isKnownToAct(last) { callsField(last) }
            return Value(column: names.number(table: TableName.joined(parts.dropLast()), column: last))
        }
        guard let column = item.shape.column(last, self) else {
            // Attribute notation calls a function with the whole row.
            callsField(last)
            return call(of: row(item.shape).computed, count: 1, name: [last])
        }
        if !column.isCertain, FunctionCatalog.isKnownToAct(last) { callsField(last) }
        if column.isCertain || !FunctionCatalog.takesAnyValue.contains(last) { return column.value }
        var value = column.value
        value.merge(row(item.shape))
        return value
    }

    func starItem(_ parts: [String], _ scope: LineageScope) -> LineageScope.Item? {
        guard let last = parts.last else { return nil }
        return item(last, schema: parts.count > 1 ? parts[parts.count - 2] : nil, scope)
    }

    private func starOfAll(_ parts: [String], _ scope: LineageScope) -> Value {
        guard parts.isEmpty else { return Value(column: names.number(table: TableName.joined(parts), column: nil)) }
        var value = Value()
        for item in scope.items where item.showsColumns { value.merge(item.shape.whole(self)) }
        return value
    }

    func row(_ shape: RowShape) -> Value {
        var value = shape.whole(self)
        value.row = shape
        return value
    }
}
