import CPgQuery

/// Decides whether a write's condition filters at all.
///
/// A condition filters when it can tell the target's rows apart: one that holds for every row (NULLs aside), or that reads
/// nothing of the target, does not. In doubt a condition that reads the target counts as a filter.
struct Filter {
    /// Names by which the statement can refer to the target's columns.
    var names: Set<String>
    let table: TableReference
    /// CTEs that are visible, by name; nil for those whose text is not looked at.
    var ctes: [String: Message?]
    /// Items of the FROM or USING clause, by the name that refers to them.
    var sources: [String: Message] = [:]
    /// Those of `sources` that hold every row of the target and are joined to it, so that each row finds itself there.
    var partners: Set<String> = []
    /// Names that are joined with each other.
    var joins: [[String]] = []
    /// Items of the FROM clauses of the subqueries around: names mean their columns before the target's.
    var nearer: [Message] = []
    let catalog: ConditionCatalog?
    let effort = Effort()
    /// What of `effort` is remembered for here.
    var scope = 0

    /// - Parameters:
    ///   - scope: names of the CTEs of the statements around.
    ///   - from: the items of the FROM or USING clause, of a MERGE its source.
    init(
        target: UnsafeMutablePointer<PgQuery__RangeVar>?, with clause: UnsafeMutablePointer<PgQuery__WithClause>? = nil,
        scope: Set<String> = [], from: [Message] = [], catalog: ConditionCatalog? = nil
    ) {
        table = target.map { TableReference($0.pointee) } ?? TableReference(schema: "", name: "")
        names = target?.pointee.alias.map { [String(cString: $0.pointee.aliasname)] } ?? [table.name]
        ctes = Dictionary(uniqueKeysWithValues: scope.map { ($0, nil) })
        self.catalog = catalog
        add(clause)
        for item in from { add(source: item) }
    }

    /// True when there is no condition, when it holds for every row, or when it reads nothing of the target.
    func isMissing(_ condition: Message?) -> Bool {
        guard let condition else { return true }
        return joined(by: condition).truth(of: condition).holds || effort.isSpent
    }

    /// The same with the partners that `condition` joins to the target.
    func joined(by condition: Message) -> Filter {
        guard !sources.isEmpty else { return self }
        var result = self
        result.scope = effort.scope()
        result.findPartners(in: condition)
        return result
    }

    // MARK: truth

    enum Truth {
        /// For every row, NULLs aside.
        case always
        /// For no row.
        case never
        /// For every row or for none: what it depends on is the same for all of them.
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

    func truth(of node: Message) -> Truth {
        guard !effort.isSpent(by: 1) else { return .unknown }
        if node.kind == .boolExpr { return boolean(node.unpacked(as: PgQuery__BoolExpr.self), node) }
        // One that is not known reads the target, and so does what holds it.
        if let inner = whole(of: node), remembered(inner) == .unknown { return .unknown }
        let truth = known(node)
        return truth == .unknown && !mayRead(node) ? .likely : truth
    }

    /// The condition that a cast or a test says something of, and nothing else.
    private func whole(of node: Message) -> Message? {
        if node.kind == .typeCast { return Message(node.unpacked(as: PgQuery__TypeCast.self).arg) }
        guard node.kind == .booleanTest else { return nil }
        let test = node.unpacked(as: PgQuery__BooleanTest.self)
        switch test.booltesttype {
        case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN: return nil
        default: return Message(test.arg)
        }
    }

    private func known(_ node: Message) -> Truth {
        if node.kind == .columnRef { return .unknown }
        if let constant = Constant(node) { return constant.truth }
        if node.kind == .aExpr { return comparison(node.unpacked(as: PgQuery__AExpr.self)) }
        if node.kind == .booleanTest { return test(node.unpacked(as: PgQuery__BooleanTest.self)) }
        if node.kind == .typeCast, let inner = Message(node.unpacked(as: PgQuery__TypeCast.self).arg) {
            // A cast can change a value, so that only what holds anyway is kept.
            let truth = remembered(inner)
            return truth.holds ? truth : .unknown
        }
        if node.kind == .nullTest {
            let test = node.unpacked(as: PgQuery__NullTest.self)
            let isNegated = test.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL
            return Message(test.arg).map { isNull($0, negated: isNegated) } ?? .unknown
        }
        if node.kind == .caseExpr { return cases(node.unpacked(as: PgQuery__CaseExpr.self)) }
        if node.kind == .subLink { return subquery(node.unpacked(as: PgQuery__SubLink.self)) }
        if node.kind == .funcCall { return call(node.unpacked(as: PgQuery__FuncCall.self)) }
        if node.shape.name == "CoalesceExpr" {
            let arguments = node.children.filter { Constant($0) != .null }
            guard let first = arguments.first.map(truth) else { return .never }
            return first == .always || arguments.allSatisfy { truth(of: $0).holds } ? first : .unknown
        }
        return .unknown
    }

    // MARK: booleans

