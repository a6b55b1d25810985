/// A column as facts name it, as far as it is known: `email`, `users.email`, `public.users.email`, `public.users.*`.
struct ColumnName: Sendable {
    let text: String
    let column: String
    /// nil: not known.
    let table: String?
    let schema: String?

    init(_ text: String) {
        self.text = text
        let parts = DottedName(text).parts.suffix(3)
        column = parts.last ?? ""
        table = parts.count > 1 ? parts[parts.endIndex - 2] : nil
        schema = parts.count > 2 ? parts[parts.startIndex] : nil
    }
}

/// A pattern for a column: `email`, `users.email`, `public.users.email`, with `*` within a part.
struct ColumnPattern: Sendable {
    let text: String
    private let column: Part
    private let table: Part?
    private let schema: Part?

    private struct Part: Sendable {
        let exact: Pattern
        let folded: Pattern
        var isEverything: Bool { exact.text == "*" }

        init(_ text: String) {
            exact = Pattern(text)
            folded = Pattern(text.lowercased())
        }
    }

    /// nil when `text` has not one to three parts.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else { return nil }
        self.text = text
        column = Part(parts[parts.count - 1])
        table = parts.count > 1 ? Part(parts[parts.count - 2]) : nil
        schema = parts.count > 2 ? Part(parts[0]) : nil
    }

    var hasSchema: Bool { schema != nil }

    /// For what restricts: whatever may be meant. Letter case and unknown parts do not save a column.
    func mayMatch(_ name: ColumnName) -> Bool {
        guard name.column == "*" || column.folded.matches(name.column.lowercased()) else { return false }
        if let table, let known = name.table, !table.folded.matches(known.lowercased()) { return false }
        if let schema, let known = name.schema, !schema.folded.matches(known.lowercased()) { return false }
        return true
    }

    /// For rules that permit: only what is surely meant. `table.column` means the schema `public`, and so does a name
    /// whose schema is not known.
    func surelyMatches(_ name: ColumnName) -> Bool {
        guard column.exact.matches(name.column) else { return false }
        guard let table, !table.isEverything || schema != nil else { return true }
        guard let known = name.table, table.exact.matches(known) else { return false }
        let schema = name.schema ?? "public"
        return self.schema.map { $0.exact.matches(schema) } ?? (schema == "public")
    }

    /// Whether a mask with this pattern surely means the column. As in the masker, letter case does not matter and an
    /// unwritten schema is any.
    func surelyMasks(_ name: ColumnName) -> Bool {
        guard column.folded.matches(name.column.lowercased()) else { return false }
        if let table, !table.isEverything {
            guard let known = name.table, table.folded.matches(known.lowercased()) else { return false }
        }
        guard let schema, !schema.isEverything else { return true }
        return name.schema.map { schema.folded.matches($0.lowercased()) } ?? false
    }
}
