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
        return matches & ~Self.both != 0 && at == text.count
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
        // A text as it stands, and an older kind: not understood.
        guard !text[2..<end].contains(where: { $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "b") }) else { return }
        at = end + 1
    }

    // Where the empty text is matched: a bit for anywhere, at the beginning, at the end, and at both at once, which is
    // met by the empty text alone.
    private static let anywhere: UInt8 = 1
    private static let beginning: UInt8 = 1 << 1
    private static let end: UInt8 = 1 << 2
    private static let both: UInt8 = 1 << 3

    /// Where both are matched, one after the other.
    private static func joined(_ a: UInt8, _ b: UInt8) -> UInt8 {
        var result: UInt8 = 0
        for left in 0..<4 where a >> left & 1 == 1 {
            for right in 0..<4 where b >> right & 1 == 1 { result |= 1 << (left | right) }
        }
        return result
    }

    /// Where one of the branches up to the end, or to a closing parenthesis, matches the empty text.
    private mutating func alternatives(depth: Int) -> UInt8 {
        guard depth < Self.maximumDepth else {
            at = text.count
            return 0
        }
        var matches = branch(depth: depth)
        while byte == UInt8(ascii: "|") {
            at += 1
            matches |= branch(depth: depth)
        }
        return matches
    }

    private mutating func branch(depth: Int) -> UInt8 {
        var found = Self.anywhere
        while let byte, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            at += 1
            var matches: UInt8 = 0
            var isCondition = false
            switch byte {
            case UInt8(ascii: "^"): matches = Self.beginning
            case UInt8(ascii: "$"): matches = Self.end
            case UInt8(ascii: "\\"):
                if self.byte == UInt8(ascii: "A") { matches = Self.beginning }
                if self.byte == UInt8(ascii: "Z") { matches = Self.end }
                at += 1
            case UInt8(ascii: "["): skipBracket()
            case UInt8(ascii: "("):
                if self.byte == UInt8(ascii: "?") {
                    at += 1
                    let isGroup = self.byte == UInt8(ascii: ":")
                    at += 1
                    // What looks ahead or behind is a condition.
                    isCondition = !isGroup
                }
                matches = alternatives(depth: depth + 1)
                guard self.byte == UInt8(ascii: ")") else { return 0 }
                at += 1
            default: break
            }
            if quantifier() { matches |= Self.anywhere }
            found = isCondition ? 0 : Self.joined(found, matches)
        }
        return found
    }

    private mutating func skipBracket() {
        if byte == UInt8(ascii: "^") { at += 1 }
        if byte == UInt8(ascii: "]") { at += 1 }
        while let byte, byte != UInt8(ascii: "]") {
            at += byte == UInt8(ascii: "\\") ? 2 : 1
            // `[:alpha:]`, `[.-.]`, `[=a=]`.
            guard byte == UInt8(ascii: "["), let mark = self.byte, ":.=".utf8.contains(mark) else { continue }
            at += 1
            while at + 1 < text.count, text[at] != mark || text[at + 1] != UInt8(ascii: "]") { at += 1 }
            at += 2
        }
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
