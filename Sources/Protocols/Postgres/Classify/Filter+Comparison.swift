import CPgQuery

extension Filter {
    func comparison(_ expression: PgQuery__AExpr) -> Truth {
        guard let right = Message(expression.rexpr), let left = Message(expression.lexpr) else { return .unknown }
        let name = expression.operatorName
        switch expression.kind {
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
            return compared(left, name, right)
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
            if isReflexive(left, right) { return .likely }
            let distinct = distinct(left, right)
            return distinct == .unknown && same(plain(left), plain(right)) ? .likely : distinct.negated
        case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
            return distinct(left, right)
        case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE, PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE,
            PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
            let isNegated = name.hasPrefix("!")
            if Self.pattern(right).map(Self.isOnlyPercent) ?? false { return isNegated ? .never : .always }
            return same(left, right) ? sameness(isNegated ? .never : .always, [left]) : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
            return list(left, right.kind == .list ? right.children : [right], isNegated: name != "=")
        case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN: return between(left, right, isSymmetric: false)
        case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM: return between(left, right, isSymmetric: true)
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN: return between(left, right, isSymmetric: false).negated
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM: return between(left, right, isSymmetric: true).negated
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
            if let elements = elements(of: right) {
                let truths = elements.map { compared(left, name, $0) }
                return truths.contains(.always) ? .always : truths.contains(.likely) ? .likely : .unknown
            }
            guard right.kind == .subLink, name == "=" else { return .unknown }
            let link = right.unpacked(as: PgQuery__SubLink.self)
            return link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK
                ? membership(of: left, in: Message(link.subselect)) : .unknown
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
            guard let elements = elements(of: right) else { return .unknown }
            let truths = elements.map { compared(left, name, $0) }
            return truths.allSatisfy { $0 == .always } ? .always : truths.allSatisfy(\.holds) ? .likely : .unknown
        default:
            return .unknown
        }
    }

    private func distinct(_ left: Message, _ right: Message) -> Truth {
        if Constant(right) == .null { return isNull(left, negated: true) }
        if Constant(left) == .null { return isNull(right, negated: true) }
        return same(plain(left), plain(right)) ? sameness(.never, [left]) : .unknown
    }

    /// What follows from two expressions of one text. Where calls may differ, that none holds is not known.
    func sameness(_ truth: Truth, _ nodes: [Message]) -> Truth {
        if nodes.allSatisfy(isSteady) { return truth }
        return truth == .always ? .likely : .unknown
    }

    private func list(_ left: Message, _ items: [Message], isNegated: Bool) -> Truth {
        let truths = items.map { compared(left, "=", $0) }
        if truths.contains(.always) { return isNegated ? .never : .always }
        if truths.contains(.likely) { return isNegated ? .unknown : .likely }
        if !isNegated, ValueSet.holdsBothBooleans(items) { return .always }
        guard let values = possible(left) else { return .unknown }
        let constants = items.compactMap { Constant($0) }
        let isFound = values.map { value in constants.contains { value.compared("=", $0) == .always } }
        if !isFound.contains(false) { return isNegated ? .never : .always }
        return isNegated && constants.count == items.count && !isFound.contains(true) ? .always : .unknown
    }

    private func between(_ left: Message, _ right: Message, isSymmetric: Bool) -> Truth {
        let bounds = right.children
        guard right.kind == .list, bounds.count == 2 else { return .unknown }
        // No value is between them.
        if !isSymmetric, let low = Constant(bounds[0]), let high = Constant(bounds[1]),
            low.compared(">", high) == .always
        {
            return .never
        }
        let low = compared(left, ">=", bounds[0])
        let high = compared(left, "<=", bounds[1])
        if low == .always, high == .always { return .always }
        if low.holds, high.holds { return .likely }
        return low == .never || high == .never ? .never : .unknown
    }

    /// Elements of `ARRAY[…]`, cast or not.
    private func elements(of array: Message) -> [Message]? {
        if array.kind == .typeCast {
            return Message(array.unpacked(as: PgQuery__TypeCast.self).arg).flatMap { elements(of: $0) }
        }
        return array.shape.name == "A_ArrayExpr" || array.shape.name == "AArrayExpr" ? array.children : nil
    }

