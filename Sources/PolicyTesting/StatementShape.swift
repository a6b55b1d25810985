import CPgQuery

/// Longest text that is looked at, in bytes.
private let longestShape = 16 << 10

/// A statement with parameters in place of its constants: `… WHERE id = 5` → `… WHERE id = $1`. Only of texts that were
/// understood: the parser has no bound of its own on nesting.
@Sendable func statementShape(_ text: String) -> String {
    guard text.utf8.count <= longestShape, !text.utf8.contains(0) else { return text }
    let result = pg_query_normalize(text)
    defer { pg_query_free_normalize_result(result) }
    guard result.error == nil, let shape = result.normalized_query else { return text }
    return String(cString: shape)
}
