import CPgQuery

extension Filter {
    func comparison(_ expression: PgQuery__AExpr) -> Truth {
        guard let right = Message(expression.rexpr), let left = Message(expression.lexpr) else { return .unknown }
        let name = PostgresClassify.names(expression.n_name, expression.name).last ?? ""
        switch expression.kind {
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
            return compared(left, name, right)
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
            if isReflexive(left, right) { return .likely }
            return same(left, right) ? .always : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
            return same(left, right) ? .never : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE, PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE,
            PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
            let isAll = same(left, right) || Self.pattern(right).map(Self.isOnlyPercent) ?? false
            return isAll ? (name.hasPrefix("!") ? .never : .always) : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
            let items = right.kind == .list ? right.children : [right]
            let isFound = items.contains { compared(left, "=", $0) == .always }
            if isFound { return name == "=" ? .always : .never }
            return name == "=" && ValueSet.holdsBothBooleans(items) ? .always : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN, PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
            let bounds = right.children
            guard right.kind == .list, bounds.count == 2 else { return .unknown }
            let low = compared(left, ">=", bounds[0])
            let high = compared(left, "<=", bounds[1])
            if low == .always, high == .always { return .always }
            return low == .never || high == .never ? .never : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY where name == "=":
            if right.shape.name == "A_ArrayExpr" || right.shape.name == "AArrayExpr" {
                return right.children.contains { same(left, $0) } ? .always : .unknown
            }
            guard right.kind == .subLink else { return .unknown }
            let link = right.unpacked(as: PgQuery__SubLink.self)
            return link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK
                ? membership(of: left, in: Message(link.subselect)) : .unknown
        default:
            return .unknown
        }
    }

    private func compared(_ left: Message, _ name: String, _ right: Message) -> Truth {
        let isEqual = ["=", "<=", ">=", "~~", "~~*"].contains(name)
        if isEqual, isReflexive(left, right) { return .likely }
        if name == "=", left.kind == .rowExpr, right.kind == .rowExpr { return rows(left.children, right.children) }
        switch (Term(left, in: self), Term(right, in: self)) {
        case (.constant(let a), .constant(let b)):
            return a.compared(name, b)
        case (.node(let a), .node(let b)):
            if same(a, b) {
                if isEqual { return .always }
                return ["<>", "!=", "<", ">"].contains(name) ? .never : .unknown
            }
            return isExtreme(a, name, b) || isExtreme(b, Self.mirrored(name), a) ? .likely : .unknown
        case (.node(let node), .constant(let constant)):
            return compared(node, name, constant)
        case (.constant(let constant), .node(let node)):
            return compared(node, Self.mirrored(name), constant)
        }
    }

    /// `(a, b) = (c, d)`.
    private func rows(_ left: [Message], _ right: [Message]) -> Truth {
        guard left.count == right.count else { return .unknown }
        let truths = zip(left, right).map { compared($0, "=", $1) }
        if truths.contains(.never) { return .never }
        if truths.allSatisfy({ $0 == .always }) { return .always }
        return truths.allSatisfy(\.holds) ? .likely : .unknown
    }

    /// What a comparison with a literal says about every row, whatever the column holds.
    private func compared(_ node: Message, _ name: String, _ constant: Constant) -> Truth {
        switch constant {
        case .boolean(let value):
            if name == "=" { return value ? truth(of: node) : truth(of: node).negated }
            return name == "<>" ? (value ? truth(of: node).negated : truth(of: node)) : .unknown
        case .text(let text):
            switch name {
            case "~", "~*": return Self.matchesAnything(text) ? .always : .unknown
            case "!~", "!~*": return Self.matchesAnything(text) ? .never : .unknown
            case "~~", "~~*": return Self.isOnlyPercent(text) ? .always : .unknown
            case "^@": return text.isEmpty ? .always : .unknown
            default: return isSystemColumn(node) && [">", ">=", "<>"].contains(name) ? .likely : .unknown
            }
        case .number(let number):
            if isSystemColumn(node), [">", ">=", "<>"].contains(name) { return .likely }
            guard isNeverNegative(node) else { return .unknown }
            switch name {
            case ">=": return number <= 0 ? .always : .unknown
            case ">", "<>": return number < 0 ? .always : .unknown
            case "<": return number <= 0 ? .never : .unknown
            case "=", "<=": return number < 0 ? .never : .unknown
            default: return .unknown
            }
        case .null:
            return .unknown
        }
    }

