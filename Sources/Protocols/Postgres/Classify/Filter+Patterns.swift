import CPgQuery

extension Filter {
    /// The pattern of a LIKE or SIMILAR TO, without its ESCAPE.
    static func pattern(_ node: Message) -> String? {
        if case .text(let text) = Constant(node) { return text }
        guard node.kind == .funcCall else { return nil }
        let function = node.unpacked(as: PgQuery__FuncCall.self)
        guard let first = messages(function.n_args, function.args).first, case .text(let text) = Constant(first) else {
            return nil
        }
        return text
    }

    static func isOnlyPercent(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 == UInt8(ascii: "%") }
    }

    /// Whether every text matches a regular expression.
    static func matchesAnything(_ text: String) -> Bool {
        var expression = RegularExpression(text)
        return expression.matchesAnything()
    }
}

/// A regular expression, as far as telling whether it matches everything needs. PostgreSQL manual, 9.7.3.
///
/// One that matches the empty text somewhere matches every text. What is not understood counts as a filter.
struct RegularExpression {
    /// Groups within groups.
    private static let maximumDepth = 32

    private let text: [UInt8]
    private var at = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    mutating func matchesAnything() -> Bool {
        skipOptions()
        let start = at
        if Self.whole.contains(Array(text[start...])) { return true }
        let matches = alternatives(depth: 0)
        return matches && at == text.count
    }

    /// Those that are held at both ends.
    private static let whole: [[UInt8]] = [
        "^.*$", "^(.*)$", "^.*?$", "^(.|\\n)*$", "^[\\s\\S]*$", "^.{0,}$", "\\A.*\\Z",
    ]
    .map { Array($0.utf8) }

    private var byte: UInt8? { at < text.count ? text[at] : nil }

    /// `(?i)` at the beginning, and the word for the usual kind.
    private mutating func skipOptions() {
        if text.starts(with: Array("***:".utf8)) { at = 4 }
        guard at == 0, text.starts(with: Array("(?".utf8)), let end = text.firstIndex(of: UInt8(ascii: ")")),
            text[2..<end].allSatisfy({ $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }), end > 2
        else { return }
        at = end + 1
    }

    /// Whether one of the branches up to the end, or to a closing parenthesis, matches the empty text.
    private mutating func alternatives(depth: Int) -> Bool {
        guard depth < Self.maximumDepth else {
            at = text.count
            return false
        }
        var matches = branch(depth: depth)
        while byte == UInt8(ascii: "|") {
            at += 1
            let next = branch(depth: depth)
            matches = matches || next
        }
        return matches
    }

    private mutating func branch(depth: Int) -> Bool {
        var isEmpty = true
        var anchors = 0
        while let byte, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            at += 1
            var matchesEmpty = false
            switch byte {
            case UInt8(ascii: "^"), UInt8(ascii: "$"):
                // Each end alone is met somewhere, both at once by the empty text alone.
                anchors += 1
                continue
            case UInt8(ascii: "\\"): at += 1
            case UInt8(ascii: "["): skipBracket()
            case UInt8(ascii: "("):
                if self.byte == UInt8(ascii: "?") {
                    at += 1
                    let isGroup = self.byte == UInt8(ascii: ":")
                    at += 1
                    // What looks ahead or behind is a condition.
                    if !isGroup { isEmpty = false }
                }
                matchesEmpty = alternatives(depth: depth + 1)
                guard self.byte == UInt8(ascii: ")") else { return false }
                at += 1
            default: break
            }
            let isOptional = quantifier()
            isEmpty = isEmpty && (isOptional || matchesEmpty)
        }
        return isEmpty && anchors < 2
    }

    private mutating func skipBracket() {
        if byte == UInt8(ascii: "^") { at += 1 }
        if byte == UInt8(ascii: "]") { at += 1 }
        while let byte, byte != UInt8(ascii: "]") { at += byte == UInt8(ascii: "\\") ? 2 : 1 }
        at += 1
    }

    /// Whether what stands before it may be left out.
    private mutating func quantifier() -> Bool {
        var isOptional = false
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"):
            at += 1
            isOptional = true
        case UInt8(ascii: "+"): at += 1
        case UInt8(ascii: "{"):
            isOptional =
                at + 2 < text.count && text[at + 1] == UInt8(ascii: "0")
                && (text[at + 2] == UInt8(ascii: ",") || text[at + 2] == UInt8(ascii: "}"))
            at = text[at...].firstIndex(of: UInt8(ascii: "}")).map { $0 + 1 } ?? text.count
        default: return false
        }
        if byte == UInt8(ascii: "?") { at += 1 }
        return isOptional
    }
}
