import CPgQuery

/// Decides conditions that compare one expression with literals, by trying all values that can make a difference:
/// `id < 5 OR id >= 3` holds for every number.
enum ValueSet {
    /// Comparisons that are tried for conditions over one expression; where they do not suffice, it is taken for decided.
    private static let maximumTrials = 16_384

    /// Whether conditions over one expression, joined by OR, hold for every value; joined by AND (`allHold`), for none.
    static func decides(_ conditions: [Message], allHold: Bool) -> Bool {
        var groups: [(subject: Message, conditions: [Message])] = []
        var places: [Int: [Int]] = [:]
        for condition in conditions {
            guard let subject = subject(of: condition) else { continue }
            let hash = expressionHash(subject)
            if let place = places[hash]?.first(where: { sameExpression(groups[$0].subject, subject) }) {
                groups[place].conditions.append(condition)
            } else {
                places[hash, default: []].append(groups.count)
                groups.append((subject, [condition]))
            }
        }
        return groups.contains { decides(ofOne: $0.conditions, allHold: allHold) }
    }

    private static func decides(ofOne conditions: [Message], allHold: Bool) -> Bool {
        var constants: [Constant] = []
        for condition in conditions { collect(condition, into: &constants) }
        guard let points = points(constants) else { return false }
        var trials = 0
        for point in points {
            guard trials <= maximumTrials else { return true }
            trials += constants.count
            let isDecided =
                allHold
                ? conditions.contains { !holds($0, at: point) } : conditions.contains { holds($0, at: point) }
            if !isDecided { return false }
        }
        return true
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
        guard let first = constants.first else { return nil }
        var points: [Point] = []
        for constant in constants {
            switch (first, constant) {
            case (.number, .number(let value)):
                // Whole numbers only: `c <= 1 OR c >= 2` holds for every integer, and for nearly every other number.
                points += [-1, 0, 1].map { .number(value + $0) }
            case (.boolean, .boolean):
                points = [.boolean(true), .boolean(false)]
            case (.text, .text(let value)):
                if points.isEmpty { points.append(.text(nil)) }
                points.append(.text(value))
            default:
                return nil
            }
        }
        return ends(of: points) + points
    }

    /// The least and the greatest number, which most lists of values and ranges leave out.
    private static func ends(of points: [Point]) -> [Point] {
        let numbers = points.compactMap { point -> Int64? in
            if case .number(let number) = point { number } else { nil }
        }
        return [numbers.min(), numbers.max()].compactMap { $0.map(Point.number) }
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
        case "BETWEEN", "NOT BETWEEN":
            let isBetween =
                compare(point, ">=", comparison.constants[0]) && compare(point, "<=", comparison.constants[1])
            return isBetween == (comparison.name == "BETWEEN")
        case "IN": return comparison.constants.contains { compare(point, "=", $0) }
        case "NOT IN": return !comparison.constants.contains { compare(point, "=", $0) }
        default: return compare(point, comparison.name, comparison.constants[0])
        }
    }

    private static func compare(_ point: Point, _ name: String, _ constant: Constant) -> Bool {
        let order: (equal: Bool, less: Bool)
        switch (point, constant) {
        case (.number(let a), .number(let b)): order = (a == b, a < b)
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
            case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT, PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
                guard let constant = Constant(right) else { return nil }
                let isDistinct = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT
                (subject, name, constants) = (left, isDistinct ? "<>" : "=", [constant])
            case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
                (subject, name, constants) = (left, operation == "=" ? "IN" : "NOT IN", items.compactMap { $0 })
            case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
                (subject, name, constants) = (left, "BETWEEN", items.compactMap { $0 })
            case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
                (subject, name, constants) = (left, "NOT BETWEEN", items.compactMap { $0 })
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
