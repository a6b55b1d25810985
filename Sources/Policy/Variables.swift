import StrictYAML

/// A policy's `vars`: names for lists of texts, which `$name` stands for as an item of a list. Nothing else is replaced.
struct Variables {
    private static let maximumItems = 1000

    private var lists: [String: [String]] = [:]

    /// Adds those of one file.
    mutating func add(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        for name in map.keys {
            guard let item = map.optional(name) else { throw node.error("“\(name)” is empty") }
            guard !name.isEmpty, name.utf8.allSatisfy({ Self.isNameByte($0) }) else {
                throw item.error("a variable's name has letters, digits, “_” and “-”")
            }
            guard lists[name] == nil else { throw item.error("a variable named “\(name)” is there already") }
            var values: [String] = []
            for node in try item.items() {
                let text = try node.string()
                guard !text.isEmpty else { throw node.error("is empty") }
                guard !text.hasPrefix("$") else { throw node.error("a variable holds no variables") }
                values.append(text)
            }
            lists[name] = values
        }
    }

    /// The texts of a list, or of a single value that stands for a list of one, each with its place.
    func texts(_ node: StrictNode) throws(ConfigurationError) -> [(text: String, node: StrictNode)] {
        var result: [(text: String, node: StrictNode)] = []
        for item in try node.items() {
            let text = try item.string()
            guard !text.isEmpty else { throw item.error("is empty") }
            guard text.hasPrefix("$") else {
                result.append((text, item))
                continue
            }
            guard let values = lists[String(text.dropFirst())] else {
                throw item.unknown(text, among: lists.keys.sorted().map { "$" + $0 })
            }
            for value in values { result.append((value, item)) }
        }
        guard result.count <= Self.maximumItems else { throw node.error("more than \(Self.maximumItems) items") }
        return result
    }

    func list(_ node: StrictNode) throws(ConfigurationError) -> [String] { try texts(node).map(\.text) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension StrictMapping {
    /// A key that is there but empty would widen a rule, so it is an error.
    mutating func nonEmpty(_ key: String) throws(ConfigurationError) -> StrictNode? {
        if let node = optional(key) { return node }
        if keys.contains(key) { throw error("“\(key)” is empty: give it a value or leave it out") }
        return nil
    }
}

extension StrictNode {
    private static var maximumItems: Int { 1000 }

    /// A list, or a single value that stands for a list of one; never empty.
    func items() throws(ConfigurationError) -> [StrictNode] {
        let nodes = isSequence ? try sequence() : [self]
        guard !nodes.isEmpty else { throw error("the list is empty") }
        guard nodes.count <= Self.maximumItems else { throw error("more than \(Self.maximumItems) items") }
        return nodes
    }
}
