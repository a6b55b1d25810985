import CPgQuery

/// What an expression without columns and parameters comes to, as far as comparing two of them needs.
enum Constant: Equatable {
    case null
    case boolean(Bool)
    case number(Number)
    case text(String)
    /// A date, a time or a UUID, each of which has more than one form.
    case written(String, type: String)

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
        case .written: return .unknown
        }
    }

    /// As a number where it stands beside one: a literal takes the type of what it is compared with.
    var asNumber: Number? {
        switch self {
        case .number(let number): number
        case .text(let text): Number(text)
        case .null, .boolean, .written: nil
        }
    }

    func compared(_ name: String, _ other: Constant) -> Filter.Truth {
        let order: (equal: Bool, less: Bool)
        switch (self, other) {
        // With transform_null_equals, `= NULL` is a test.
        case (.null, _), (_, .null): return name == "=" ? .unknown : .never
        case (.boolean(let a), .boolean(let b)): order = (a == b, !a && b)
        case (.text(let a), .text(let b)) where name == "=" || name == "<>":
            order = (Self.areEqual(a, b), false)
        case (.written(let a, let type), .written(let b, let other)):
            guard let found = Self.order(a, type, b, other) else { return .unknown }
            order = found
        case (.written(let a, let type), .text(let b)), (.text(let b), .written(let a, let type)):
            guard let found = Self.order(a, type, b, type) else { return .unknown }
            if case .text = self { order = (found.equal, !found.equal && !found.less) } else { order = found }
        case (.written, _), (_, .written): return .unknown
        case (.number, .number), (.number, .text), (.text, .number):
            guard let a = asNumber, let b = other.asNumber, a.isComparable(with: b) else { return .unknown }
            order = (a == b, a < b)
        case (.text(let a), .text(let b)):
            guard Self.areAlike(a, b) else { return .unknown }
            order = (Self.areEqual(a, b), a.utf8.lexicographicallyPrecedes(b.utf8))
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

    /// By bytes: a String's own `==` takes some texts of different letters for one.
    private static func areEqual(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    // MARK: dates, times and UUIDs

    /// nil: not known.
    private static func order(
        _ a: String, _ type: String, _ b: String, _ otherType: String
    ) -> (equal: Bool, less: Bool)? {
        if areEqual(a, b) { return type == otherType || isDay(a) ? (true, false) : nil }
        let isKnown: Bool
        if type == "uuid" {
            isKnown = type == otherType && isUUID(a) && isUUID(b)
        } else {
            // Of one day, a zone or a type that drops the time decides.
            isKnown =
                a.utf8.count == b.utf8.count && isMoment(a) && isMoment(b)
                && !a.utf8.prefix(10).elementsEqual(b.utf8.prefix(10))
        }
        return isKnown ? (false, a.utf8.lexicographicallyPrecedes(b.utf8)) : nil
    }

    private static func isDay(_ text: String) -> Bool { text.utf8.count == 10 && isMoment(text) }

    /// `2020-01-31`, `2020-01-31 23:59:59`.
    private static func isMoment(_ text: String) -> Bool {
        guard fits(text, "0000-00-00") || fits(text, "0000-00-00 00:00:00") else { return false }
        // PostgreSQL takes 24:00:00 and a 60th second as the next day's and minute's.
        let bytes = Array(text.utf8)
        return bytes.count == 10 || bytes[11...12].lexicographicallyPrecedes("24".utf8) && bytes[17] < UInt8(ascii: "6")
    }

    private static func isUUID(_ text: String) -> Bool {
        let digits = Array("0123456789abcdef".utf8)
        let places = text.utf8.enumerated()
        return text.utf8.count == 36
            && places.allSatisfy { [8, 13, 18, 23].contains($0) ? $1 == UInt8(ascii: "-") : digits.contains($1) }
    }

    private static func fits(_ text: String, _ form: String) -> Bool {
        text.utf8.count == form.utf8.count
            && zip(text.utf8, form.utf8).allSatisfy { $1 == UInt8(ascii: "0") ? isDigit($0) : $0 == $1 }
    }

    /// How texts sort is the collation's matter, but for those that differ in digits alone or in length: dates and times, codes.
    static func areAlike(_ a: String, _ b: String) -> Bool {
        zip(a.utf8, b.utf8).allSatisfy { $0 == $1 || isDigit($0) && isDigit($1) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