    private func boolean(_ expression: PgQuery__BoolExpr, _ node: Message) -> Truth {
        let arguments = Self.operands(of: expression)
        let mayCombine = arguments.count <= Self.maximumLeaves
        let truths = arguments.map { mayCombine ? remembered($0) : truth(of: $0) }
        let isAnd = expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR
        switch expression.boolop {
        case PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR:
            // One that holds for all or for none stays so, if it reads nothing.
            if truths.first == .likely { return mayRead(node) ? .unknown : .likely }
            return truths.first?.negated ?? .unknown
        case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR:
            if truths.contains(.never) { return .never }
            if truths.allSatisfy({ $0 == .always }) { return .always }
        case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR:
            if truths.contains(.always) { return .always }
            if truths.allSatisfy({ $0 == .never }) { return .never }
        default:
            return .unknown
        }
        if arguments.count > 1 {
            let decided: Truth = isAnd ? .never : .always
            var found = hasPair(arguments) ? sameness(decided, arguments) : .unknown
            if found == .unknown { found = ValueSet(arguments, self).truth(allHold: isAnd) }
            if found == .unknown, mayCombine, arguments.contains(where: { $0.kind == .boolExpr }),
                let combined = combinations(of: node)
            {
                found = sameness(combined, arguments)
            }
            if found != .unknown { return found }
        }
        // Where it is not known, one of the arguments is not, which then reads the target.
        return isAnd
            ? (truths.allSatisfy(\.holds) ? .likely : .unknown) : (truths.contains(.likely) ? .likely : .unknown)
    }

    func remembered(_ node: Message) -> Truth { effort.truth(of: node, in: scope) { truth(of: node) } }

    /// With those of the same operator within: `a OR (b OR c)`.
    private static func operands(of expression: PgQuery__BoolExpr) -> [Message] {
        let arguments = messages(expression.n_args, expression.args)
        guard expression.boolop != PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR else { return arguments }
        return arguments.flatMap { argument -> [Message] in
            guard argument.kind == .boolExpr else { return [argument] }
            let inner = argument.unpacked(as: PgQuery__BoolExpr.self)
            return inner.boolop == expression.boolop ? operands(of: inner) : [argument]
        }
    }

    /// Always true when every branch is, or the one that is taken.
    private func cases(_ expression: PgQuery__CaseExpr) -> Truth {
        var results: [Truth] = []
        var conditions: [Message] = []
        for branch in messages(expression.n_args, expression.args) {
            guard branch.kind == .caseWhen else { return .unknown }
            let when = branch.unpacked(as: PgQuery__CaseWhen.self)
            guard let condition = Message(when.expr), let result = Message(when.result) else { return .unknown }
            let isTaken = Message(expression.arg).map { compared($0, "=", condition) } ?? truth(of: condition)
            if isTaken == .never { continue }
            if isTaken == .always { return Self.all(results, truth(of: result)) }
            results.append(truth(of: result))
            conditions.append(condition)
        }
        if expression.arg == nil, hasPair(conditions) { return Self.all(results, .always) }
        return Self.all(results, Message(expression.defresult).map(truth) ?? .never)
    }

    private static func all(_ results: [Truth], _ last: Truth) -> Truth {
        if results.isEmpty { return last }
        return last.holds && results.allSatisfy(\.holds) ? .likely : .unknown
    }

    private func call(_ function: PgQuery__FuncCall) -> Truth {
        let arguments = messages(function.n_args, function.args)
        guard arguments.count == 2, let name = names(function).last else { return .unknown }
        switch name {
        case "starts_with": return Constant(arguments[1]) == .text("") ? .always : .unknown
        case "regexp_like": return compared(arguments[0], "~", arguments[1])
        case "like", "textlike": return compared(arguments[0], "~~", arguments[1])
        default:
            // What stands behind the operators: `int4eq(id, id)`.
            let isEqual = name.hasSuffix("eq") || name.hasSuffix("ge") || name.hasSuffix("le")
            return isEqual && same(arguments[0], arguments[1]) ? sameness(.always, [arguments[0]]) : .unknown
        }
    }

    func test(_ test: PgQuery__BooleanTest) -> Truth {
        guard let argument = Message(test.arg) else { return .unknown }
        let inner = remembered(argument)
        switch test.booltesttype {
        case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE: return inner
        case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE: return inner.negated
        case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN:
            return inner == .always || isNeverNull(argument) ? .always : inner.holds ? .likely : .unknown
        case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN:
            return isNull(argument) ? .always : isNeverNull(argument) ? .never : .unknown
        default: return .unknown
        }
    }

    func names(_ function: PgQuery__FuncCall) -> [String] {
        messages(function.n_funcname, function.funcname).compactMap(\.text)
    }
}

/// A table as the statement names it; an empty schema is not known.
struct TableReference {
    let schema: String
    let name: String

    init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    init(_ variable: PgQuery__RangeVar) {
        self.init(schema: String(cString: variable.schemaname), name: String(cString: variable.relname))
    }

    /// Whether both may be the same table.
    func maySame(_ other: TableReference) -> Bool {
        name == other.name && (schema == other.schema || schema.isEmpty || other.schema.isEmpty)
    }
}
