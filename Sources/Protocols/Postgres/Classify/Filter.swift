import CPgQuery

/// Decides whether a write's condition filters at all.
enum Filter {
    /// True when there is no condition, when it holds for every row, or when it reads nothing of the target.
    static func isMissing(_ condition: Message?, target: UnsafeMutablePointer<PgQuery__RangeVar>?) -> Bool {
        guard let condition else { return true }
        switch truth(of: condition) {
        case .always, .likely: return true
        case .never: return false
        case .unknown: break
        }
        var targetNames: Set<String> = []
        if let target {
            targetNames.insert(String(cString: target.pointee.relname))
            if let alias = target.pointee.alias { targetNames = [String(cString: alias.pointee.aliasname)] }
        }
        return !mayRead(targetNames, in: condition)
    }

    /// Whether `node` holds a column reference that may be one of the target's, or `CURRENT OF`.
    private static func mayRead(_ target: Set<String>, in node: Message) -> Bool {
        if node.kind == .currentOfExpr { return true }
        if node.kind == .columnRef {
            let fields = node.children.compactMap(\.text)
            // Qualified: the part before the column names the relation.
            guard node.children.count > 1, fields.count > 1 else { return true }
            return !target.isDisjoint(with: fields.dropLast())
        }
        return node.children.contains { mayRead(target, in: $0) }
    }

    // MARK: truth

    enum Truth {
        /// For every row, NULLs aside.
        case always
        /// For no row.
        case never
        /// For every row unless a subquery finds nothing.
        case likely
        case unknown

        var holds: Bool { self == .always || self == .likely }

        var negated: Truth {
            switch self {
            case .always: .never
            case .never: .always
            case .likely, .unknown: .unknown
            }
        }
    }

    static func truth(of node: Message) -> Truth {
        if let constant = Constant(node) { return constant.truth }
        if node.kind == .boolExpr { return boolean(node.unpacked(as: PgQuery__BoolExpr.self)) }
        if node.kind == .aExpr { return comparison(node.unpacked(as: PgQuery__AExpr.self)) }
        if node.kind == .booleanTest { return test(node.unpacked(as: PgQuery__BooleanTest.self)) }
        if node.kind == .typeCast, let inner = Message(node.unpacked(as: PgQuery__TypeCast.self).arg) {
            // A cast can change a value, so that only what holds anyway is kept.
            return truth(of: inner).holds ? .always : .unknown
        }
        if node.kind == .nullTest {
            let nullTest = node.unpacked(as: PgQuery__NullTest.self)
            guard let argument = Message(nullTest.arg), let constant = Constant(argument) else { return .unknown }
            let isNull = constant == .null
            return isNull == (nullTest.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL) ? .always : .never
        }
        if node.kind == .caseExpr { return cases(node.unpacked(as: PgQuery__CaseExpr.self)) }
        if node.kind == .subLink { return subquery(node.unpacked(as: PgQuery__SubLink.self)) }
        return .unknown
    }

    private static func boolean(_ expression: PgQuery__BoolExpr) -> Truth {
        let arguments = messages(expression.n_args, expression.args)
        let truths = arguments.map(truth)
        switch expression.boolop {
        case PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR:
            return truths.first?.negated ?? .unknown
        case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR:
            if truths.contains(.never) || Complement.hasPair(arguments) { return .never }
            if truths.allSatisfy({ $0 == .always }) { return .always }
            return truths.allSatisfy(\.holds) ? .likely : .unknown
        case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR:
            if truths.contains(.always) || Complement.hasPair(arguments) { return .always }
            if truths.contains(.likely) { return .likely }
            return truths.allSatisfy { $0 == .never } ? .never : .unknown
        default:
            return .unknown
        }
    }

    private static func comparison(_ expression: PgQuery__AExpr) -> Truth {
        guard let right = Message(expression.rexpr), let left = Message(expression.lexpr) else { return .unknown }
        let name = names(expression.n_name, expression.name).last ?? ""
        switch expression.kind {
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
            if let a = Constant(left), let b = Constant(right) { return a.compared(name, b) }
            guard sameExpression(left, right) else { return .unknown }
            if ["=", "<=", ">=", "~~", "~~*"].contains(name) { return .always }
            return ["<>", "!=", "<", ">"].contains(name) ? .never : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
            return sameExpression(left, right) ? .always : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
            return sameExpression(left, right) ? .never : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE, PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
            let isNegated = name.hasPrefix("!")
            let all =
                sameExpression(left, right)
                || right.textConstant.map { !$0.isEmpty && $0.allSatisfy { $0 == "%" } } ?? false
            return all ? (isNegated ? .never : .always) : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
            let items = right.kind == .list ? right.children : [right]
            let found = items.contains { item in
                if let a = Constant(left), let b = Constant(item) { return a.compared("=", b) == .always }
                return sameExpression(left, item)
            }
            return found ? (name == "=" ? .always : .never) : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN, PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
            let bounds = right.children
            guard right.kind == .list, bounds.count == 2 else { return .unknown }
            if let value = Constant(left), let low = Constant(bounds[0]), let high = Constant(bounds[1]) {
                let above = value.compared(">=", low)
                let below = value.compared("<=", high)
                if above == .always, below == .always { return .always }
                return above == .never || below == .never ? .never : .unknown
            }
            return bounds.allSatisfy { sameExpression(left, $0) } ? .always : .unknown
        default:
            return .unknown
        }
    }

    private static func test(_ test: PgQuery__BooleanTest) -> Truth {
        guard let argument = Message(test.arg) else { return .unknown }
        let inner = truth(of: argument)
        switch test.booltesttype {
        case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE: return inner
        case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE: return inner.negated
        case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN: return inner.holds ? .always : .unknown
        default: return .unknown
        }
    }

    /// Always true when every branch is.
    private static func cases(_ expression: PgQuery__CaseExpr) -> Truth {
        guard let otherwise = Message(expression.defresult), truth(of: otherwise).holds else { return .unknown }
        let isAlways = messages(expression.n_args, expression.args).allSatisfy { branch in
            guard branch.kind == .caseWhen,
                let result = Message(branch.unpacked(as: PgQuery__CaseWhen.self).result)
            else { return false }
            return truth(of: result).holds
        }
        return isAlways ? .likely : .unknown
    }

    /// `EXISTS (SELECT … )` and `c IN (SELECT c …)` whose subquery does not filter.
    private static func subquery(_ link: PgQuery__SubLink) -> Truth {
        guard let query = Message(link.subselect), query.kind == .selectStmt else { return .unknown }
        let select = query.unpacked(as: PgQuery__SelectStmt.self)
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE, select.limit_count == nil, select.limit_offset == nil,
            select.having_clause == nil, Message(select.where_clause).map({ truth(of: $0).holds }) ?? true
        else { return .unknown }
        if link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK { return .likely }
        guard link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK, link.n_oper_name == 0,
            let tested = Message(link.testexpr), tested.kind == .columnRef,
            let column = messages(select.n_target_list, select.target_list).first, column.kind == .resTarget,
            let selected = Message(column.unpacked(as: PgQuery__ResTarget.self).val), selected.kind == .columnRef,
            select.n_from_clause == 1
        else { return .unknown }
        return tested.children.last?.text == selected.children.last?.text ? .likely : .unknown
    }
}
