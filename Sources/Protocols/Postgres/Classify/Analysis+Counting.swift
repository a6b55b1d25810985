/// Whether the tags of a command's replies tell how many rows it changed.
extension Analysis {
    /// Why the rows of a text that is not understood cannot be counted.
    static let uncountedText = "what is not understood cannot be counted"

    static let uncountedCalls = "functions and procedures do not say how many rows they change"

    mutating func uncounted(_ reason: String) {
        if unlimitable.isEmpty { unlimitable = reason }
    }

    /// A write whose rows are in the command tag only when it is the statement itself (PostgreSQL manual, 7.8.4).
    mutating func countRows(_ node: Message) {
        if node.raw != counted { uncounted("the reply does not count the rows of a write inside another statement") }
    }

    mutating func addUncounted(_ statement: Message) {
        let definitions: Set<String> = ["create", "alter", "drop", "truncate"]
        if operations.contains("opaque") {
            uncounted(Self.uncountedText)
        } else if operations.contains("execute") {
            uncounted("EXECUTE runs a text that is elsewhere")
        } else if operations.contains("call") {
            uncounted(Self.uncountedCalls)
        } else if !operations.isDisjoint(with: definitions) || statement.shape.name == "RefreshMatViewStmt" {
            uncounted("\(statement.shape.tag) does not say how many rows it changes")
        }
    }

    /// What a transaction that ends within the text has changed cannot be taken back after its end.
    var unlimitableText: String {
        guard unlimitable.isEmpty, operations.contains("write"), statements > 1, tags.contains("TRANSACTION") else {
            return unlimitable
        }
        return "it controls transactions within one text"
    }
}
