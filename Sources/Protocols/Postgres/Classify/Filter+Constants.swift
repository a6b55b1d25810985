import CPgQuery

/// A literal, as far as comparing two of them needs.
enum Constant: Equatable {
    case null
    case boolean(Bool)
    case number(Int64)
    case text(String)

    /// Whole numbers below it are compared; the grammar has those beyond 32 bits as texts.
    private static let largest: UInt64 = 1 << 62

    init?(_ node: Message) {
        var node = node
        // Only a cast to boolean keeps what a literal says: `0.4::int` is 0.
        while node.kind == .typeCast {
            let cast = node.unpacked(as: PgQuery__TypeCast.self)
            guard let type = cast.type_name, names(type.pointee.n_names, type.pointee.names).last == "bool",
                type.pointee.n_array_bounds == 0, let inner = Message(cast.arg)
            else { return nil }
            node = inner
        }
        guard node.kind == .aConst else { return nil }
        if node.unpacked(as: PgQuery__AConst.self).isnull != 0 {
            self = .null
            return
        }
        guard let value = node.children.first else { return nil }
        if let text = value.text {
            self = .text(text)
        } else if value.kind == .integer {
            self = .number(Int64(value.unpacked(as: PgQuery__Integer.self).ival))
        } else if value.kind == .float,
            let number = Int64(String(cString: value.unpacked(as: PgQuery__Float.self).fval)),
            number.magnitude < Self.largest
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
        case .number(let value): return value == 0 ? .never : .always
        case .text(let text):
            let text = text.lowercased()
            if ["true", "t", "yes", "y", "on", "1"].contains(text) { return .always }
            return ["false", "f", "no", "n", "off", "0"].contains(text) ? .never : .unknown
        }
    }

    func compared(_ name: String, _ other: Constant) -> Filter.Truth {
        let order: (equal: Bool, less: Bool)
        switch (self, other) {
        // With transform_null_equals, `= NULL` is a test.
        case (.null, _), (_, .null): return name == "=" ? .unknown : .never
        case (.number(let a), .number(let b)): order = (a == b, a < b)
        case (.boolean(let a), .boolean(let b)): order = (a == b, !a && b)
        case (.text(let a), .text(let b)) where name == "=" || name == "<>": order = (a == b, false)
        case (.text, _), (.number, _), (.boolean, _): return .unknown
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
}
