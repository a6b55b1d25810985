/// The names that a text may speak of: its words and quoted identifiers, as the target folds them.
///
/// More than it speaks of, never less. Names written with Unicode escapes (`U&"…"`) are not read.
struct NameScan {
    /// Most different names of one text.
    static let maximumNames = 4096
    /// PostgreSQL's NAMEDATALEN - 1: longer names are cut.
    static let maximumLength = 63

    enum Failure: Error, Equatable {
        /// There are more than ``maximumNames``.
        case tooMany
        /// A name is written with Unicode escapes.
        case escaped
    }

    let names: Set<String>

    init(_ text: [UInt8]) throws(Failure) {
        var scan = Scan(text: text)
        try scan.run()
        names = scan.names
    }

    /// The relation's own name in a dotted one as facts give it: `public."a.b"` → `a.b`.
    static func last(of dotted: String) -> String {
        let scalars = dotted.unicodeScalars
        guard scalars.last == "\"" else {
            return scalars.split(separator: ".").last.map { String($0) } ?? dotted
        }
        let quoted = scalars.dropLast()
        // The opening quote is the last one that is not doubled.
        var start = quoted.endIndex
        while let quote = quoted[..<start].lastIndex(of: "\"") {
            start = quote
            guard start > quoted.startIndex, quoted[quoted.index(before: start)] == "\"" else { break }
            start = quoted.index(before: start)
        }
        return undoubled(quoted[start...].dropFirst())
    }

    /// The name between the quotes.
    fileprivate static func undoubled(_ quoted: some Sequence<Unicode.Scalar>) -> String {
        var name = String.UnicodeScalarView()
        var isSecond = false
        for scalar in quoted {
            isSecond = scalar == "\"" && !isSecond
            if !isSecond || scalar != "\"" { name.append(scalar) }
        }
        return String(name)
    }
}

private struct Scan {
    let text: [UInt8]
    var names: Set<String> = []
    private var at = 0

    init(text: [UInt8]) { self.text = text }

    mutating func run() throws(NameScan.Failure) {
        while at < text.count {
            let byte = text[at]
            switch byte {
            case UInt8(ascii: "'"): skipQuoted(escapes: false)
            case UInt8(ascii: "\""):
                let start = at + 1
                skipQuoted(escapes: false)
                add(text[start..<max(start, at - 1)], folded: false)
            case UInt8(ascii: "-") where following == byte: skipLine()
            case UInt8(ascii: "/") where following == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: "$"): skipDollar()
            case _ where Self.startsWord(byte): try word()
            case _ where Self.isDigit(byte):
                while at < text.count, Self.continuesWord(text[at]) { at += 1 }
            default: at += 1
            }
            guard names.count <= NameScan.maximumNames else { throw .tooMany }
        }
    }

    private var following: UInt8? { at + 1 < text.count ? text[at + 1] : nil }

    private mutating func word() throws(NameScan.Failure) {
        let start = at
        while at < text.count, Self.continuesWord(text[at]) { at += 1 }
        // E'…' is the one kind of text in which a backslash hides a quote.
        if at - start == 1, text[start] | 0x20 == UInt8(ascii: "e"), at < text.count, text[at] == UInt8(ascii: "'") {
            skipQuoted(escapes: true)
        } else if at - start == 1, text[start] | 0x20 == UInt8(ascii: "u"), text[at...].starts(with: Array("&\"".utf8))
        {
            throw .escaped
        } else {
            add(text[start..<at], folded: true)
        }
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>, folded: Bool) {
        var cut = bytes.prefix(NameScan.maximumLength)
        // PostgreSQL cuts before a character that would not fit whole.
        if cut.endIndex < bytes.endIndex {
            while !cut.isEmpty, bytes[cut.endIndex] & 0xC0 == 0x80 { cut = cut.dropLast() }
        }
        // Only ASCII is folded: PostgreSQL leaves other characters of a multi-byte encoding alone.
        let name =
            folded
            ? String(decoding: cut.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
            : NameScan.undoubled(String(decoding: cut, as: UTF8.self).unicodeScalars)
        if !name.isEmpty { names.insert(name) }
    }

    private mutating func skipLine() {
        while at < text.count, text[at] != 0x0A, text[at] != 0x0D { at += 1 }
    }

    /// PostgreSQL's comments nest.
    private mutating func skipComment() {
        var open = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "/"), following == UInt8(ascii: "*") {
                open += 1
                at += 2
            } else if text[at] == UInt8(ascii: "*"), following == UInt8(ascii: "/") {
                open -= 1
                at += 2
                if open == 0 { return }
            } else {
                at += 1
            }
        }
    }

    /// Up to behind the closing quote; a doubled one stays inside. A text behind a line's end continues the one before it, and
    /// keeps its escapes (manual, 4.1.2.1).
    private mutating func skipQuoted(escapes: Bool) {
        let quote = text[at]
        at += 1
        while at < text.count {
            if text[at] == quote {
                at += 1
                if at < text.count, text[at] == quote {
                    at += 1
                } else if escapes, let next = continuation {
                    at = next + 1
                } else {
                    return
                }
            } else {
                at += escapes && text[at] == UInt8(ascii: "\\") ? 2 : 1
            }
        }
        at = min(at, text.count)
    }

    /// Where the quote of a text stands that continues the one that ends here.
    private var continuation: Int? {
        var next = at
        var hasLineEnd = false
        while next < text.count {
            switch text[next] {
            case 0x0A, 0x0D:
                hasLineEnd = true
                next += 1
            case UInt8(ascii: " "), 0x09, 0x0B, 0x0C: next += 1
            case UInt8(ascii: "-") where next + 1 < text.count && text[next + 1] == UInt8(ascii: "-"):
                while next < text.count, text[next] != 0x0A, text[next] != 0x0D { next += 1 }
            case UInt8(ascii: "'"): return hasLineEnd ? next : nil
            default: return nil
            }
        }
        return nil
    }

    /// `$tag$ … $tag$`; a lone `$` or a parameter is one character.
    private mutating func skipDollar() {
        var end = at + 1
        while end < text.count, Self.startsWord(text[end]) || end > at + 1 && Self.isDigit(text[end]) { end += 1 }
        guard end < text.count, text[end] == UInt8(ascii: "$") else {
            at += 1
            return
        }
        let tag = text[at...end]
        at = end + 1
        while at < text.count {
            if text[at] == UInt8(ascii: "$"), text[at...].starts(with: tag) {
                at += tag.count
                return
            }
            at += 1
        }
    }

    private static func startsWord(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    private static func continuesWord(_ byte: UInt8) -> Bool {
        startsWord(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }
}
