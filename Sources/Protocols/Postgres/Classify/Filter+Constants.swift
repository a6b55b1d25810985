import CPgQuery

/// A literal, as far as comparing two of them needs.
enum Constant: Equatable {
    case null
    case boolean(Bool)
    case number(Int32)
    case text(String)

    init?(_ node: Message) {
        var node = node
        // Only a cast to boolean keeps what a literal says: `0.4::int` is 0.
        while node.kind == .typeCast {
            let cast = node.unpacked(as: PgQuery__TypeCast.self)
            guard let type = cast.type_name, names(type.pointee.n_names, type.pointee.names).last == "bool",
                type.pointee.n_array_bounds == 0, let inner = Message(cast.arg)
            else { return nil }
            node = inner
        }
        guard node.kind == .aConst else { return nil }
        if node.unpacked(as: PgQuery__AConst.self).isnull != 0 {
            self = .null
            return
        }
        guard let value = node.children.first else { return nil }
        if let text = value.text {
            self = .text(text)
        } else if value.kind == .integer {
            self = .number(value.unpacked(as: PgQuery__Integer.self).ival)
        } else if value.kind == .boolean {
            self = .boolean(value.unpacked(as: PgQuery__Boolean.self).boolval != 0)
        } else {
            return nil
        }
    }

    /// As a condition. PostgreSQL manual, 8.6: the texts that stand for true and false.
    var truth: Filter.Truth {
        switch self {
        case .null: return .never
        case .boolean(let value): return value ? .always : .never
        case .number(let value): return value == 0 ? .never : .always
        case .text(let text):
            let text = text.lowercased()
            if ["true", "t", "yes", "y", "on", "1"].contains(text) { return .always }
            return ["false", "f", "no", "n", "off", "0"].contains(text) ? .never : .unknown
        }
    }

    func compared(_ name: String, _ other: Constant) -> Filter.Truth {
        let order: (equal: Bool, less: Bool)
        switch (self, other) {
        // With transform_null_equals, `= NULL` is a test.
        case (.null, _), (_, .null): return name == "=" ? .unknown : .never
        case (.number(let a), .number(let b)): order = (a == b, a < b)
        case (.boolean(let a), .boolean(let b)): order = (a == b, !a && b)
        case (.text(let a), .text(let b)) where name == "=" || name == "<>": order = (a == b, false)
        case (.text, _), (.number, _), (.boolean, _): return .unknown
        }
        let holds: Bool
        switch name {
        case "=": holds = order.equal
        case "<>", "!=": holds = !order.equal
        case "<": holds = order.less
        case "<=": holds = order.less || order.equal
        case ">": holds = !order.less && !order.equal
        case ">=": holds = !order.less
        default: return .unknown
        }
        return holds ? .always : .never
    }
}

/// Finds two conditions of which one holds exactly when the other does not.
enum Complement {
    /// Pairs are looked for among this many conditions; more are rare and cost the square.
    private static let maximumConditions = 64

    static func hasPair(_ conditions: [Message]) -> Bool {
        guard conditions.count <= maximumConditions else { return false }
        for (index, a) in conditions.enumerated() {
            for b in conditions[(index + 1)...] where isPair(a, b) { return true }
        }
        return false
    }

    private static func isPair(_ a: Message, _ b: Message) -> Bool {
        if let inner = negated(a), sameExpression(inner, b) { return true }
        if let inner = negated(b), sameExpression(inner, a) { return true }
        if a.kind == .nullTest, b.kind == .nullTest {
            let left = a.unpacked(as: PgQuery__NullTest.self)
            let right = b.unpacked(as: PgQuery__NullTest.self)
            return left.nulltesttype != right.nulltesttype && same(left.arg, right.arg)
        }
        if a.kind == .booleanTest, b.kind == .booleanTest {
            let left = a.unpacked(as: PgQuery__BooleanTest.self)
            let right = b.unpacked(as: PgQuery__BooleanTest.self)
            let types = [left.booltesttype.rawValue, right.booltesttype.rawValue].sorted()
            // IS x and IS NOT x are neighbours in the grammar's list: 1 and 2, 3 and 4, 5 and 6.
            return types[0] % 2 == 1 && types[1] == types[0] + 1 && same(left.arg, right.arg)
        }
        if a.kind == .aExpr, b.kind == .aExpr {
            let left = a.unpacked(as: PgQuery__AExpr.self)
            let right = b.unpacked(as: PgQuery__AExpr.self)
            guard left.kind == right.kind, same(left.lexpr, right.lexpr), same(left.rexpr, right.rexpr) else {
                return false
            }
            return opposite(names(left.n_name, left.name).last) == names(right.n_name, right.name).last
        }
        return false
    }

    private static func negated(_ node: Message) -> Message? {
        guard node.kind == .boolExpr else { return nil }
        let expression = node.unpacked(as: PgQuery__BoolExpr.self)
        guard expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR else { return nil }
        return messages(expression.n_args, expression.args).first
    }

    private static func same(_ a: UnsafeRawPointer?, _ b: UnsafeRawPointer?) -> Bool {
        guard let a = Message(a), let b = Message(b) else { return false }
        return sameExpression(a, b)
    }

    private static func opposite(_ name: String?) -> String? {
        let pairs = [
            "=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "~~": "!~~", "!~~": "~~", "~~*": "!~~*",
            "!~~*": "~~*", "~": "!~", "!~": "~",
        ]
        return name.flatMap { pairs[$0] } ?? "none"
    }
}
