import CPgQuery

/// Finds two conditions of which one holds exactly when the other does not.
extension Filter {
    /// Different conditions of one hash that are compared with each other.
    private static let maximumAlike = 64

    func hasPair(_ conditions: [Message]) -> Bool {
        var seen: [Int: [Core]] = [:]
        for condition in conditions {
            let core = Core(condition)
            let alike = seen[core.hash] ?? []
            if alike.contains(where: { isPair($0, core) }) { return true }
            if alike.contains(where: { isSame($0, core) }) { continue }
            guard alike.count < Self.maximumAlike else { continue }
            seen[core.hash] = alike + [core]
        }
        return false
    }

    /// A condition without NOT and without what tells true from false around it.
    struct Core {
        var node: Message
        var isNegated = false
        /// The same for the conditions that may be its complement.
        let hash: Int

        init(_ condition: Message) {
            node = condition
            while let (inner, negates) = Self.inner(node) {
                node = inner
                isNegated = isNegated != negates
            }
            hash = Self.subjects(of: node).reduce(into: 0) { $0 = $0 &+ expressionHash($1) }
        }

        private static func inner(_ node: Message) -> (Message, negates: Bool)? {
            if node.kind == .boolExpr {
                let expression = node.unpacked(as: PgQuery__BoolExpr.self)
                guard expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR else { return nil }
                return messages(expression.n_args, expression.args).first.map { ($0, true) }
            }
            guard node.kind == .booleanTest else { return nil }
            let test = node.unpacked(as: PgQuery__BooleanTest.self)
            guard let argument = Message(test.arg) else { return nil }
            switch test.booltesttype {
            case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE: return (argument, false)
            case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE: return (argument, true)
            default: return nil
            }
        }

        private static func subjects(of node: Message) -> [Message] {
            if node.kind == .nullTest || node.kind == .booleanTest { return node.children }
            guard node.kind == .aExpr else { return [node] }
            let expression = node.unpacked(as: PgQuery__AExpr.self)
            return [Message(expression.lexpr), Message(expression.rexpr)].compactMap { $0 }
        }
    }

    func isPair(_ a: Core, _ b: Core) -> Bool {
        a.isNegated == b.isNegated ? isOpposite(a.node, b.node) : same(a.node, b.node)
    }

    func isSame(_ a: Core, _ b: Core) -> Bool {
        a.isNegated == b.isNegated ? same(a.node, b.node) : isOpposite(a.node, b.node)
    }

    private func isOpposite(_ a: Message, _ b: Message) -> Bool {
        if a.kind == .nullTest, b.kind == .nullTest {
            let left = a.unpacked(as: PgQuery__NullTest.self)
            let right = b.unpacked(as: PgQuery__NullTest.self)
            return left.nulltesttype != right.nulltesttype && areSame(left.arg, right.arg)
        }
        if a.kind == .booleanTest, b.kind == .booleanTest {
            let left = a.unpacked(as: PgQuery__BooleanTest.self)
            let right = b.unpacked(as: PgQuery__BooleanTest.self)
            // IS UNKNOWN and IS NOT UNKNOWN; the others are no core.
            return left.booltesttype != right.booltesttype && areSame(left.arg, right.arg)
        }
        guard a.kind == .aExpr, b.kind == .aExpr else { return false }
        let left = a.unpacked(as: PgQuery__AExpr.self)
        let right = b.unpacked(as: PgQuery__AExpr.self)
        let kinds = (left.kind, right.kind)
        let areOpposite =
            Self.opposites.contains { $0 == kinds || $0 == (kinds.1, kinds.0) }
            || kinds.0 == kinds.1
                && Self.opposite(left.operatorName) == right.operatorName
        if areOpposite, areSame(left.lexpr, right.lexpr), areSame(left.rexpr, right.rexpr) { return true }
        // `5 = id` and `id <> 5`.
        let name = left.operatorName
        guard left.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP, right.kind == left.kind,
            Self.opposite(Self.mirrored(name)) == right.operatorName
        else { return false }
        return ["=", "<>", "<", "<=", ">", ">="].contains(name) && areSame(left.lexpr, right.rexpr)
            && areSame(left.rexpr, right.lexpr)
    }

    private func areSame(_ a: UnsafeRawPointer?, _ b: UnsafeRawPointer?) -> Bool {
        guard let a = Message(a), let b = Message(b) else { return false }
        return same(a, b)
    }

    /// Those that have types of their own.
    private static let opposites: [(PgQuery__AExprKind, PgQuery__AExprKind)] = [
        (PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT, PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT),
        (PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN, PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN),
        (PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM, PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM),
    ]

    private static func opposite(_ name: String?) -> String? {
        let pairs = [
            "=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "~~": "!~~", "!~~": "~~", "~~*": "!~~*",
            "!~~*": "~~*", "~": "!~", "!~": "~",
        ]
        return name.flatMap { pairs[$0] } ?? "none"
    }
}

/// A hash of an expression's first nodes: expressions that are the same have the same, however their columns are qualified.
func expressionHash(_ node: Message) -> Int {
    var hasher = Hasher()
    var nodesLeft = 256
    func add(_ node: Message) {
        guard nodesLeft > 0 else { return }
        nodesLeft -= 1
        hasher.combine(ObjectIdentifier(node.shape))
        if node.kind == .columnRef {
            if let name = node.children.last?.text { hasher.combine(name) }
            return
        }
        if let text = node.text { hasher.combine(text) }
        if node.kind == .integer { hasher.combine(node.unpacked(as: PgQuery__Integer.self).ival) }
        if node.kind == .float { hasher.combine(String(cString: node.unpacked(as: PgQuery__Float.self).fval)) }
        if node.shape.name == "ParamRef" { hasher.combine(node.unpacked(as: PgQuery__ParamRef.self).number) }
        node.forEachChild { add($0) }
    }
    add(node)
    return hasher.finalize()
}
