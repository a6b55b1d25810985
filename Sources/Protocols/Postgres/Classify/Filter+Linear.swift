import CPgQuery

/// A number as a sum of what is not known and a number: `2 * id + 3`. Terms that are the same are one.
struct Linear {
    var terms: [(node: Message, factor: Number)] = []
    var constant = Number.zero

    /// Most different terms.
    static let maximumTerms = 16
}

extension Filter {
    private static let arithmetic: Set<String> = ["+", "-", "*", "/", "%", "^", "&", "|", "#", "<<", ">>"]

    func isArithmetic(_ node: Message) -> Bool {
        guard node.kind == .aExpr else { return node.kind == .funcCall && callOfTwo(node) != nil }
        let expression = node.unpacked(as: PgQuery__AExpr.self)
        return expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP
            && Self.arithmetic.contains(expression.operatorName)
    }

    /// Comparisons of sums: what cancels out decides nothing.
    func compared(sum left: Message, _ name: String, _ right: Message) -> Truth {
        guard let a = linear(left), let b = linear(right), let difference = sum(a, b, factor: -1) else {
            return .unknown
        }
        let terms = difference.terms
        if terms.isEmpty { return Constant.number(difference.constant).compared(name, .number(.zero)) }
        if terms.allSatisfy({ !mayRead($0.node) }) { return .likely }
        if let loose = sum(Linear(), difference, factor: .one, any: true), loose.terms.isEmpty,
            Constant.number(loose.constant).compared(name, .number(.zero)) == .always
        {
            return .likely
        }
        if let least = least(difference) {
            let truth = Self.atLeast(least, name, .zero)
            if truth != .unknown { return truth }
        }
        if let negated = product(difference, factor: Number(-1)), let least = least(negated) {
            let truth = Self.atLeast(least, Self.mirrored(name), .zero)
            if truth != .unknown { return truth }
        }
        if terms.count == 2, difference.constant.isZero, isReflexive(terms[0].node, terms[1].node),
            terms[0].factor + terms[1].factor == .zero
        {
            return ["=", "<=", ">="].contains(name) ? .likely : .unknown
        }
        guard terms.count == 1, let (node, operation, number) = solved(difference, name, .zero) else { return .unknown }
        return compared(node, operation, .number(number))
    }

    /// `2 * id + 3 > 5` as `id > 1`.
    func solved(_ sum: Linear, _ name: String, _ number: Number) -> (Message, String, Number)? {
        guard sum.terms.count == 1, let rest = number - sum.constant,
            let number = rest.exactly(dividedBy: sum.terms[0].factor)
        else { return nil }
        return (sum.terms[0].node, sum.terms[0].factor.isNegative ? Self.mirrored(name) : name, number)
    }

    private func least(_ sum: Linear) -> Number? {
        var least: Number? = sum.constant
        for term in sum.terms {
            guard !term.factor.isNegative, let bound = self.least(term.node), let added = bound * term.factor else {
                return nil
            }
            least = least.flatMap { $0 + added }
        }
        return least
    }

    /// What is known of a comparison with something that is never less than `least`.
    static func atLeast(_ least: Number, _ name: String, _ number: Number) -> Truth {
        switch name {
        case ">=": number < least || number == least ? .always : .unknown
        case ">", "<>": number < least ? .always : .unknown
        case "<": number < least || number == least ? .never : .unknown
        case "=", "<=": number < least ? .never : .unknown
        default: .unknown
        }
    }

    // MARK: sums

    /// nil: it is no number, or may be none.
    func linear(_ node: Message) -> Linear? {
        guard !effort.isSpent(by: 1) else { return nil }
        let node = plain(node)
        if isArithmetic(node) {
            guard let (left, name, right) = operands(of: node) else { return nil }
            return combined(left, name, right, node)
        }
        if let constant = Constant(node) {
            return constant.asNumber.map { Linear(constant: $0) }
        }
        // Of which type a parameter is, is the other side's matter.
        if node.shape.name == "ParamRef" { return nil }
        return Linear(terms: [(node, .one)])
    }

