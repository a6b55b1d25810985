import CPgQuery

/// Operators and functions of pg_catalog over constants. PostgreSQL manual, 9.2 to 9.4 and 9.18.
extension Constant {
    /// Characters of a text that is worked out.
    private static let maximumLength = 1000
    /// Expressions in expressions: each is looked into by those around it too.
    private static let maximumDepth = 16

    init?(folding node: Message, depth: Int) {
        guard depth < Self.maximumDepth else { return nil }
        let value: Constant?
        if node.kind == .aExpr {
            value = Self.operation(node.unpacked(as: PgQuery__AExpr.self), depth + 1)
        } else if node.kind == .typeCast {
            value = Self.cast(node.unpacked(as: PgQuery__TypeCast.self), depth + 1)
        } else if node.kind == .funcCall {
            value = Self.call(node.unpacked(as: PgQuery__FuncCall.self), depth + 1)
        } else if node.shape.name == "CollateClause" {
            value = Message(node.unpacked(as: PgQuery__CollateClause.self).arg).flatMap {
                Constant($0, depth: depth + 1)
            }
        } else if node.shape.name == "CoalesceExpr" {
            value = Self.all(node.children, depth + 1).flatMap(Self.ofOneType).map {
                $0.first { $0 != .null } ?? .null
            }
        } else if node.shape.name == "MinMaxExpr" {
            let expression = node.unpacked(as: PgQuery__MinMaxExpr.self)
            let name = expression.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? ">=" : "<="
            value = Self.all(messages(expression.n_args, expression.args), depth + 1).flatMap(Self.ofOneType)
                .flatMap { Self.extreme(of: $0, name) }
        } else {
            value = nil
        }
        guard let value else { return nil }
        self = value
    }

    /// nil unless all are constant.
    private static func all(_ nodes: [Message], _ depth: Int) -> [Constant]? {
        var constants: [Constant] = []
        for node in nodes {
            guard let constant = Constant(node, depth: depth) else { return nil }
            constants.append(constant)
        }
        return constants
    }

    /// What stands beside numbers is one, and of integers beside others all are such; nil where that is not known.
    private static func ofOneType(_ constants: [Constant]) -> [Constant]? {
        var kind: Number.Kind?
        for case .number(let number) in constants { kind = number.kind(beside: kind) }
        guard let kind else { return constants }
        var result: [Constant] = []
        for constant in constants {
            guard constant == .null || constant.asNumber?.of(kind) != nil else { return nil }
            result.append(constant.asNumber?.of(kind).map { .number($0) } ?? constant)
        }
        return result
    }

    private static func extreme(of constants: [Constant], _ name: String) -> Constant? {
        var found: Constant = .null
        for constant in constants where constant != .null {
            if found == .null {
                found = constant
                continue
            }
            switch constant.compared(name, found) {
            case .always: found = constant
            case .never: break
            case .likely, .unknown: return nil
            }
        }
        return found
    }

    // MARK: operators

    private static func operation(_ expression: PgQuery__AExpr, _ depth: Int) -> Constant? {
        let isNullIf = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF
        guard isNullIf || expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP,
            let rightNode = Message(expression.rexpr)
        else { return nil }
        // The side that is a column in most conditions is looked at first.
        guard let leftNode = Message(expression.lexpr) else {
            guard let value = Constant(rightNode, depth: depth) else { return nil }
            return unary(expression.operatorName, value)
        }
        guard let left = Constant(leftNode, depth: depth), let right = Constant(rightNode, depth: depth) else {
            return nil
        }
        if isNullIf { return Self.nullIf(left, right) }
        let name = expression.operatorName
        if ["=", "<>", "!=", "<", "<=", ">", ">="].contains(name) {
            switch left.compared(name, right) {
            case .always: return .boolean(true)
            case .never: return left == .null || right == .null ? .null : .boolean(false)
            case .likely, .unknown: return nil
            }
        }
        if left == .null || right == .null { return operators.contains(name) ? .null : nil }
        if name == "||" { return joined([left, right]) }
        // Two literals in quotes have no type of their own.
        if case .text = left, case .text = right { return nil }
        guard let a = left.asNumber, let b = right.asNumber else { return nil }
        return number(a, name, b).map { .number($0) }
    }

