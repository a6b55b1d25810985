import CPgQuery

/// Decides whether a write's condition filters at all.
///
/// A condition filters when it can tell the target's rows apart: one that holds for every row (NULLs aside), or that reads
/// nothing of the target, does not. In doubt a condition that reads the target counts as a filter.
struct Filter {
    /// Names by which the statement can refer to the target's columns.
    let names: Set<String>
    let table: TableReference
    /// CTEs that are visible, by name; nil for those whose text is not looked at.
    var ctes: [String: Message?]
    /// Items of the FROM or USING clause, by the name that refers to them.
    var sources: [String: Message] = [:]
    /// Those of `sources` that hold every row of the target and are joined to it, so that each row finds itself there.
    var partners: Set<String> = []

    /// - Parameters:
    ///   - scope: names of the CTEs of the statements around.
    ///   - from: the items of the FROM or USING clause, of a MERGE its source.
    init(
        target: UnsafeMutablePointer<PgQuery__RangeVar>?, with clause: UnsafeMutablePointer<PgQuery__WithClause>? = nil,
        scope: Set<String> = [], from: [Message] = []
    ) {
        table = target.map { TableReference($0.pointee) } ?? TableReference(schema: "", name: "")
        names = target?.pointee.alias.map { [String(cString: $0.pointee.aliasname)] } ?? [table.name]
        ctes = Dictionary(uniqueKeysWithValues: scope.map { ($0, nil) })
        add(clause)
        for item in from { add(source: item) }
    }

    /// True when there is no condition, when it holds for every row, or when it reads nothing of the target.
    func isMissing(_ condition: Message?) -> Bool {
        guard let condition else { return true }
        return joined(by: condition).truth(of: condition).holds
    }

    /// The same with the partners that `condition` joins to the target.
    func joined(by condition: Message) -> Filter {
        guard !sources.isEmpty else { return self }
        var result = self
        result.findPartners(in: condition)
        return result
    }

    /// Whether `node` holds a column reference that may be one of the target's, or `CURRENT OF`.
    func mayRead(_ node: Message) -> Bool {
        if node.kind == .currentOfExpr { return true }
        if node.kind == .columnRef {
            let qualifiers = node.children.dropLast().compactMap(\.text)
            return qualifiers.isEmpty || qualifiers.contains { names.contains($0) || partners.contains($0) }
        }
        return node.children.contains { mayRead($0) }
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
        let truth = known(node)
        return truth == .unknown && !mayRead(node) ? .likely : truth
    }

    private func known(_ node: Message) -> Truth {
        if let constant = Constant(node) { return constant.truth }
        if node.kind == .boolExpr { return boolean(node.unpacked(as: PgQuery__BoolExpr.self)) }
        if node.kind == .aExpr { return comparison(node.unpacked(as: PgQuery__AExpr.self)) }
        if node.kind == .booleanTest { return test(node.unpacked(as: PgQuery__BooleanTest.self)) }
        if node.kind == .typeCast, let inner = Message(node.unpacked(as: PgQuery__TypeCast.self).arg) {
            // A cast can change a value, so that only what holds anyway is kept.
            return truth(of: inner).holds ? .always : .unknown
        }
        if node.kind == .nullTest { return test(node.unpacked(as: PgQuery__NullTest.self)) }
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

    private func boolean(_ expression: PgQuery__BoolExpr) -> Truth {
        let arguments = messages(expression.n_args, expression.args)
        let truths = arguments.map(truth)
        switch expression.boolop {
        case PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR:
            return truths.first?.negated ?? .unknown
        case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR:
            if truths.contains(.never) || Complement.hasPair(arguments) { return .never }
            if ValueSet.decides(arguments, allHold: true) { return .never }
            if truths.allSatisfy({ $0 == .always }) { return .always }
            return truths.allSatisfy(\.holds) ? .likely : .unknown
        case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR:
            if truths.contains(.always) || Complement.hasPair(arguments) { return .always }
            if ValueSet.decides(arguments, allHold: false) { return .always }
            if truths.contains(.likely) { return .likely }
            return truths.allSatisfy { $0 == .never } ? .never : .unknown
        default:
            return .unknown
        }
    }

    /// Always true when every branch is.
    private func cases(_ expression: PgQuery__CaseExpr) -> Truth {
        guard let otherwise = Message(expression.defresult), truth(of: otherwise).holds else { return .unknown }
        let isAlways = messages(expression.n_args, expression.args).allSatisfy { branch in
            guard branch.kind == .caseWhen,
                let result = Message(branch.unpacked(as: PgQuery__CaseWhen.self).result)
            else { return false }
            return truth(of: result).holds
        }
        return isAlways ? .likely : .unknown
    }

    private func call(_ function: PgQuery__FuncCall) -> Truth {
        let arguments = messages(function.n_args, function.args)
        guard names(function).last == "starts_with", arguments.count == 2, arguments[1].textConstant == "" else {
            return .unknown
        }
        return .always
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
