import CPgQuery
import Contract

/// A relation of the catalogue that a text reaches.
final class LineageTable {
    let name: String
    /// The number of its first column; the others follow.
    let first: Int32
    var shape: RowShape?
    /// Its view's query is being looked into.
    var isOpen = false
    /// What a view's query compares.
    var compared = ColumnSet()

    init(name: String, first: Int32) {
        self.name = name
        self.first = first
    }
}

extension LineageTracer {
    /// The relations of the catalogue that a name may mean.
    func relations(_ variable: UnsafePointer<PgQuery__RangeVar>) -> [Int] {
        guard let index else { return [] }
        let schema = String(cString: variable.pointee.schemaname)
        return index.relations(
            schema: schema.isEmpty ? nil : schema, name: String(cString: variable.pointee.relname), path: path)
    }

    func table(_ relation: Int) -> LineageTable {
        if let known = tables[relation] { return known }
        guard let index else { preconditionFailure("a relation without a catalogue") }
        let name = index.name(relation)
        let table = LineageTable(name: name, first: names.add(table: name, columns: index.relations[relation].columns))
        tables[relation] = table
        return table
    }

    /// The columns of what a name means. Of several relations each may be meant.
    func shape(of relations: [Int], named text: String) -> RowShape {
        guard let first = relations.first else {
            return RowShape(columns: [], sources: [.relation(text)], isTable: true)
        }
        let shape = shape(of: first)
        if relations.count == 1 { return shape }
        return relations.dropFirst().reduce(shape) { either($0, self.shape(of: $1)) }
    }

    private func either(_ left: RowShape, _ right: RowShape) -> RowShape {
        spend(left.columns.count + right.columns.count)
        let isSame = left.isClosed && right.isClosed && left.columns.map(\.name) == right.columns.map(\.name)
        if isSame { return RowShape(columns: united(left, right).columns, isTable: true) }
        var columns = left.columns
        var places: [String: Int] = [:]
        for (place, column) in columns.enumerated() { places[column.name] = place }
        let shared = Set(right.columns.map(\.name))
        for place in columns.indices where !shared.contains(columns[place].name) { columns[place].isCertain = false }
        for column in right.columns {
            if let place = places[column.name] {
                columns[place].value.merge(column.value)
                columns[place].isCertain = columns[place].isCertain && column.isCertain
            } else {
                columns.append(RowShape.Column(name: column.name, value: column.value, isCertain: false))
            }
        }
        // Even with the same names the columns may stand in another order.
        let isVague = columns.contains { !$0.isCertain }
        return RowShape(
            columns: columns, sources: left.sources + right.sources + (isVague ? [] : [.value(Value())]), isTable: true)
    }

    func shape(of relation: Int) -> RowShape {
        let table = table(relation)
        if let shape = table.shape {
            compared.formUnion(table.compared.numbers)
            return shape
        }
        guard let index else { preconditionFailure("a relation without a catalogue") }
        let entry = index.relations[relation]
        spend(entry.columns.count)
        if entry.isView { return view(table, entry) }
        var columns: [RowShape.Column] = []
        columns.reserveCapacity(entry.columns.count)
        for (place, name) in entry.columns.enumerated() {
            columns.append(RowShape.Column(name: name, value: Value(column: table.first + Int32(place))))
        }
        for ancestor in entry.parents.isEmpty ? [] : index.ancestors(of: relation) {
            let above = self.table(ancestor)
            for (place, name) in index.relations[ancestor].columns.enumerated() {
                guard let own = entry.columns.firstIndex(of: name) else { continue }
                columns[own].value.columns.formUnion(ColumnSet(above.first + Int32(place)))
            }
        }
        let shape = RowShape(columns: columns, isTable: true)
        table.shape = shape
        return shape
    }

    // MARK: views

    /// A view's columns carry what its query's columns carry, and are the view's own as well.
    private func view(_ table: LineageTable, _ entry: Relation) -> RowShape {
        guard !table.isOpen else {
            return RowShape(columns: entry.columns.map { RowShape.Column(name: $0, value: .anything) })
        }
        table.isOpen = true
        let (rows, inner) = comparing { self.rows(ofView: entry) }
        table.isOpen = false
        table.compared = inner
        let columns = entry.columns.enumerated().map { place, name in
            let own = table.first + Int32(place)
            var value: Value
            if let rows, rows.isClosed, rows.columns.count == entry.columns.count {
                value = rows.columns[place].value
            } else {
                value = rows.map { $0.whole(self).computed } ?? .anything
            }
            value.columns.formUnion(ColumnSet(own))
            value.row = value.row?.adding(ColumnSet(own))
            return RowShape.Column(name: name, value: value)
        }
        let shape = RowShape(columns: columns)
        table.shape = shape
        return shape
    }

    /// nil: the definition is not understood.
    private func rows(ofView entry: Relation) -> RowShape? {
        guard let definition = CatalogDefinition.of(entry.definition), let query = definition.statement else {
            return nil
        }
        return within(definition) { () -> RowShape in
            self.query(query, outer: LineageScope(outer: nil, tables: nil))
        }
    }

    /// Runs `body` for a definition: its names have their schemas, and it nests within what it is found in.
    func within<Result>(_ definition: CatalogDefinition, _ body: () -> Result) -> Result? {
        guard viewDepth < Self.maximumViewDepth,
            definitionNesting + definition.nesting <= PostgresClassifier.maximumNesting
        else {
            giveUp("its views nest too deeply")
            return nil
        }
        let outerPath = path
        let outerPlanned = isPlanned
        path = .definition
        viewDepth += 1
        definitionNesting += definition.nesting
        defer {
            path = outerPath
            isPlanned = outerPlanned
            viewDepth -= 1
            definitionNesting -= definition.nesting
        }
        return body()
    }

    /// Whether a rule takes the place of a command: then the rule's own RETURNING says which rows come.
    func isReplaced(_ relations: [Int], by event: PgQuery__CmdType) -> Bool {
        guard let index else { return false }
        return relations.contains { relation in
            index.relations[relation].rules.contains { text in
                guard let definition = CatalogDefinition.of(text) else { return true }
                return withExtendedLifetime(definition) {
                    guard let rule = definition.statement, rule.lineage == .ruleStmt else { return true }
                    let statement = rule.pointer(to: PgQuery__RuleStmt.self)
                    return statement.pointee.instead != 0 && statement.pointee.event == event
                }
            }
        }
    }
}
