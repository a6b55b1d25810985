import Contract

/// What the catalogue says of the tables that a condition is about.
struct ConditionCatalog {
    let index: CatalogIndex
    let path: CatalogIndex.Path
    /// Views in views are followed this deep.
    private static let maximumDepth = 8

    func relations(_ table: TableReference) -> [Int] {
        index.relations(schema: table.schema.isEmpty ? nil : table.schema, name: table.name, path: path)
    }

    /// nil: not known, or one of several alone has it.
    func has(_ table: TableReference, _ column: String) -> Bool? {
        let relations = relations(table)
        let having = relations.filter { index.relations[$0].columns.contains(column) }
        return having.count == relations.count ? relations.isEmpty ? nil : true : having.isEmpty ? false : nil
    }

    func mayHave(_ table: TableReference, _ column: String) -> Bool {
        SystemColumns.all.contains(column) || has(table, column) ?? true
    }

    /// Whether a column of a table, or of any that the name may mean, never holds NULL.
    func isNeverNull(_ column: String, of table: TableReference) -> Bool {
        relations(table).contains { isNeverNull(column, of: $0, depth: 0) }
    }

    private func isNeverNull(_ column: String, of relation: Int, depth: Int) -> Bool {
        let entry = index.relations[relation]
        guard let place = entry.columns.firstIndex(of: column) else { return false }
        guard entry.isView else { return entry.notNull.contains(UInt32(place)) }
        guard depth < Self.maximumDepth, let definition = CatalogDefinition.of(entry.definition) else { return false }
        return withExtendedLifetime(definition) {
            guard let base = definition.statement.flatMap({ ViewColumn($0, place: place) }) else { return false }
            return index.relations(schema: base.table.schema, name: base.table.name, path: .definition).contains {
                isNeverNull(base.name, of: $0, depth: depth + 1)
            }
        }
    }

    /// Whether rows of the one are rows of the other: it inherits from it, or is a partition of it.
    func isPart(_ table: TableReference, of other: TableReference) -> Bool {
        let whole = relations(other)
        guard !whole.isEmpty else { return false }
        return relations(table).contains { index.ancestors(of: $0).contains { whole.contains($0) } }
    }

    /// Runs `body` for the query of a view of that name; nil when there is none.
    func lookInto<Result>(
        _ table: TableReference, depth: Int, _ body: (Message, _ depth: Int) -> Result?
    ) -> Result? {
        guard depth < Self.maximumDepth else { return nil }
        for relation in relations(table) where index.relations[relation].isView {
            guard let definition = CatalogDefinition.of(index.relations[relation].definition) else { continue }
            let result = withExtendedLifetime(definition) {
                definition.statement.flatMap { body($0, depth + 1) }
            }
            if let result { return result }
        }
        return nil
    }
}