    func operands(of node: Message) -> (left: Message?, name: String, right: Message)? {
        if let (left, name, right) = callOfTwo(node) { return (left, name, right) }
        let expression = node.unpacked(as: PgQuery__AExpr.self)
        guard let right = Message(expression.rexpr) else { return nil }
        return (Message(expression.lexpr), expression.operatorName, right)
    }

    /// Functions that are operators.
    private func callOfTwo(_ node: Message) -> (Message, String, Message)? {
        guard node.kind == .funcCall else { return nil }
        let function = node.unpacked(as: PgQuery__FuncCall.self)
        let operators = ["mod": "%", "power": "^", "pow": "^"]
        guard function.n_args == 2, let name = names(function).last.flatMap({ operators[$0] }) else { return nil }
        let arguments = messages(function.n_args, function.args)
        return arguments.count == 2 ? (arguments[0], name, arguments[1]) : nil
    }

    private func combined(_ leftNode: Message?, _ name: String, _ rightNode: Message, _ node: Message) -> Linear? {
        guard let leftNode else {
            guard let right = linear(rightNode) else { return nil }
            switch name {
            case "+": return right
            case "-": return sum(Linear(), right, factor: -1)
            default: return Linear(terms: [(node, .one)])
            }
        }
        guard let left = linear(leftNode), let right = linear(rightNode) else { return nil }
        let a = left.terms.isEmpty ? left.constant : nil
        let b = right.terms.isEmpty ? right.constant : nil
        if let a, let b { return Constant.number(a, name, b).map { Linear(constant: $0) } }
        switch (name, a, b) {
        case ("+", _, _): return sum(left, right, factor: 1)
        case ("-", _, _): return sum(left, right, factor: -1)
        case ("*", let factor?, _): return product(right, factor: factor)
        case ("*", _, let factor?): return product(left, factor: factor)
        case ("/", _, let divisor?) where divisor == .one, ("^", _, let divisor?) where divisor == .one: return left
        case ("%", _, let divisor?) where divisor == .one: return Linear()
        case ("^", _, let exponent?) where exponent.isZero: return Linear(constant: .one)
        case ("<<", _, let count?) where count.isZero, (">>", _, let count?) where count.isZero: return left
        case ("&", _, let mask?) where mask.isZero: return Linear()
        case ("&", let mask?, _) where mask.isZero: return Linear()
        case ("|", _, let bits?) where bits.isZero, ("#", _, let bits?) where bits.isZero: return left
        case ("|", let bits?, _) where bits.isZero, ("#", let bits?, _) where bits.isZero: return right
        case ("&", _, _) where areOne(leftNode, rightNode), ("|", _, _) where areOne(leftNode, rightNode): return left
        case ("#", _, _) where areOne(leftNode, rightNode): return Linear()
        default: return Linear(terms: [(node, .one)])
        }
    }

    private func areOne(_ a: Message, _ b: Message) -> Bool { same(a, b) && isSteady(a) }

    private func product(_ sum: Linear, factor: Number) -> Linear? { self.sum(Linear(), sum, factor: factor) }

    private func sum(_ a: Linear, _ b: Linear, factor: Int64) -> Linear? { sum(a, b, factor: Number(factor)) }

    /// `a + factor * b`; nil when the numbers or the terms are too many.
    ///
    /// - Parameter any: calls of one text count as one term even where they may differ.
    private func sum(_ a: Linear, _ b: Linear, factor: Number, any: Bool = false) -> Linear? {
        var result = a
        guard let added = b.constant * factor, let constant = a.constant + added else { return nil }
        result.constant = constant
        for term in b.terms {
            guard let added = term.factor * factor else { return nil }
            let isSteady = any || isSteady(term.node)
            if let place = result.terms.firstIndex(where: { isSteady && same($0.node, term.node) }) {
                guard let sum = result.terms[place].factor + added else { return nil }
                result.terms[place].factor = sum
            } else {
                result.terms.append((term.node, added))
            }
        }
        result.terms.removeAll { $0.factor.isZero }
        return result.terms.count <= Linear.maximumTerms ? result : nil
    }
}