    func compared(_ left: Message, _ name: String, _ right: Message) -> Truth {
        // What most conditions are: nothing is known of a column's value.
        if left.kind == .columnRef, right.kind == .aConst, name == "=" { return .unknown }
        guard !effort.isSpent(by: 1) else { return .unknown }
        let isEqual = ["=", "<=", ">=", "~~", "~~*"].contains(name)
        if isEqual, isReflexive(left, right) { return .likely }
        if name == "=", left.kind == .rowExpr, right.kind == .rowExpr { return rows(left.children, right.children) }
        let left = plain(left)
        let right = plain(right)
        if let a = Constant(left), let b = Constant(right) { return a.compared(name, b) }
        if same(left, right) {
            if isEqual { return sameness(.always, [left]) }
            guard ["<>", "!=", "<", ">"].contains(name) else { return .unknown }
            let truth = sameness(.never, [left])
            return truth == .unknown && isArithmetic(left) ? compared(sum: left, name, right) : truth
        }
        if isArithmetic(left) || isArithmetic(right) {
            let truth = compared(sum: left, name, right)
            if truth != .unknown { return truth }
        }
        if isCondition(left), isCondition(right), name == "<>" || name == "=" {
            let isSame = isSame(Core(left), Core(right))
            if isSame || isPair(Core(left), Core(right)) {
                return sameness(isSame == (name == "=") ? .always : .never, [left])
            }
        }
        if isExtreme(left, name, right) || isExtreme(right, Self.mirrored(name), left) { return .likely }
        if let constant = Constant(right) { return compared(left, name, constant) }
        if let constant = Constant(left) { return compared(right, Self.mirrored(name), constant) }
        return .unknown
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
    func compared(_ node: Message, _ name: String, _ constant: Constant) -> Truth {
        if let values = possible(node) {
            let truths = values.map { $0.compared(name, constant) }
            if truths.allSatisfy({ $0 == .always }) { return .always }
            if truths.allSatisfy({ $0 == .never }) { return .never }
        }
        switch constant {
        case .boolean(let value):
            switch name {
            case "=": return value ? truth(of: node) : truth(of: node).negated
            case "<>": return value ? truth(of: node).negated : truth(of: node)
            case ">=": return value ? .unknown : .always
            case "<=": return value ? .always : .unknown
            default: return .unknown
            }
        case .text(let text), .written(let text, _):
            switch name {
            case "~", "~*": return Self.matchesAnything(text) ? .always : .unknown
            case "!~", "!~*": return Self.matchesAnything(text) ? .never : .unknown
            case "~~", "~~*": return Self.isOnlyPercent(text) ? .always : .unknown
            case "!~~", "!~~*": return Self.isOnlyPercent(text) ? .never : .unknown
            case "^@": return text.isEmpty ? .always : .unknown
            // The least and the greatest of a type.
            case ">=" where text.isEmpty || text == "-infinity" || Self.isUUID(text, of: "0"): return .always
            case "<=" where text == "infinity" || Self.isUUID(text, of: "f"): return .always
            default: break
            }
            if isSystemColumn(node), [">", ">=", "<>"].contains(name) { return .likely }
            return Number(text).map { compared(node, name, .number($0)) } ?? .unknown
        case .number(let number):
            if isSystemColumn(node), [">", ">=", "<>"].contains(name) { return .likely }
            if name == ">=", Number.least.contains(number) { return .always }
            if name == "<=", Number.greatest.contains(number) { return .always }
            return least(node).map { Self.atLeast($0, name, number) } ?? .unknown
        case .null:
            return .unknown
        }
    }

    static func mirrored(_ name: String) -> String {
        ["<": ">", ">": "<", "<=": ">=", ">=": "<="][name] ?? name
    }

    private static func isUUID(_ text: String, of digit: Character) -> Bool {
        text.utf8.count == 36 && text.allSatisfy { $0 == digit || $0 == "-" }
    }
}