    private static func mirrored(_ name: String) -> String {
        ["<": ">", ">": "<", "<=": ">=", ">=": "<="][name] ?? name
    }

    // MARK: tests

    func test(_ test: PgQuery__BooleanTest) -> Truth {
        guard let argument = Message(test.arg) else { return .unknown }
        let inner = truth(of: argument)
        switch test.booltesttype {
        case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE: return inner
        case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE: return inner.negated
        case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN: return inner.holds || isCondition(argument) ? .always : .unknown
        case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN: return isNull(argument) ? .always : .unknown
        default: return .unknown
        }
    }

    func test(_ test: PgQuery__NullTest) -> Truth {
        guard let argument = Message(test.arg) else { return .unknown }
        let asksForNull = test.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL
        if isNull(argument) { return asksForNull ? .always : .never }
        // Nothing that a row holds: its place, the whole of it, whether it meets a condition, a literal.
        if Constant(argument) != nil || isSystemColumn(argument) || isWholeRow(argument) || isCondition(argument) {
            return asksForNull ? .never : .always
        }
        return .unknown
    }

    /// NULL whatever the row holds: PostgreSQL's operators give NULL for NULL.
    private func isNull(_ node: Message) -> Bool {
        if Constant(node) == .null { return true }
        guard node.kind == .aExpr else { return false }
        let expression = node.unpacked(as: PgQuery__AExpr.self)
        return expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP
            && [Message(expression.lexpr), Message(expression.rexpr)].contains { side in
                side.map { Constant($0) == .null } ?? false
            }
    }

    private func isCondition(_ node: Message) -> Bool {
        if node.kind == .boolExpr || node.kind == .nullTest || node.kind == .booleanTest { return true }
        guard node.kind == .aExpr else { return false }
        let expression = node.unpacked(as: PgQuery__AExpr.self)
        return expression.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP
            || ["=", "<>", "<", ">", "<=", ">="].contains(
                PostgresClassify.names(expression.n_name, expression.name).last ?? "")
    }

    /// PostgreSQL manual, 5.5.
    private func isSystemColumn(_ node: Message) -> Bool {
        guard node.kind == .columnRef, let name = node.children.last?.text else { return false }
        return ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"].contains(name)
    }

    /// `t` or `t.*`.
    private func isWholeRow(_ node: Message) -> Bool {
        guard node.kind == .columnRef, let last = node.children.last else { return false }
        if last.kind == .aStar { return true }
        return node.children.count == 1 && last.text.map(names.contains) ?? false
    }

    private func isNeverNegative(_ node: Message) -> Bool {
        guard node.kind == .funcCall, let name = names(node.unpacked(as: PgQuery__FuncCall.self)).last else {
            return false
        }
        return [
            "length", "char_length", "character_length", "octet_length", "bit_length", "abs", "cardinality", "strpos",
            "position",
        ].contains(name)
    }

    // MARK: patterns

    private static func pattern(_ node: Message) -> String? {
        if let text = node.textConstant { return text }
        guard node.kind == .funcCall else { return nil }
        let function = node.unpacked(as: PgQuery__FuncCall.self)
        return messages(function.n_args, function.args).first?.textConstant
    }

    private static func isOnlyPercent(_ text: String) -> Bool { !text.isEmpty && text.allSatisfy { $0 == "%" } }

    /// A regular expression that every text matches.
    private static func matchesAnything(_ text: String) -> Bool {
        var rest = text[...]
        let isAnchored = rest.hasPrefix("^") && rest.hasSuffix("$")
        if rest.hasPrefix("^") { rest = rest.dropFirst() }
        if rest.hasSuffix("$") { rest = rest.dropLast() }
        if rest.isEmpty { return !isAnchored }
        return isAnchored ? rest == ".*" : [".*", ".?", "()", "(.*)", ".*?"].contains(rest)
    }
}
