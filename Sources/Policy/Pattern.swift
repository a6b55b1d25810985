/// A name with `*` for any run of characters. Matching never recurses; its time is at most the product of both lengths.
struct Pattern: Sendable, Equatable {
    let text: String
    private let bytes: [UInt8]

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        var at = 0
        var star = -1
        var resume = 0
        var index = 0
        while index < name.count {
            if at < bytes.count, bytes[at] == UInt8(ascii: "*") {
                star = at
                resume = index
                at += 1
            } else if at < bytes.count, bytes[at] == name[index] {
                at += 1
                index += 1
            } else if star >= 0 {
                at = star + 1
                resume += 1
                index = resume
            } else {
                return false
            }
        }
        while at < bytes.count, bytes[at] == UInt8(ascii: "*") { at += 1 }
        return at == bytes.count
    }
}

/// A dotted name, its parts unquoted: `public.orders`, `"a.b"`.
struct DottedName {
    let parts: [String]

    init(_ text: String) {
        var parts: [String] = []
        var part = ""
        var quoted = false
        for letter in text.unicodeScalars {
            if letter == "\"" {
                quoted.toggle()
            } else if letter == ".", !quoted {
                parts.append(part)
                part = ""
            } else {
                part.unicodeScalars.append(letter)
            }
        }
        parts.append(part)
        self.parts = parts
    }
}

/// A pattern for a table or function: `orders`, `public.orders`, `*.orders`, `*`.
struct NamePattern: Sendable {
    let text: String
    private let parts: [Pattern]
    private let folded: [Pattern]

    init(_ text: String) {
        self.text = text
        let names = DottedName(text).parts
        parts = names.map { Pattern($0) }
        folded = names.map { Pattern($0.lowercased()) }
    }

    /// In facts: tables that are not told (CASCADE). A table of that name is quoted.
    private static let anyName = "*"

    private var isEverything: Bool { parts.count == 1 && parts[0].text == "*" }

    /// For rules that permit: only what is surely meant. A name without a schema is taken to be in `public`,
    /// the default search path, and the other way round.
    func surelyMatches(_ name: String) -> Bool {
        if isEverything { return true }
        guard name != Self.anyName else { return false }
        let name = DottedName(name).parts.suffix(2)
        guard let last = name.last, parts[parts.count - 1].matches(last) else { return false }
        // pg_catalog is searched before every schema, and its relations begin like this.
        let unwritten = last.hasPrefix("pg_") ? "pg_catalog" : "public"
        let schema = name.count == 2 ? name[name.startIndex] : unwritten
        return parts.count == 1 ? schema == "public" : parts[parts.count - 2].matches(schema)
    }

    /// For rules that restrict: whatever may be meant. Letter case and unwritten schemas do not save a name.
    func mayMatch(_ name: String) -> Bool {
        if isEverything || name == Self.anyName { return true }
        let name = DottedName(name.lowercased()).parts.suffix(2)
        guard let last = name.last, folded[folded.count - 1].matches(last) else { return false }
        guard parts.count > 1, name.count == 2 else { return true }
        return folded[folded.count - 2].matches(name[name.startIndex])
    }
}
