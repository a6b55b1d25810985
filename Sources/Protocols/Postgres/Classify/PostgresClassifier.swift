import CPgQuery
import Contract

/// Turns the text of PostgreSQL commands into facts, with PostgreSQL's own grammar (libpg_query).
///
/// Never fails: a text that is too long, too deep, not UTF-8 or not SQL is `opaque`, with the operation of that
/// name and a reason. The text must be in an encoding whose multi-byte characters hold no ASCII bytes, with
/// `standard_conforming_strings` on: settings that end this are themselves opaque. Safe to use from many threads.
public struct PostgresClassifier: Sendable {
    /// Longest text that is parsed, in bytes.
    public static let maximumLength = 1 << 20
    /// Deepest nesting that is parsed, in the steps that `NestingScan` counts.
    public static let maximumNesting = 2000
    /// Most tokens and statements that are parsed.
    public static let maximumTokens = 120_000
    public static let maximumStatements = 10_000
    /// Longest tree that is walked, in bytes of its JSON: what the walk costs grows with them (docs/performance.md).
    public static let maximumTree = 4_000_000
    /// Nesting up to which the caller's own stack is used: at most 3 KiB a step (measured).
    static let inlineNesting = 120

    public init() {}

    public func facts(of sql: [UInt8], catalog: Catalog? = nil) -> Facts {
        sql.withUnsafeBytes { facts(of: $0, catalog: catalog) }
    }

    /// - Parameter catalog: what the target knows of the relations that the text may name; names are looked up in it
    ///   when it is complete, and stay as the text writes them otherwise.
    public func facts(of sql: UnsafeRawBufferPointer, catalog: Catalog? = nil) -> Facts {
        var sql = sql
        // The wire format ends texts with a zero byte.
        if sql.last == 0 { sql = UnsafeRawBufferPointer(rebasing: sql.dropLast()) }
        guard sql.count <= Self.maximumLength else {
            return Self.opaque("the text is longer than \(Self.maximumLength) bytes")
        }
        guard !sql.contains(0) else { return Self.opaque("the text holds a zero byte") }
        guard String(validating: sql, as: UTF8.self) != nil else { return Self.opaque("the text is not valid UTF-8") }
        let scan = NestingScan(sql)
        guard scan.tokens <= Self.maximumTokens else {
            return Self.opaque("the text has more than \(Self.maximumTokens) words and marks")
        }
        guard scan.semicolons <= Self.maximumStatements else {
            return Self.opaque("the text has more than \(Self.maximumStatements) statements")
        }
        guard scan.hasComposedNames else {
            return Self.opaque("a name is not in Unicode's composed form (NFC)")
        }
        let nesting = scan.depth
        guard nesting <= Self.maximumNesting else {
            return Self.opaque("the text nests deeper than \(Self.maximumNesting)")
        }
        let index = catalog.flatMap { $0.complete ? CatalogIndex($0) : nil }
        // A text's views are walked within it, and their views within them.
        if nesting + (index?.definitionNesting ?? 0) <= Self.inlineNesting { return Self.parse(sql, index) }
        return onDeepStack(sql, index)
    }

    static func opaque(_ reason: String) -> Facts {
        var facts = Facts()
        facts.operations = ["opaque"]
        facts.opaque = true
        facts.opaqueReason = reason
        facts.unlimitable = Analysis.uncountedText
        return facts
    }

    private static func parse(_ sql: UnsafeRawBufferPointer, _ index: CatalogIndex?) -> Facts {
        do {
            return try TextParser.withTree(of: sql) { tree in
                var statements: [Message] = []
                for number in 0..<tree.pointee.n_stmts {
                    guard let statement = tree.pointee.stmts[number], let message = Message(statement.pointee.stmt)
                    else {
                        continue
                    }
                    statements.append(message)
                }
                return facts(of: statements, index)
            }
        } catch {
            return opaque(error.reason)
        }
    }

    private func onDeepStack(_ sql: UnsafeRawBufferPointer, _ index: CatalogIndex?) -> Facts {
        var facts = Self.opaque("no stack for a text this deep")
        _ = DeepStack.run { facts = Self.parse(sql, index) }
        return facts
    }
}
