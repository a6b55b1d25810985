/// Bounds how deep PostgreSQL's parser can nest for a text, before it is parsed: the tree builders in
/// libpg_query recurse without a limit, so a chain such as `1+1+1…` would run off the stack.
///
/// The estimate is an upper bound. Every token may add one level to its own list element; commas, `AND` and
/// `OR` start a new element (PostgreSQL flattens those chains); brackets add up. Chains that commas do not end
/// (set operations, joins, `CASE`) are counted for the whole bracket level, and SQL function bodies for the text.
struct NestingScan {
    /// Deepest estimate over the text.
    private(set) var depth = 0
    /// Tokens of the text, and its semicolons: what parsing and looking at it costs grows with them.
    private(set) var tokens = 0
    private(set) var semicolons = 0
    /// All names are in the form that ``ComposedName`` asks for.
    private(set) var hasComposedNames = true

    private var levels: [Level] = [Level()]
    private var outer = 0
    private var bodies = 0

    private struct Level {
        /// Tokens since the last separator.
        var run = 0
        /// Levels that no separator ends.
        var kept = 0
        var total: Int { run + kept }
    }

    /// Levels added by one SQL-standard function body, more than its grammar rules nest.
    private static let bodyWeight = 16

    init(_ sql: UnsafeRawBufferPointer) {
        var at = 0
        while at < sql.count {
            let byte = sql[at]
            switch byte {
            case UInt8(ascii: " "), 0x09, 0x0A, 0x0C, 0x0D:
                at += 1
            case UInt8(ascii: "-") where at + 1 < sql.count && sql[at + 1] == byte:
                at = Self.endOfLine(sql, at)
            case UInt8(ascii: "/") where at + 1 < sql.count && sql[at + 1] == UInt8(ascii: "*"):
                at = Self.endOfComment(sql, at)
            case UInt8(ascii: "'"):
                at = Self.endOfQuoted(sql, at, escapes: false)
                token()
            case UInt8(ascii: "\""):
                let start = at + 1
                at = Self.endOfQuoted(sql, at, escapes: false)
                name(UnsafeRawBufferPointer(rebasing: sql[start..<max(start, at - 1)]))
                token()
            case UInt8(ascii: "$"):
                at = Self.endOfDollar(sql, at)
                token()
            case UInt8(ascii: "("), UInt8(ascii: "["):
                at += 1
                token()
                outer += levels[levels.count - 1].total
                levels.append(Level())
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                at += 1
                if levels.count > 1 {
                    levels.removeLast()
                    outer -= levels[levels.count - 1].total
                }
            case UInt8(ascii: ","):
                at += 1
                tokens += 1
                levels[levels.count - 1].run = 0
            case UInt8(ascii: ";"):
                at += 1
                semicolons += 1
                levels[levels.count - 1] = Level()
            case _ where Self.startsWord(byte):
                let start = at
                while at < sql.count, Self.continuesWord(sql[at]) { at += 1 }
                if at - start == 1, byte | 0x20 == UInt8(ascii: "e"), at < sql.count, sql[at] == UInt8(ascii: "'") {
                    at = Self.endOfQuoted(sql, at, escapes: true)
                    token()
                } else {
                    word(UnsafeRawBufferPointer(rebasing: sql[start..<at]))
                }
            case _ where Self.isDigit(byte):
                while at < sql.count, Self.continuesWord(sql[at]) || sql[at] == UInt8(ascii: ".") { at += 1 }
                token()
            default:
                at += 1
                token()
            }
        }
    }

    private mutating func token() {
        tokens += 1
        levels[levels.count - 1].run += 1
        depth = max(depth, outer + bodies + levels[levels.count - 1].total)
    }

    private mutating func name(_ text: UnsafeRawBufferPointer) {
        if hasComposedNames { hasComposedNames = ComposedName.isComposed(text) }
    }

    private mutating func word(_ text: UnsafeRawBufferPointer) {
        name(text)
        token()
        let last = levels.count - 1
        if Self.matches(text, "and") || Self.matches(text, "or") {
            levels[last].run = 2
        } else if Self.matches(text, "union") || Self.matches(text, "intersect") || Self.matches(text, "except")
            || Self.matches(text, "join") || Self.matches(text, "case")
        {
            levels[last].kept += 2
        } else if Self.matches(text, "atomic") {
            bodies += Self.bodyWeight
        }
    }

    private static func matches(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<text.count where text[index] | 0x20 != word.utf8Start[index] { return false }
        return true
    }

    private static func startsWord(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    private static func continuesWord(_ byte: UInt8) -> Bool {
        startsWord(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }

    private static func endOfLine(_ sql: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start
        while at < sql.count, sql[at] != 0x0A, sql[at] != 0x0D { at += 1 }
        return at
    }

    /// PostgreSQL's comments nest.
    private static func endOfComment(_ sql: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start
        var open = 0
        while at + 1 < sql.count {
            if sql[at] == UInt8(ascii: "/"), sql[at + 1] == UInt8(ascii: "*") {
                open += 1
                at += 2
            } else if sql[at] == UInt8(ascii: "*"), sql[at + 1] == UInt8(ascii: "/") {
                open -= 1
                at += 2
                if open == 0 { return at }
            } else {
                at += 1
            }
        }
        return sql.count
    }

    /// A doubled quote reads as two adjacent texts, which is the same for counting. Texts that a line break parts are one,
    /// with the escapes of the first.
    private static func endOfQuoted(_ sql: UnsafeRawBufferPointer, _ start: Int, escapes: Bool) -> Int {
        let quote = sql[start]
        var at = start + 1
        while at < sql.count {
            if sql[at] == quote {
                if at + 1 < sql.count, sql[at + 1] == quote {
                    at += 2
                } else if quote == UInt8(ascii: "'"), let next = continuation(sql, at + 1) {
                    at = next + 1
                } else {
                    return at + 1
                }
            } else {
                at += escapes && sql[at] == UInt8(ascii: "\\") ? 2 : 1
            }
        }
        return sql.count
    }

    /// The quote behind white space with a line break. PostgreSQL takes line comments for white space here, and
    /// libpg_query does not: with one the text is an error at the second literal.
    private static func continuation(_ sql: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var at = start
        var hasLineBreak = false
        while at < sql.count {
            switch sql[at] {
            case 0x0A, 0x0D:
                hasLineBreak = true
                at += 1
            case UInt8(ascii: " "), 0x09, 0x0C:
                at += 1
            case UInt8(ascii: "'"):
                return hasLineBreak ? at : nil
            default:
                return nil
            }
        }
        return nil
    }

    /// `$tag$ … $tag$`, or a lone `$` (a parameter).
    private static func endOfDollar(_ sql: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start + 1
        if at < sql.count, isDigit(sql[at]) { return at }
        while at < sql.count, startsWord(sql[at]) || isDigit(sql[at]) { at += 1 }
        guard at < sql.count, sql[at] == UInt8(ascii: "$") else { return start + 1 }
        let tag = sql[start...at]
        at += 1
        while at + tag.count <= sql.count {
            if sql[at] == UInt8(ascii: "$"), sql[at..<at + tag.count].elementsEqual(tag) { return at + tag.count }
            at += 1
        }
        return sql.count
    }
}
