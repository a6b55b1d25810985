import CPgQuery
import Synchronization

/// The parsed text of a view's query or of a rule. Never changes once made; the tree lives as long as it does.
final class CatalogDefinition: @unchecked Sendable {
    private let tree: UnsafeMutablePointer<PgQuery__ParseResult>
    /// How deep it nests, as ``NestingScan`` counts.
    let nesting: Int

    /// nil: not understood.
    private init?(_ text: String) {
        let bytes = Array(text.utf8)
        let scan = bytes.withUnsafeBytes { NestingScan($0) }
        guard scan.depth <= PostgresClassifier.maximumNesting, scan.tokens <= PostgresClassifier.maximumTokens,
            bytes.count <= PostgresClassifier.maximumLength, scan.hasComposedNames
        else { return nil }
        do {
            tree = try bytes.withUnsafeBytes { bytes throws(TextParser.NotUnderstood) in
                try TextParser.protobufTree(of: TextParser.Text(bytes))
            }
        } catch {
            return nil
        }
        nesting = scan.depth
    }

    deinit { pg_query__parse_result__free_unpacked(tree, nil) }

    /// Its one statement.
    var statement: Message? {
        guard tree.pointee.n_stmts == 1, let statement = tree.pointee.stmts[0] else { return nil }
        return Message(statement.pointee.stmt)
    }

    // MARK: kept ones

    /// Definitions kept; when there are more, all are dropped and made again as they come.
    static let maximumKept = 512
    /// Bytes of their texts.
    static let maximumKeptBytes = 4 << 20

    private struct Kept {
        var byText: [String: CatalogDefinition?] = [:]
        var bytes = 0
    }
    private static let kept = Mutex(Kept())

    /// The parsed text, from an earlier time where it is known; nil: not understood.
    static func of(_ text: String) -> CatalogDefinition? {
        if let known = kept.withLock({ $0.byText[text] }) { return known }
        let made = CatalogDefinition(text)
        kept.withLock { kept in
            if kept.byText.count >= maximumKept || kept.bytes > maximumKeptBytes { kept = Kept() }
            if kept.byText.updateValue(made, forKey: text) == nil { kept.bytes += text.utf8.count }
        }
        return made
    }
}
