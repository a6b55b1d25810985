/// A short name of a statement's kind, for records and reviewers.
enum StatementTag {
    private static let known: [String: String] = [
        "CreateStmt": "CREATE TABLE", "CreateTableAsStmt": "CREATE TABLE AS", "VariableSetStmt": "SET",
        "VariableShowStmt": "SHOW", "TransactionStmt": "TRANSACTION", "IndexStmt": "CREATE INDEX",
        "ViewStmt": "CREATE VIEW", "RuleStmt": "CREATE RULE", "DefineStmt": "CREATE", "ClosePortalStmt": "CLOSE",
        "CreatedbStmt": "CREATE DATABASE", "DropdbStmt": "DROP DATABASE", "CheckPointStmt": "CHECKPOINT",
        "RefreshMatViewStmt": "REFRESH MATERIALIZED VIEW", "CreateTrigStmt": "CREATE TRIGGER",
        "CreateSeqStmt": "CREATE SEQUENCE", "AlterSeqStmt": "ALTER SEQUENCE", "RenameStmt": "ALTER",
        "GrantRoleStmt": "GRANT", "ConstraintsSetStmt": "SET CONSTRAINTS",
    ]

    /// `SelectStmt` → `SELECT`, `AlterTableStmt` → `ALTER TABLE`.
    static func of(_ name: String) -> String {
        if let tag = known[name] { return tag }
        var tag = ""
        for letter in name.dropLast(name.hasSuffix("Stmt") ? 4 : 0) {
            if letter.isUppercase, !tag.isEmpty { tag += " " }
            tag += letter.uppercased()
        }
        return tag
    }
}