    private static func nullIf(_ left: Constant, _ right: Constant) -> Constant? {
        switch left.compared("=", right) {
        case .always: return .null
        case .never: return right == .null ? left : ofOneType([left, right])?.first
        case .likely, .unknown: return nil
        }
    }

    private static let operators: Set<String> = ["+", "-", "*", "/", "%", "||", "^", "&", "|", "#"]

    private static func unary(_ name: String, _ value: Constant) -> Constant? {
        switch (name, value) {
        case ("+", .number), ("-", .null), ("+", .null): value
        case ("-", .number(let number)): (-number).map { .number($0) }
        case ("@", .number(let number)): number.isNegative ? (-number).map { .number($0) } : value
        default: nil
        }
    }

    static func number(_ a: Number, _ name: String, _ b: Number) -> Number? {
        switch name {
        case "+": a + b
        case "-": a - b
        case "*": a * b
        case "/": a / b
        case "%": a % b
        case "^": power(a, b)
        default: nil
        }
    }

    private static func power(_ a: Number, _ b: Number) -> Number? {
        guard let exponent = b.small, (0...64).contains(exponent) else { return nil }
        var product: Number? = .one
        for _ in 0..<exponent { product = product.flatMap { $0 * a } }
        return product?.of(a.isInteger && b.isInteger ? .float : .exact)
    }

    /// Booleans are written out by concat as `t`, by a cast as `true`: they are left alone.
    private static func joined(_ parts: [Constant]) -> Constant? {
        var text = ""
        for part in parts {
            guard case .text(let piece) = part else { return nil }
            text += piece
        }
        return text.utf8.count <= maximumLength ? .text(text) : nil
    }

    // MARK: casts

    private static func cast(_ cast: PgQuery__TypeCast, _ depth: Int) -> Constant? {
        guard let type = cast.type_name, type.pointee.n_array_bounds == 0, type.pointee.n_typmods == 0,
            castable.contains(type.pointee.lastName),
            let inner = Message(cast.arg), let value = Constant(inner, depth: depth)
        else { return nil }
        switch (type.pointee.lastName, value) {
        case (_, .null): return .null
        case ("bool", _): return value.truth.constant
        case ("int2", .number(let number)), ("int4", .number(let number)), ("int8", .number(let number)):
            return number.rounded(.nearest, toInteger: true).map { .number($0) }
        case ("int2", .text(let text)), ("int4", .text(let text)), ("int8", .text(let text)):
            return Number(text).flatMap { $0.isInteger ? .number($0) : nil }
        case ("int4", .boolean(let value)): return .number(value ? .one : .zero)
        case ("numeric", .number(let number)): return number.of(.exact).map { .number($0) }
        case ("numeric", .text(let text)): return Number(text)?.of(.exact).map { .number($0) }
        case ("text", .text), ("varchar", .text): return value
        case ("text", .boolean(let value)): return .text(value ? "true" : "false")
        case ("date", .text(let text)), ("timestamp", .text(let text)), ("timestamptz", .text(let text)),
            ("uuid", .text(let text)):
            return .written(text, type: type.pointee.lastName)
        default: return nil
        }
    }

    private static let castable: Set<String> = [
        "bool", "int2", "int4", "int8", "numeric", "text", "varchar", "date", "timestamp", "timestamptz", "uuid",
    ]

    // MARK: functions

