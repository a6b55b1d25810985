import CPgQuery

/// What is never NULL, and what always is.
extension Filter {
    /// What `IS NULL` says, or `IS NOT NULL`.
    func isNull(_ node: Message, negated: Bool) -> Truth {
        if isNull(node) { return negated ? .never : .always }
        if node.kind == .rowExpr, !node.children.isEmpty {
            // PostgreSQL manual, 9.2: a row is NULL when all its fields are, and not NULL when none is.
            let fields = node.children.map { isNeverNull($0) }
            if !fields.contains(false) { return negated ? .always : .never }
            return fields.contains(true) && !negated ? .never : .unknown
        }
        guard isNeverNull(node) else { return .unknown }
        return negated ? .always : .never
    }

    /// NULL whatever the row holds: PostgreSQL's operators give NULL for NULL.
    func isNull(_ node: Message) -> Bool {
        if Constant(node) == .null { return true }
        guard node.kind == .aExpr else { return false }
        let expression = node.unpacked(as: PgQuery__AExpr.self)
        if expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF, let left = Message(expression.lexpr),
            let right = Message(expression.rexpr)
        {
            return same(plain(left), plain(right)) && isSteady(left)
        }
        return expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP
            && [Message(expression.lexpr), Message(expression.rexpr)].contains { side in
                side.map { Constant($0) == .null } ?? false
            }
    }

    /// Never NULL, whatever the row holds: its place, the whole of it, whether it meets a condition, a literal, a
    /// column that the catalogue says so of, and what is made of these.
    func isNeverNull(_ node: Message) -> Bool {
        guard !effort.isSpent(by: 1) else { return false }
        if node.kind == .columnRef {
            return isSystemColumn(node) || isWholeRow(node) || columnIsNeverNull(node)
        }
        if node.kind == .aConst { return Constant(node) != .null }
        if isCondition(node) { return true }
        if node.kind == .aExpr {
            let expression = node.unpacked(as: PgQuery__AExpr.self)
            guard expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP,
                Self.total.contains(expression.operatorName), let right = Message(expression.rexpr)
            else { return false }
            return isNeverNull(right) && (Message(expression.lexpr).map { isNeverNull($0) } ?? true)
        }
        if node.kind == .typeCast {
            return Message(node.unpacked(as: PgQuery__TypeCast.self).arg).map { isNeverNull($0) } ?? false
        }
        if node.kind == .caseExpr {
            let expression = node.unpacked(as: PgQuery__CaseExpr.self)
            guard let otherwise = Message(expression.defresult), isNeverNull(otherwise) else { return false }
            return messages(expression.n_args, expression.args).allSatisfy { branch in
                branch.kind == .caseWhen
                    && Message(branch.unpacked(as: PgQuery__CaseWhen.self).result).map { isNeverNull($0) } ?? false
            }
        }
        if node.kind == .funcCall {
            let function = node.unpacked(as: PgQuery__FuncCall.self)
            guard let name = names(function).last else { return false }
            if Self.counting.contains(name) { return true }
            return Self.strict.contains(name)
                && messages(function.n_args, function.args).allSatisfy { isNeverNull($0) }
        }
        switch node.shape.name {
        case "CoalesceExpr": return node.children.contains { isNeverNull($0) }
        case "MinMaxExpr":
            let expression = node.unpacked(as: PgQuery__MinMaxExpr.self)
            return messages(expression.n_args, expression.args).contains { isNeverNull($0) }
        case "CollateClause":
            return Message(node.unpacked(as: PgQuery__CollateClause.self).arg).map { isNeverNull($0) } ?? false
        case "A_ArrayExpr", "AArrayExpr": return true
        default: return false
        }
    }

    /// Operators that give NULL for NULL alone.
    private static let total: Set<String> = ["+", "-", "*", "/", "%", "^", "||", "&", "|", "#"]
    /// Functions that do.
    private static let strict: Set<String> = [
        "abs", "ascii", "btrim", "ceil", "ceiling", "char_length", "character_length", "floor", "left", "length",
        "lower", "ltrim", "md5", "mod", "octet_length", "replace", "reverse", "right", "round", "rtrim", "sign",
        "trunc", "upper",
    ]
    /// Functions that give none for NULL either.
    private static let counting: Set<String> = ["concat", "concat_ws", "now", "num_nonnulls", "num_nulls"]

    private func columnIsNeverNull(_ reference: Message) -> Bool {
        guard let catalog, let column = reference.children.last?.text, let holder = holder(of: reference) else {
            return false
        }
        switch holder {
        case .target: return catalog.isNeverNull(column, of: table)
        case .item(let name):
            guard let item = sources[name], item.kind == .rangeVar else { return false }
            let variable = item.unpacked(as: PgQuery__RangeVar.self)
            let isCTE = variable.schemaname.pointee == 0 && ctes[String(cString: variable.relname)] != nil
            return !isCTE && catalog.isNeverNull(column, of: TableReference(variable))
        }
    }
}
