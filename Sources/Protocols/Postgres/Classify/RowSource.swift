import CPgQuery

/// Where the rows that a statement hands to the client come from.
enum RowSource {
    case none
    /// A SELECT, or a write with RETURNING.
    case query(Message)
    /// Columns that hold no table's data: plans, settings.
    case plain(Int)
    /// A cursor's or a prepared statement's, whose text is elsewhere.
    case unknown

    init(_ statement: Message) {
        self = .none
        if statement.kind == .selectStmt {
            if statement.unpacked(as: PgQuery__SelectStmt.self).into_clause == nil { self = .query(statement) }
        } else if statement.kind == .insertStmt {
            if statement.unpacked(as: PgQuery__InsertStmt.self).n_returning_list > 0 { self = .query(statement) }
        } else if statement.kind == .updateStmt {
            if statement.unpacked(as: PgQuery__UpdateStmt.self).n_returning_list > 0 { self = .query(statement) }
        } else if statement.kind == .deleteStmt {
            if statement.unpacked(as: PgQuery__DeleteStmt.self).n_returning_list > 0 { self = .query(statement) }
        } else if statement.kind == .copyStmt {
            let copy = statement.unpacked(as: PgQuery__CopyStmt.self)
            if copy.is_from == 0, copy.is_program == 0, copy.filename.pointee == 0, let query = Message(copy.query) {
                self = RowSource(query)
            }
        } else if statement.kind == .explainStmt {
            self = .plain(1)
        } else if statement.kind == .variableShowStmt {
            let name = String(cString: statement.unpacked(as: PgQuery__VariableShowStmt.self).name)
            self = .plain(name.lowercased() == "all" ? 3 : 1)
        } else if statement.kind == .executeStmt || statement.kind == .callStmt {
            self = .unknown
        } else if statement.kind == .fetchStmt, statement.unpacked(as: PgQuery__FetchStmt.self).ismove == 0 {
            self = .unknown
        }
    }
}
