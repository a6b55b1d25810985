import Contract

/// The relations of a target's catalogue by name, as one text's names are looked up in them.
struct CatalogIndex {
    /// How a place looks up names that have no schema.
    enum Path {
        /// Along the session's search path.
        case session
        /// The session's search path is not known when the statement runs.
        case unknown
        /// In the body of a view or rule: names outside pg_catalog have their schema.
        case definition
    }

    let relations: [Relation]
    /// Schemas in order; empty: not known.
    let searchPath: [String]
    /// Whether a change of one table's rows may change another's.
    let mayCascade: Bool
    private let byName: [String: [Int]]

    init(_ catalog: Catalog) {
        relations = catalog.relations
        let path = catalog.searchPath
        searchPath = path.isEmpty || path.contains(Self.system) ? path : [Self.system] + path
        var byName: [String: [Int]] = [:]
        byName.reserveCapacity(relations.count)
        var mayCascade = false
        for (index, relation) in relations.enumerated() {
            // A name of another form is one that no text that is looked into can mean.
            if ComposedName.isComposed(relation.name.utf8), ComposedName.isComposed(relation.schema.utf8) {
                byName[relation.name, default: []].append(index)
            }
            if !relation.cascades.isEmpty { mayCascade = true }
        }
        self.byName = byName
        self.mayCascade = mayCascade
    }

    static let system = "pg_catalog"

    /// The relations that a name may mean; none: the catalogue does not have it.
    func relations(schema: String?, name: String, path: Path) -> [Int] {
        guard let named = byName[name] else { return [] }
        if let schema { return named.filter { relations[$0].schema == schema } }
        let schemas: [String]
        switch path {
        case .session: schemas = searchPath
        case .unknown: schemas = []
        case .definition: schemas = [Self.system]
        }
        if schemas.isEmpty { return named }
        for schema in schemas {
            if let found = named.first(where: { relations[$0].schema == schema }) { return [found] }
        }
        return []
    }

    /// Those of a name as ``TableName`` writes it.
    func relations(named text: String, path: Path) -> [Int] {
        let parts = TableName.parts(text)
        guard let name = parts.last else { return [] }
        return relations(schema: parts.count > 1 ? parts[parts.count - 2] : nil, name: name, path: path)
    }

    /// Where a relation without schema is made; nil: not known.
    var creationSchema: String? { searchPath.first { $0 != Self.system && !$0.hasPrefix("pg_temp") } }

    /// The tables that a table inherits from or is a partition of, and theirs.
    func ancestors(of index: Int) -> [Int] {
        var found: [Int] = []
        var pending = [index]
        while let next = pending.popLast() {
            for parent in relations[next].parents {
                for ancestor in relations(schema: parent.schema, name: parent.name, path: .definition)
                where ancestor != index && !found.contains(ancestor) {
                    found.append(ancestor)
                    pending.append(ancestor)
                }
            }
        }
        return found
    }

    func name(_ index: Int) -> String { TableName.joined([relations[index].schema, relations[index].name]) }
}

extension Relation {
    /// A view or a materialized view.
    var isView: Bool { kind == "v" || kind == "m" }

    /// Its definition belongs to PostgreSQL itself: what it does is the server's own doing.
    var isSystem: Bool { schema == CatalogIndex.system || schema == "information_schema" }
}

extension TableName {
    /// The parts of a name that ``joined(_:)`` made.
    static func parts(_ text: String) -> [String] {
        guard text.utf8.contains(UInt8(ascii: "\"")) else {
            return text.unicodeScalars.split(separator: ".").map { String($0) }
        }
        var parts: [String] = []
        var part = ""
        var isQuoted = false
        var closes = false
        for character in text.unicodeScalars {
            switch character {
            case "\"" where isQuoted:
                isQuoted = false
                closes = true
                continue
            case "\"":
                // Doubled: a quote of the name's own.
                if closes { part.unicodeScalars.append(character) }
                isQuoted = true
            case "." where !isQuoted:
                parts.append(part)
                part = ""
            default: part.unicodeScalars.append(character)
            }
            closes = false
        }
        return parts + [part]
    }
}
