import CPgQuery

/// What an expression without columns and parameters comes to, as far as comparing two of them needs.
enum Constant: Equatable {
    case null
    case boolean(Bool)
    case number(Number)
    case text(String)

    /// nil: it is not constant, or what it comes to is not known.
    init?(_ node: Message, depth: Int = 0) {
        if node.kind == .aConst {
            self.init(literal: node)
        } else if node.kind == .columnRef || node.kind == .boolExpr || node.kind == .subLink {
            return nil
        } else {
            self.init(folding: node, depth: depth)
        }
    }

    private init?(literal node: Message) {
        if node.unpacked(as: PgQuery__AConst.self).isnull != 0 {
            self = .null
            return
        }
        guard let value = node.children.first else { return nil }
        if let text = value.text {
            self = .text(text)
        } else if value.kind == .integer {
            self = .number(Number(Int64(value.unpacked(as: PgQuery__Integer.self).ival)))
        } else if value.kind == .float,
            let number = Number(String(cString: value.unpacked(as: PgQuery__Float.self).fval))
        {
            self = .number(number)
        } else if value.kind == .boolean {
            self = .boolean(value.unpacked(as: PgQuery__Boolean.self).boolval != 0)
        } else {
            return nil
        }
    }

    /// As a condition. PostgreSQL manual, 8.6: the texts that stand for true and false.
    var truth: Filter.Truth {
        switch self {
        case .null: return .never
        case .boolean(let value): return value ? .always : .never
        case .number(let value): return value.isZero ? .never : .always
        case .text(let text):
            let text = text.lowercased()
            if ["true", "t", "yes", "y", "on", "1"].contains(text) { return .always }
            return ["false", "f", "no", "n", "off", "0"].contains(text) ? .never : .unknown
        }
    }

    /// As a number where it stands beside one: a literal takes the type of what it is compared with.
    var asNumber: Number? {
        switch self {
        case .number(let number): number
        case .text(let text): Number(text)
        case .null, .boolean: nil
        }
    }

    func compared(_ name: String, _ other: Constant) -> Filter.Truth {
        let order: (equal: Bool, less: Bool)
        switch (self, other) {
        // With transform_null_equals, `= NULL` is a test.
        case (.null, _), (_, .null): return name == "=" ? .unknown : .never
        case (.boolean(let a), .boolean(let b)): order = (a == b, !a && b)
        case (.text(let a), .text(let b)) where name == "=" || name == "<>": order = (a == b, false)
        case (.number, .number), (.number, .text), (.text, .number):
            guard let a = asNumber, let b = other.asNumber else { return .unknown }
            order = (a == b, a < b)
        case (.text(let a), .text(let b)):
            guard Self.areAlike(a, b) else { return .unknown }
            order = (a == b, a.utf8.lexicographicallyPrecedes(b.utf8))
        case (.boolean, _), (_, .boolean): return .unknown
        }
        let holds: Bool
        switch name {
        case "=": holds = order.equal
        case "<>", "!=": holds = !order.equal
        case "<": holds = order.less
        case "<=": holds = order.less || order.equal
        case ">": holds = !order.less && !order.equal
        case ">=": holds = !order.less
        default: return .unknown
        }
        return holds ? .always : .never
    }

    /// How texts sort is the collation's matter, but for those that differ in digits alone or in length: dates and times, codes.
    static func areAlike(_ a: String, _ b: String) -> Bool {
        zip(a.utf8, b.utf8).allSatisfy { $0 == $1 || isDigit($0) && isDigit($1) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
