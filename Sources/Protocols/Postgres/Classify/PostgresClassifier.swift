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
        let nesting = NestingScan(sql).depth
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
        return facts
    }

    private static func parse(_ sql: UnsafeRawBufferPointer, _ index: CatalogIndex?) -> Facts {
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: sql.count + 1)
        defer { text.deallocate() }
        UnsafeMutableRawPointer(text).copyMemory(from: sql.baseAddress ?? UnsafeRawPointer(text), byteCount: sql.count)
        text[sql.count] = 0

        let tree: UnsafeMutablePointer<PgQuery__ParseResult>
        switch parsed(text) {
        case .failure(let failure): return opaque(failure.reason)
        case .success(let parsed): tree = parsed
        }
        defer { pg_query__parse_result__free_unpacked(tree, nil) }

        var statements: [Message] = []
        for index in 0..<tree.pointee.n_stmts {
            guard let statement = tree.pointee.stmts[index], let message = Message(statement.pointee.stmt) else {
                continue
            }
            statements.append(message)
        }
        return facts(of: statements, index)
    }

    private struct NotUnderstood: Error {
        let reason: String
    }

    /// The parse tree of a text that ends in a zero byte and whose nesting is bounded; the caller frees it.
    private static func parsed(
        _ text: UnsafePointer<CChar>
    ) -> Result<UnsafeMutablePointer<PgQuery__ParseResult>, NotUnderstood> {
        let parsed = pg_query_parse_protobuf(text)
        defer { pg_query_free_protobuf_parse_result(parsed) }
        if let error = parsed.error {
            let message = error.pointee.message.map { String(cString: $0) } ?? "not understood"
            return .failure(NotUnderstood(reason: "not understood: \(message.prefix(200))"))
        }
        guard let data = parsed.parse_tree.data,
            let tree = UnsafeMutableRawPointer(data).withMemoryRebound(
                to: UInt8.self, capacity: parsed.parse_tree.len,
                { pg_query__parse_result__unpack(nil, parsed.parse_tree.len, $0) })
        else {
            // An empty tree has no bytes but its version; anything else that does not unpack is not understood.
            return .failure(NotUnderstood(reason: "the parse tree cannot be read"))
        }
        return .success(tree)
    }

    static func tree(of text: String) -> UnsafeMutablePointer<PgQuery__ParseResult>? {
        switch text.withCString(parsed) {
        case .failure: nil
        case .success(let tree): tree
        }
    }

    private func onDeepStack(_ sql: UnsafeRawBufferPointer, _ index: CatalogIndex?) -> Facts {
        var facts = Self.opaque("no stack for a text this deep")
        _ = DeepStack.run { facts = Self.parse(sql, index) }
        return facts
    }
}
