import CPgQuery

extension Filter {
    /// One side of a comparison without what changes nothing: `id + 0` is `id`, `id - id` is 0.
    enum Term {
        case constant(Constant)
        case node(Message)

        init(_ node: Message, in filter: Filter) {
            if let constant = Constant(node) {
                self = .constant(constant)
                return
            }
            self = .node(node)
            guard node.kind == .aExpr else { return }
            let expression = node.unpacked(as: PgQuery__AExpr.self)
            guard expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP, let right = Message(expression.rexpr) else {
                return
            }
            let name = PostgresClassify.names(expression.n_name, expression.name).last ?? ""
            guard let left = Message(expression.lexpr) else {
                if name == "+" { self = Term(right, in: filter) }
                return
            }
            switch (name, Constant(left), Constant(right)) {
            case ("+", _, .number(0)), ("-", _, .number(0)), ("*", _, .number(1)), ("/", _, .number(1)),
                ("||", _, .text("")):
                self = Term(left, in: filter)
            case ("+", .number(0), _), ("*", .number(1), _), ("||", .text(""), _):
                self = Term(right, in: filter)
            case ("*", _, .number(0)), ("*", .number(0), _):
                self = .constant(.number(0))
            case ("-", _, _) where filter.same(left, right):
                self = .constant(.number(0))
            default:
                break
            }
        }
    }

    /// Whether two expressions are the same for every row: `t.id` is `id`.
    func same(_ a: Message, _ b: Message) -> Bool {
        if a.kind == .columnRef, b.kind == .columnRef { return sameColumn(a, b) }
        guard a.shape === b.shape else { return false }
        guard sameValues(a, b) else { return false }
        let left = a.children
        let right = b.children
        return left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
    }

    private func sameColumn(_ a: Message, _ b: Message) -> Bool {
        let left = a.children
        let right = b.children
        guard left.last?.kind == right.last?.kind, left.last?.text == right.last?.text else { return false }
        if left.count == right.count { return zip(left, right).allSatisfy { $0.text == $1.text } }
        return isTargets(left) && isTargets(right)
    }

    /// Unqualified, or qualified by the target's name.
    private func isTargets(_ fields: [Message]) -> Bool {
        fields.count == 1 || fields.dropLast().last?.text.map(names.contains) ?? false
    }
}
