import GRDB

/// A filter as the full-text table is asked for it (sqlite.org/fts5.html, "Full-text Query Syntax").
struct SearchExpression {
    /// Words of the vocabulary that stand for the beginning of a word. With more, SQLite puts together itself what all of them
    /// have, which takes longer the more commands that are.
    private static let maxExpansion = 1024
    /// The same for the last word of a phrase, where each is a phrase that is looked up by itself.
    private static let maxPhraseExpansion = 32

    /// All of them have to match.
    private let parts: [String]
    /// Words have to stand one behind the other: SQLite compares their places in every command that has them.
    let hasPhrase: Bool

    /// nil: every command matches.
    var text: String? { parts.isEmpty ? nil : parts.joined(separator: " AND ") }

    /// What matches at edges too, in all of its parts, so that SQLite looks up from each and notices where a range ends.
    var stoppingAtEdges: String { parts.map { "(\($0) OR \"\(SearchTokens.edge)\")" }.joined(separator: " AND ") }

    /// nil: nothing matches.
    init?(_ filter: SearchFilter, _ database: Database) throws {
        hasPhrase = filter.query.terms.contains { $0.words.count > 1 }
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
        self.parts = parts
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
        let limit = front.isEmpty ? maxExpansion : maxPhraseExpansion
        let words = try String.fetchAll(
            database,
            sql: """
                SELECT word FROM vocabulary WHERE word >= :word AND word < :word || char(0x10FFFF)
                LIMIT \(limit + 1)
                """,
            arguments: ["word": last])
        let marked = "\"\(front)\(Character(UnicodeScalar(SearchTokens.marker)))\(last)\" *"
        let known = words.count > limit ? ["\"\(front)\(last)\" *"] : words.map { "\"\(front)\($0)\"" }
        return "(" + (known + [marked]).joined(separator: " OR ") + ")"
    }
}
