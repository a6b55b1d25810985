import Foundation

/// Rewrites of a statement that keep its meaning.
struct Rewrite<Generator: RandomNumberGenerator> {
    var generator: Generator

    /// A piece of a statement's text. Words and gaps may be written otherwise, anything else stays.
    private enum Piece {
        case word(String)
        case gap(String)
        case fixed(String)
    }

    /// Another text of the same meaning: letter case, comments, blanks, quotes, and around a query other queries.
    mutating func rewritten(_ sql: String) -> String {
        var text = spelled(sql)
        for _ in 0..<Int.random(in: 0...2, using: &generator) where Self.isQuery(sql) {
            let name = "w_\(Int.random(in: 0...9, using: &generator))"
            text =
                Bool.random(using: &generator)
                ? "WITH \(name) AS (\(text)\n) SELECT * FROM \(name)" : "SELECT * FROM (\(text)\n) AS \(name)"
        }
        return text
    }

    /// A query that may stand in parentheses.
    static func isQuery(_ sql: String) -> Bool {
        let starts = ["SELECT ", "WITH ", "VALUES ", "TABLE "]
        let isSingle = !sql.contains(";")
        return isSingle && starts.contains { sql.uppercased().hasPrefix($0) }
            && !sql.uppercased().contains(" DELETE ") && !sql.uppercased().contains(" UPDATE ")
            && !sql.uppercased().contains(" INSERT ") && !sql.uppercased().contains(" INTO ")
            && !sql.uppercased().contains(" MERGE ")
    }

    private mutating func spelled(_ sql: String) -> String {
        var text = ""
        // After these libpg_query looks one token ahead, and takes a comment for it: such texts are opaque.
        let lookingAhead: Set<String> = ["NOT", "NULLS", "WITH", "WITHOUT"]
        var isLookingAhead = false
        for piece in Self.pieces(sql) {
            switch piece {
            case .word(let word):
                text += spelled(word: word)
                isLookingAhead = lookingAhead.contains(word.uppercased())
            case .gap(let gap):
                text += gap + (isLookingAhead ? "" : self.gap())
            case .fixed(let fixed):
                text += fixed
                isLookingAhead = fixed.uppercased().hasPrefix("U&")
                // Blanks may stand anywhere beside these.
                if ["(", ")", ",", ";"].contains(fixed) { text += self.gap() }
            }
        }
        return gap() + text
    }

    private mutating func spelled(word: String) -> String {
        let names: Set<String> = ["t", "u", "v", "n", "a", "b", "id", "email", "note"]
        if names.contains(word), Int.random(in: 0..<3, using: &generator) == 0 { return "\"\(word)\"" }
        return String(
            word.map { letter in
                Bool.random(using: &generator) ? Character(letter.uppercased()) : Character(letter.lowercased())
            })
    }

    private mutating func gap() -> String {
        let gaps = [
            "", "", " ", "\n", "\t", "\r\n", " /**/ ", " /* ; DROP TABLE t */ ", " /* /* nested */ ' */ ",
            " -- ' \" ;\n", "\u{0C}",
        ]
        return gaps.randomElement(using: &generator) ?? ""
    }

    private static func pieces(_ sql: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = sql[...]
        while let first = rest.first {
            let length: Int
            if first.isWhitespace {
                length = rest.prefix { $0.isWhitespace }.count
                pieces.append(.gap(String(rest.prefix(length))))
            } else if rest.hasPrefix("--") {
                length = rest.prefix { $0 != "\n" }.count
                pieces.append(.fixed(String(rest.prefix(length))))
            } else if rest.hasPrefix("/*") {
                length = comment(rest)
                pieces.append(.fixed(String(rest.prefix(length))))
            } else if first == "'" || first == "\"" {
                length = quoted(rest, first, escapes: false)
                pieces.append(.fixed(String(rest.prefix(length))))
            } else if let prefix = ["E'", "U&'", "U&\""].first(where: { rest.uppercased().hasPrefix($0) }) {
                let quote: Character = prefix.hasSuffix("'") ? "'" : "\""
                length = prefix.count - 1 + quoted(rest.dropFirst(prefix.count - 1), quote, escapes: prefix == "E'")
                pieces.append(.fixed(String(rest.prefix(length))))
            } else if first == "$" {
                length = dollar(rest)
                pieces.append(.fixed(String(rest.prefix(length))))
            } else if first.isLetter || first == "_" {
                length = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }.count
                pieces.append(.word(String(rest.prefix(length))))
            } else if first.isNumber {
                length = rest.prefix { $0.isNumber || $0 == "." }.count
                pieces.append(.fixed(String(rest.prefix(length))))
            } else {
                length = 1
                pieces.append(.fixed(String(first)))
            }
            rest = rest.dropFirst(length)
        }
        return pieces
    }

    private static func comment(_ text: Substring) -> Int {
        var open = 0
        var rest = text
        while !rest.isEmpty {
            if rest.hasPrefix("/*") {
                open += 1
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("*/") {
                open -= 1
                rest = rest.dropFirst(2)
                if open == 0 { break }
            } else {
                rest = rest.dropFirst()
            }
        }
        return text.count - rest.count
    }

    private static func quoted(_ text: Substring, _ quote: Character, escapes: Bool) -> Int {
        var rest = text.dropFirst()
        while let first = rest.first {
            if first == "\\", escapes {
                rest = rest.dropFirst(2)
            } else if first == quote {
                rest = rest.dropFirst()
                guard rest.first == quote else { break }
                rest = rest.dropFirst()
            } else {
                rest = rest.dropFirst()
            }
        }
        return text.count - rest.count
    }

    private static func dollar(_ text: Substring) -> Int {
        let tag = text.dropFirst().prefix { $0.isLetter || $0 == "_" }
        let mark = "$\(tag)$"
        guard text.hasPrefix(mark), let end = text.dropFirst(mark.count).range(of: mark) else {
            return 1 + text.dropFirst().prefix { $0.isNumber }.count
        }
        return text.distance(from: text.startIndex, to: end.upperBound)
    }
}
