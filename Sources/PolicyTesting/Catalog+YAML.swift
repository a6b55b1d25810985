import Contract
import StrictYAML

extension Catalog {
    /// A catalogue that a test writes itself, or a file beside it in `folder`, which ends in a slash or is empty.
    init(_ node: StrictNode, in folder: String) throws(ConfigurationError) {
        guard node.isScalar else {
            try self.init(node)
            return
        }
        let name = try node.string()
        do throws(ConfigurationError) {
            self = try Self.load(path: name.hasPrefix("/") ? name : folder + name)
        } catch {
            throw node.error(error.description)
        }
    }

    /// A catalogue as tests write it: `tables: {public.users: [id, email]}`, or `{columns: […], not_null: […], cascades: […]}`;
    /// `views: {public.contacts: "SELECT …"}`, or `{columns: […], query: "SELECT …"}` for a view whose query does not tell its
    /// columns. It counts as complete.
    init(_ node: StrictNode) throws(ConfigurationError) {
        self.init()
        complete = true
        searchPath = ["public"]
        var map = try node.mapping()
        if let path = map.optional("search_path") { searchPath = try path.strings() }
        if let tables = map.optional("tables") {
            var names = try tables.mapping()
            for name in names.keys { relations.append(try Self.table(name, try names.required(name))) }
        }
        if let views = map.optional("views") {
            var names = try views.mapping()
            for name in names.keys { relations.append(try Self.view(name, try names.required(name))) }
        }
        try map.finish()
        relations.sort { ($0.schema, $0.name) < ($1.schema, $1.name) }
    }

    private static func table(_ name: String, _ node: StrictNode) throws(ConfigurationError) -> Relation {
        var relation = try Relation(name, kind: "r", at: node)
        guard node.isMapping else {
            relation.columns = try node.strings()
            return relation
        }
        var map = try node.mapping()
        relation.columns = try map.required("columns").strings()
        if let node = map.optional("not_null") {
            for column in try node.strings() {
                guard let place = relation.columns.firstIndex(of: column) else {
                    throw node.error("“\(column)” is none of the table's columns")
                }
                relation.notNull.append(UInt32(place))
            }
        }
        if let node = map.optional("cascades") {
            for name in try node.strings() {
                let other = try Relation(name, kind: "r", at: node)
                var rows = Cascade()
                (rows.schema, rows.name, rows.onDelete) = (other.schema, other.name, "c")
                relation.cascades.append(rows)
            }
        }
        try map.finish()
        return relation
    }

    private static func view(_ name: String, _ node: StrictNode) throws(ConfigurationError) -> Relation {
        var relation = try Relation(name, kind: "v", at: node)
        if node.isMapping {
            var map = try node.mapping()
            relation.columns = try map.required("columns").strings()
            relation.definition = try map.required("query").string()
            try map.finish()
            return relation
        }
        relation.definition = try node.string()
        guard let columns = viewColumns(relation.definition) else {
            throw node.error("the columns of this view are not clear: write {columns: […], query: \"SELECT …\"}")
        }
        relation.columns = columns
        return relation
    }
}

extension Relation {
    fileprivate init(_ name: String, kind: String, at node: StrictNode) throws(ConfigurationError) {
        self.init()
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts.contains("") else { throw node.error("“\(name)” is not schema.name") }
        schema = parts[0]
        self.name = parts[1]
        self.kind = kind
    }
}