    private static func call(_ function: PgQuery__FuncCall, _ depth: Int) -> Constant? {
        let parts = PostgresClassify.names(function.n_funcname, function.funcname)
        guard let name = parts.last, parts.count == 1 || parts.count == 2 && parts[0] == "pg_catalog",
            functions.contains(name), function.over == nil, function.agg_filter == nil,
            let arguments = all(messages(function.n_args, function.args), depth)
        else { return nil }
        if name == "concat" { return joined(arguments.filter { $0 != .null }) }
        if arguments.contains(.null) { return .null }
        switch arguments.count {
        case 1: return call(name, arguments[0])
        case 2: return call(name, arguments[0], arguments[1])
        default: return nil
        }
    }

    private static let functions: Set<String> = [
        "abs", "ascii", "btrim", "ceil", "ceiling", "char_length", "character_length", "concat", "floor", "left",
        "length", "lower", "ltrim", "mod", "octet_length", "pow", "power", "repeat", "right", "round", "rtrim", "sign",
        "strpos", "trunc", "upper",
    ]

    private static func call(_ name: String, _ argument: Constant) -> Constant? {
        switch argument {
        case .text(let text):
            switch name {
            case "length", "char_length", "character_length": return count(text.unicodeScalars.count)
            case "octet_length": return count(text.utf8.count)
            // What other letters become is the locale's matter.
            case "lower": return text.utf8.allSatisfy { $0 < 0x80 } ? .text(text.lowercased()) : nil
            case "upper": return text.utf8.allSatisfy { $0 < 0x80 } ? .text(text.uppercased()) : nil
            case "ascii": return count(Int(text.unicodeScalars.first?.value ?? 0))
            case "btrim": return .text(trimmed(text, left: true, right: true))
            case "ltrim": return .text(trimmed(text, left: true, right: false))
            case "rtrim": return .text(trimmed(text, left: false, right: true))
            default: return nil
            }
        case .number(let number):
            let result: Number?
            switch name {
            case "abs": result = number.isNegative ? -number : number
            case "ceil", "ceiling": result = number.rounded(.up)
            case "floor": result = number.rounded(.down)
            case "round": result = number.rounded(.nearest)
            case "trunc": result = number.rounded(.towardsZero)
            case "sign":
                result = (number.isZero ? Number.zero : number.isNegative ? -Number.one : .one)?.of(
                    number.isInteger ? .float : .exact)
            default: result = nil
            }
            return result.map { .number($0) }
        case .null, .boolean, .written: return nil
        }
    }

    private static func call(_ name: String, _ first: Constant, _ second: Constant) -> Constant? {
        switch (first, second) {
        case (.number(let a), .number(let b)):
            switch name {
            case "mod": return number(a, "%", b).map { .number($0) }
            case "power", "pow": return number(a, "^", b).map { .number($0) }
            default: return nil
            }
        case (.text(let text), .number(let number)):
            guard let count = number.small, count >= 0 else { return nil }
            switch name {
            case "repeat":
                return text.utf8.count * count <= maximumLength ? .text(String(repeating: text, count: count)) : nil
            case "left": return .text(String(String.UnicodeScalarView(text.unicodeScalars.prefix(count))))
            case "right": return .text(String(String.UnicodeScalarView(text.unicodeScalars.suffix(count))))
            default: return nil
            }
        case (.text(let text), .text(let part)) where name == "strpos" && part.isEmpty:
            return text.utf8.count <= maximumLength ? .number(.one) : nil
        default: return nil
        }
    }

    private static func count(_ value: Int) -> Constant { .number(Number(Int64(value))) }

    private static func trimmed(_ text: String, left: Bool, right: Bool) -> String {
        var rest = text.unicodeScalars[...]
        if left { rest = rest.drop { $0 == " " } }
        while right, rest.last == " " { rest.removeLast() }
        return String(String.UnicodeScalarView(rest))
    }
}

extension Filter.Truth {
    fileprivate var constant: Constant? {
        switch self {
        case .always: .boolean(true)
        case .never: .boolean(false)
        case .likely, .unknown: nil
        }
    }
}
