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

    /// The same as texts, whatever their form.
    func columnNames(_ node: StrictNode) throws(ConfigurationError) -> [String] {
        try map(node) { text, node throws(ConfigurationError) in
            text.hasPrefix(TagTable.prefix) ? try tags.columns(text, at: node).map(\.text) : [text]
        }.flatMap(\.self)
    }

    /// Tags in a rule that no column has. Whoever reads the rule says what is wrong with it.
    func unknownTags(in rule: StrictNode) -> [PolicyName] {
        var told = Mistakes()
        guard var map = told.attempt(try rule.mapping()) else { return [] }
        var unknown: [PolicyName] = []
        for node in ["when", "mask"].compactMap({ map.optional($0) }).flatMap(\.scalars) {
            for (text, node) in told.attempt(try texts(node)) ?? [] where text.hasPrefix(TagTable.prefix) {
                let tag = String(text.dropFirst(TagTable.prefix.count))
                if !tags.isKnown(tag) { unknown.append(PolicyName(kind: .tag, text: tag, node: node)) }
            }
        }
        return unknown
    }

    private func patterns(_ text: String, _ node: StrictNode) throws(ConfigurationError) -> [ColumnPattern] {
        text.hasPrefix(TagTable.prefix) ? try tags.columns(text, at: node) : [try ColumnPattern(text, at: node)]
    }
}
