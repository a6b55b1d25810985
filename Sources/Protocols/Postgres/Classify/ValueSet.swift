import CPgQuery

/// Decides conditions that compare one expression with literals, by trying all values that can make a difference:
/// `id < 5 OR id >= 3` holds for every number.
enum ValueSet {
    /// More literals are rare and cost the square.
    private static let maximumConstants = 64

    /// Whether conditions over one expression, joined by OR, hold for every value; joined by AND (`allHold`), for none.
    static func decides(_ conditions: [Message], allHold: Bool) -> Bool {
        var groups: [(subject: Message, conditions: [Message])] = []
        for condition in conditions.prefix(maximumConstants) {
            guard let subject = subject(of: condition) else { continue }
            if let index = groups.firstIndex(where: { sameExpression($0.subject, subject) }) {
                groups[index].conditions.append(condition)
            } else {
                groups.append((subject, [condition]))
            }
        }
        return groups.contains { group in
            var constants: [Constant] = []
            for condition in group.conditions { collect(condition, into: &constants) }
            guard let points = points(constants) else { return false }
            return points.allSatisfy { point in
                let results = group.conditions.map { holds($0, at: point) }
                return allHold ? results.contains(false) : results.contains(true)
            }
        }
    }

    /// `c IN (true, false)`.
    static func holdsBothBooleans(_ items: [Message]) -> Bool {
        let constants = items.map { Constant($0) }
        return constants.contains(.boolean(true)) && constants.contains(.boolean(false))
    }

    private enum Point {
        case number(Int64)
        case boolean(Bool)
        /// nil: a text that no literal is.
        case text(String?)
    }

    private static func points(_ constants: [Constant]) -> [Point]? {
        guard let first = constants.first, constants.count <= maximumConstants else { return nil }
        var points: [Point] = []
        for constant in constants {
            switch (first, constant) {
            case (.number, .number(let value)):
                // Whole numbers only: `c <= 1 OR c >= 2` holds for every integer, and for nearly every other number.
                points += [-1, 0, 1].map { .number(Int64(value) + $0) }
            case (.boolean, .boolean):
                points = [.boolean(true), .boolean(false)]
            case (.text, .text(let value)):
                if points.isEmpty { points.append(.text(nil)) }
                points.append(.text(value))
            default:
                return nil
            }
        }
        return points
    }

    /// The expression that a condition compares with literals, and with nothing else.
    private static func subject(of condition: Message) -> Message? {
        if condition.kind == .boolExpr {
            var found: Message?
            for child in condition.children {
                guard let subject = subject(of: child), found.map({ sameExpression($0, subject) }) ?? true else {
                    return nil
                }
                found = subject
            }
            return found
        }
        guard let comparison = Comparison(condition) else { return nil }
        return comparison.subject
    }

    private static func collect(_ condition: Message, into constants: inout [Constant]) {
        if condition.kind == .boolExpr {
            for child in condition.children { collect(child, into: &constants) }
        } else if let comparison = Comparison(condition) {
            constants += comparison.constants
        }
    }

    private static func holds(_ condition: Message, at point: Point) -> Bool {
        if condition.kind == .boolExpr {
            let expression = condition.unpacked(as: PgQuery__BoolExpr.self)
            let results = condition.children.map { holds($0, at: point) }
            switch expression.boolop {
            case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR: return !results.contains(false)
            case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR: return results.contains(true)
            default: return results.first == false
            }
        }
        guard let comparison = Comparison(condition) else { return false }
        switch comparison.name {
        case "BETWEEN":
            return compare(point, ">=", comparison.constants[0]) && compare(point, "<=", comparison.constants[1])
        case "IN": return comparison.constants.contains { compare(point, "=", $0) }
        case "NOT IN": return !comparison.constants.contains { compare(point, "=", $0) }
        default: return compare(point, comparison.name, comparison.constants[0])
        }
    }

    private static func compare(_ point: Point, _ name: String, _ constant: Constant) -> Bool {
        let order: (equal: Bool, less: Bool)
        switch (point, constant) {
        case (.number(let a), .number(let b)): order = (a == Int64(b), a < Int64(b))
        case (.boolean(let a), .boolean(let b)): order = (a == b, !a && b)
        case (.text(let a), .text(let b)): order = (a == b, false)
        default: return false
        }
        switch name {
        case "=": return order.equal
        case "<>": return !order.equal
        case "<": return order.less
        case "<=": return order.less || order.equal
        case ">": return !order.less && !order.equal
        default: return !order.less
        }
    }

    /// One comparison of an expression with literals.
    private struct Comparison {
        var subject: Message
        var name: String
        var constants: [Constant]

        init?(_ node: Message) {
            if node.kind == .columnRef {
                (subject, name, constants) = (node, "=", [.boolean(true)])
                return
            }
            guard node.kind == .aExpr else { return nil }
            let expression = node.unpacked(as: PgQuery__AExpr.self)
            guard let left = Message(expression.lexpr), let right = Message(expression.rexpr) else { return nil }
            let operation = names(expression.n_name, expression.name).last ?? ""
            let items = right.kind == .list ? right.children.map { Constant($0) } : [Constant(right)]
            switch expression.kind {
            case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
                if let constant = Constant(right) {
                    (subject, name, constants) = (left, operation, [constant])
                } else if let constant = Constant(left) {
                    let mirrored = ["<": ">", ">": "<", "<=": ">=", ">=": "<="][operation] ?? operation
                    (subject, name, constants) = (right, mirrored, [constant])
                } else {
                    return nil
                }
                guard ["=", "<>", "<", "<=", ">", ">="].contains(name) else { return nil }
            case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
                (subject, name, constants) = (left, operation == "=" ? "IN" : "NOT IN", items.compactMap { $0 })
            case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
                (subject, name, constants) = (left, "BETWEEN", items.compactMap { $0 })
            default:
                return nil
            }
            guard constants.count == items.count || expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP,
                Constant(subject) == nil, !constants.contains(.null)
            else { return nil }
            // How texts sort is the collation's matter.
            if !["=", "<>", "IN", "NOT IN"].contains(name), constants.contains(where: \.isText) { return nil }
        }
    }
}

extension Constant {
    fileprivate var isText: Bool {
        if case .text = self { return true }
        return false
    }
}
