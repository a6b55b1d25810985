/// A mapping whose every key must be asked for: ``finish()`` throws on one that nobody asked for.
public struct StrictMapping {
    let node: StrictNode
    let pairs: [(key: String, keyNode: StrictNode, node: StrictNode)]
    private var asked: [String] = []

    init(node: StrictNode, pairs: [(key: String, keyNode: StrictNode, node: StrictNode)]) {
        self.node = node
        self.pairs = pairs
    }

    /// All keys in file order, for mappings whose keys are names chosen by the user.
    public var keys: [String] { pairs.map(\.key) }

    /// Every key and its value in file order, all of them asked for.
    public mutating func all() -> [(key: String, keyNode: StrictNode, node: StrictNode)] {
        asked = keys
        return pairs
    }

    public mutating func optional(_ key: String) -> StrictNode? {
        asked.append(key)
        guard let found = pairs.first(where: { $0.key == key })?.node, !found.isNull else { return nil }
        return found
    }

    /// The same, but a key that is there and empty is a mistake: without it the file would say something wider.
    public mutating func nonEmpty(_ key: String) throws(ConfigurationError) -> StrictNode? {
        if let node = optional(key) { return node }
        if keys.contains(key) { throw error("“\(key)” is empty: give it a value or leave it out") }
        return nil
    }

    /// A key that is there with YAML's null: how that is written, `null`, `~` or nothing.
    public mutating func null(_ key: String) -> (text: String, node: StrictNode)? {
        asked.append(key)
        guard let found = pairs.first(where: { $0.key == key })?.node, found.isNull,
            case .scalar(let text, _) = found.value
        else { return nil }
        return (text, found)
    }

    public mutating func required(_ key: String) throws(ConfigurationError) -> StrictNode {
        if let found = optional(key) { return found }
        // Written wrong, it is there under a name that nobody asks for.
        let typo = min(StrictNode.mostTypos, key.utf8.count / 3)
        if let wrong = pairs.first(where: { !asked.contains($0.key) && editDistance($0.key, key) <= typo }) {
            asked.append(wrong.key)
            throw wrong.keyNode.error("unknown key “\(wrong.key)”; did you mean “\(key)”?")
        }
        throw node.error("missing key “\(key)”")
    }

    public func error(_ message: String) -> ConfigurationError { node.error(message) }

    /// Throws when the file has keys that were never asked for, each with the nearest known one.
    public func finish() throws(ConfigurationError) {
        var mistakes = Mistakes()
        for pair in pairs where !asked.contains(pair.key) {
            let advice =
                StrictNode.nearest(to: pair.key, among: asked).map { "; did you mean “\($0)”?" }
                ?? "; known keys: \(asked.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ", "))"
            mistakes.add(pair.keyNode.error("unknown key “\(pair.key)”\(advice)"))
        }
        try mistakes.finish()
    }
}
