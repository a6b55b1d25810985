import CPgQuery

/// What is known of an expression's value, whatever the row holds.
extension Filter {
    /// Most values that are tried.
    private static let maximumValues = 64

    /// An expression without what changes nothing when it is compared: `name || ''` is `name`.
    func plain(_ node: Message) -> Message {
        var node = node
        while !effort.isSpent(by: 1), let inner = inner(of: node) { node = inner }
        return node
    }

    private func inner(of node: Message) -> Message? {
        if node.kind == .columnRef || node.kind == .aConst { return nil }
        if node.kind == .typeCast {
            let cast = node.unpacked(as: PgQuery__TypeCast.self)
            guard let type = cast.type_name, type.pointee.n_array_bounds == 0, type.pointee.n_typmods == 0,
                let inner = Message(cast.arg), inner.kind != .aConst, !isCondition(inner)
            else { return nil }
            // Any number and any text has these forms.
            return ["numeric", "text", "varchar"].contains(type.pointee.lastName) ? inner : nil
        }
        if node.kind == .aExpr {
            let expression = node.unpacked(as: PgQuery__AExpr.self)
            guard expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP, let right = Message(expression.rexpr),
                let left = Message(expression.lexpr),
                expression.operatorName == "||"
            else { return nil }
            if Constant(right) == .text("") { return left }
            return Constant(left) == .text("") ? right : nil
        }
        if node.shape.name == "CollateClause" {
            return Message(node.unpacked(as: PgQuery__CollateClause.self).arg)
        }
        if node.shape.name == "CoalesceExpr", let first = node.children.first(where: { Constant($0) != .null }) {
            return isNeverNull(first) ? first : nil
        }
        return nil
    }

    /// All values that an expression can have, NULL aside: those that a CASE chooses from, a condition as a number.
    func possible(_ node: Message) -> [Constant]? {
        if node.kind == .caseExpr {
            let expression = node.unpacked(as: PgQuery__CaseExpr.self)
            guard let otherwise = Message(expression.defresult), let last = Constant(otherwise) else { return nil }
            var values = [last]
            for branch in messages(expression.n_args, expression.args) where branch.kind == .caseWhen {
                guard values.count < Self.maximumValues,
                    let result = Message(branch.unpacked(as: PgQuery__CaseWhen.self).result),
                    let value = Constant(result)
                else { return nil }
                values.append(value)
            }
            // Where one is NULL it tells rows apart.
            return values.contains(.null) ? nil : values
        }
        if node.kind == .typeCast {
            let cast = node.unpacked(as: PgQuery__TypeCast.self)
            guard let inner = Message(cast.arg), isCondition(inner), let type = cast.type_name else { return nil }
            switch type.pointee.lastName {
            case "int4": return [.number(.zero), .number(.one)]
            case "text", "varchar": return [.text("false"), .text("true")]
            default: return nil
            }
        }
        return remainders(node) ?? counts(node)
    }

    /// How many of what is never NULL are.
    private func counts(_ node: Message) -> [Constant]? {
        guard node.kind == .funcCall else { return nil }
        let function = node.unpacked(as: PgQuery__FuncCall.self)
        let name = names(function).last
        guard name == "num_nulls" || name == "num_nonnulls" else { return nil }
        let arguments = messages(function.n_args, function.args)
        guard arguments.allSatisfy({ isNeverNull($0) }) else { return nil }
        return [.number(name == "num_nulls" ? .zero : Number(Int64(arguments.count)))]
    }

    /// Of a division by a small number; whoever asks for one does not think of negative ones.
    private func remainders(_ node: Message) -> [Constant]? {
        guard isArithmetic(node), let (_, name, right) = operands(of: node), name == "%",
            case .number(let divisor) = Constant(right), let count = divisor.small.map(abs), count > 0,
            count <= Self.maximumValues
        else { return nil }
        return (0..<count).map { .number(Number(Int64($0))) }
    }

    // MARK: bounds

    /// What an expression is never less than.
    func least(_ node: Message) -> Number? {
        guard !effort.isSpent(by: 1) else { return nil }
        if let number = Constant(node)?.asNumber { return number }
        if node.kind == .aExpr {
            let expression = node.unpacked(as: PgQuery__AExpr.self)
            guard expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP, let right = Message(expression.rexpr) else {
                return nil
            }
            let name = expression.operatorName
            guard let left = Message(expression.lexpr) else { return name == "@" ? .zero : nil }
            let isEven = Constant(right)?.asNumber?.small.map { $0 % 2 == 0 } ?? false
            return name == "*" && same(left, right) && isSteady(left) || name == "^" && isEven ? .zero : nil
        }
        if node.shape.name == "MinMaxExpr" {
            let expression = node.unpacked(as: PgQuery__MinMaxExpr.self)
            guard expression.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST else { return nil }
            return messages(expression.n_args, expression.args).compactMap { least($0) }.max(by: <)
        }
        guard node.kind == .funcCall, let name = names(node.unpacked(as: PgQuery__FuncCall.self)).last else {
            return nil
        }
        return Self.neverNegative.contains(name) ? .zero : nil
    }

    private static let neverNegative: Set<String> = [
        "length", "char_length", "character_length", "octet_length", "bit_length", "abs", "cardinality", "strpos",
        "position", "sqrt", "exp", "num_nulls", "num_nonnulls", "json_array_length", "jsonb_array_length",
    ]

    // MARK: kinds

    func isSystemColumn(_ node: Message) -> Bool {
        guard node.kind == .columnRef, let name = node.children.last?.text else { return false }
        return SystemColumns.all.contains(name)
    }

    /// `t` or `t.*`.
    func isWholeRow(_ node: Message) -> Bool {
        guard node.kind == .columnRef, let last = node.children.last else { return false }
        if last.kind == .aStar { return true }
        guard node.children.count == 1, let name = last.text, names.contains(name) else { return false }
        // A column of that name comes first.
        return !(catalog?.mayHave(table, name) ?? false)
    }

    func isCondition(_ node: Message) -> Bool {
        if node.kind == .boolExpr || node.kind == .nullTest || node.kind == .booleanTest { return true }
        guard node.kind == .aExpr else { return false }
        let expression = node.unpacked(as: PgQuery__AExpr.self)
        guard expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP else {
            return expression.kind != PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF
        }
        let name = expression.operatorName
        return ["=", "<>", "<", "<=", ">", ">=", "~", "~*", "!~", "!~*"].contains(name)
    }
}
