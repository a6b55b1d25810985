import GRDB

/// A filter as the full-text table is asked for it (sqlite.org/fts5.html, "Full-text Query Syntax").
struct SearchExpression {
    /// Words of the vocabulary that stand for the beginning of a word. With more, SQLite puts together itself what all of them
    /// have, which takes longer the more commands that are.
    private static let maxExpansion = 1024

    /// nil: every command matches.
    private(set) var text: String?

    /// nil: nothing matches.
    init?(_ filter: SearchFilter, _ database: Database) throws {
        var parts: [String] = []
        for term in filter.query.terms { parts.append(try Self.expression(term, database)) }
        if let identity = filter.identity { try Self.append(.identity, identity, &parts, database) }
        if let resource = filter.resource { try Self.append(.resource, resource, &parts, database) }
        if let rule = filter.rule { try Self.append(.rule, rule, &parts, database) }
        if let decision = filter.decision { parts.append("\"\(SearchTokens.facet(decision))\"") }
        if let table = filter.table {
            let names = try Row.fetchAll(
                database, sql: "SELECT id, name FROM names WHERE kind = ?",
                arguments: [SearchTokens.NameKind.table.rawValue])
            let tokens = names.filter { table.matches($0["name"]) }.map { row in
                "\"\(SearchTokens.facet(.table, row["id"]))\""
            }
            parts.append("(\(tokens.joined(separator: " OR ")))")
        }
        guard parts.allSatisfy({ $0 != Self.nothing }) else { return nil }
        text = parts.isEmpty ? nil : parts.joined(separator: " AND ")
    }

    private static let nothing = "()"

    private static func append(
        _ kind: SearchTokens.NameKind, _ name: String, _ parts: inout [String], _ database: Database
    ) throws {
        let id = try Int64.fetchOne(
            database, sql: "SELECT id FROM names WHERE kind = ? AND name = ?", arguments: [kind.rawValue, name])
        parts.append(id.map { "\"\(SearchTokens.facet(kind, $0))\"" } ?? nothing)
    }

    private static func expression(_ term: SearchQuery.Term, _ database: Database) throws -> String {
        let front = term.words.dropLast().map { SearchTokens.token($0) + " " }.joined()
        let last = String(decoding: term.words.last ?? [], as: UTF8.self)
        guard term.isPrefix else { return "\"\(front)\(SearchTokens.token(term.words.last ?? []))\"" }
        let words = try String.fetchAll(
            database,
            sql: """
                SELECT word FROM vocabulary WHERE word >= :word AND word < :word || char(0x10FFFF)
                LIMIT \(maxExpansion + 1)
                """,
            arguments: ["word": last])
        let marked = "\"\(front)\(Character(UnicodeScalar(SearchTokens.marker)))\(last)\" *"
        let known = words.count > maxExpansion ? ["\"\(front)\(last)\" *"] : words.map { "\"\(front)\($0)\"" }
        return "(" + (known + [marked]).joined(separator: " OR ") + ")"
    }
}
