import CPgQuery
import Contract

/// What a text of several statements makes, changes, renames or drops: names in its other statements may mean that,
/// and not what the catalogue has.
struct Redefinition {
    /// Tables with the columns that the text gives them.
    private var tables: Set<String> = []
    /// What may be anything: views, renamed and dropped relations.
    private var others: Set<String> = []
    /// Written by other statements.
    private var written: Set<String> = []
    private var renamesSchemas = false

    init(_ statements: [Message]) {
        for statement in statements {
            var analysis = Analysis()
            analysis.walk(statement, scope: [])
            let names = Self.names(analysis.tablesWritten)
            if analysis.operations.isDisjoint(with: ["create", "alter", "drop"]) {
                written.formUnion(names)
                continue
            }
            switch statement.shape.name {
            case "AlterSeqStmt", "AlterTableStmt", "CreateSeqStmt", "CreateStmt", "CreateTableAsStmt", "IndexStmt":
                tables.formUnion(names)
            case "RenameStmt":
                let rename = statement.pointer(to: PgQuery__RenameStmt.self)
                others.formUnion(names)
                others.insert(String(cString: rename.pointee.newname))
                if rename.pointee.relation == nil { renamesSchemas = true }
            default:
                others.formUnion(names)
            }
        }
    }

    private static func names(_ tables: some Sequence<String>) -> Set<String> {
        Set(tables.compactMap { TableName.parts($0).last })
    }

    /// Whether statements may be for something that the text itself defines.
    private func reaches(_ facts: Facts) -> Bool {
        if renamesSchemas { return true }
        let read = Self.names(facts.tablesRead)
        return !read.isDisjoint(with: tables) || !read.isDisjoint(with: others) || !written.isDisjoint(with: others)
    }

    /// Where it does, columns are any of the tables', and values come from anywhere.
    func blur(_ facts: inout Facts) {
        guard reaches(facts) else { return }
        facts.outputs = []
        facts.outputsKnown = false
        for index in facts.flows.indices { facts.flows[index].anything = true }
        let some = facts.tablesRead.map { $0 + ".*" }
        facts.columnsRead = Set(facts.columnsRead + some).sorted()
        facts.columnsCompared = Set(facts.columnsCompared + some).sorted()
    }
}
