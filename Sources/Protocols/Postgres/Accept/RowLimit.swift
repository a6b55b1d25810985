import Contract
import Gateway

/// The most rows that a command may change or return (`Decision.limits`).
struct RowLimit: Equatable {
    let rows: UInt64
    /// The rule that says so, and what it says to the client.
    let rule: String
    let message: String
    /// Reviewers may let a write go beyond it.
    let holds: Bool

    /// nil: none.
    init?(_ limits: Limits) {
        guard limits.maxRows > 0 else { return nil }
        rows = limits.maxRows
        rule = limits.rule
        message = limits.message
        holds = limits.holds
    }

    /// The one that allows less.
    static func tighter(_ one: RowLimit?, _ other: RowLimit?) -> RowLimit? {
        guard let one, let other else { return one ?? other }
        if other.rows == one.rows { return other.holds ? one : other }
        return other.rows < one.rows ? other : one
    }

    /// Why a command cannot be held to a limit, and so does not run at all; nil: it can be.
    static func objection(to facts: Facts) -> String? {
        if facts.opaque { return "the text is not understood" }
        // Alone it answers with the tag of what it runs. Beside others that may end the transaction that is rolled back.
        if facts.statementTags == ["EXECUTE"], !facts.operations.contains("call") { return nil }
        if facts.operations.contains(where: ["write", "copy.in", "execute", "call"].contains),
            !facts.unlimitable.isEmpty
        {
            return facts.unlimitable
        }
        if facts.operations.contains("execute") { return "EXECUTE is part of another statement, or beside one" }
        if facts.copy.in, facts.statements > 1 { return "COPY FROM STDIN stands beside other statements" }
        if mayChange(facts), facts.operations.contains("create"), facts.statements > 1 {
            return "a table made of a query stands beside other statements"
        }
        return nil
    }

    /// Whether a command's rows may be changes, which are undone beyond the limit. A table made of a query has them too;
    /// an index may have to be made outside of any transaction.
    static func mayChange(_ facts: Facts) -> Bool {
        facts.operations.contains(where: ["write", "copy.in", "execute"].contains)
            || Set(["create", "read"]).isSubset(of: facts.operations) && !facts.statementTags.contains("CREATE INDEX")
    }
}

/// Rows of one command, or of all runs of one portal.
final class RowTally {
    private(set) var returned: UInt64 = 0
    private(set) var changed: UInt64 = 0
    /// Of the statement that answers now.
    private var returnedByStatement: UInt64 = 0

    /// The larger number.
    var rows: UInt64 { max(returned, changed) }

    func reset() {
        returned = 0
        changed = 0
        returnedByStatement = 0
    }

    func returnedRow() {
        returned += 1
        returnedByStatement += 1
    }

    /// A statement of the text is done.
    func completed(tag: String) {
        changed += Self.changes(tag: tag, returned: returnedByStatement)
        returnedByStatement = 0
    }

    /// Rows that a CommandComplete counts as changed: `INSERT 0 5`, `UPDATE 3`, `COPY 7`. A SELECT that returned nothing to
    /// the client wrote its rows to a table (CREATE TABLE AS).
    static func changes(tag: String, returned: UInt64) -> UInt64 {
        let words = tag.split(separator: " ")
        guard let verb = words.first, let count = words.last.flatMap({ UInt64($0) }) else { return 0 }
        switch verb {
        case "INSERT", "UPDATE", "DELETE", "MERGE", "COPY": return count
        case "SELECT": return returned == 0 ? count : 0
        default: return 0
        }
    }
}
