import StrictYAML

extension Variables {
    /// Most columns that one list stands for.
    private static let maximumColumns = 1000

    /// Patterns for columns, each once: as they are written, and of the columns that a tag stands for.
    func columns(_ node: StrictNode) throws(ConfigurationError) -> [ColumnPattern] {
        var seen: Set<String> = []
        let patterns = try map(node, patterns).joined().filter { seen.insert($0.text).inserted }
        guard patterns.count <= Self.maximumColumns else {
            throw node.error("stands for \(patterns.count) columns; there may be \(Self.maximumColumns)")
        }
        return patterns
    }

    private func patterns(_ text: String, _ node: StrictNode) throws(ConfigurationError) -> [ColumnPattern] {
        text.hasPrefix(TagTable.prefix) ? try tags.columns(text, at: node) : [try ColumnPattern(text, at: node)]
    }
}
