import PolicyDetectors
import PolicyFiles
import StrictYAML

/// A policy's `vars`: names for lists of texts, which `$name` stands for as an item of a list. Nothing else is replaced.
struct Variables {
    private static let maximumItems = 1000

    /// What the policy defines besides: detectors and dictionaries, which `detect` may name.
    let detectors: DefinedDetectors
    /// Columns that `tag:…` stands for.
    let tags: TagTable
    private var lists: [String: [String]] = [:]
    /// Some file of the policy could not be read, so that a variable which is not known may be one of its own.
    private let isPartial: Bool

    init(_ files: PolicyFiles, isPartial: Bool = false) {
        detectors = DefinedDetectors(files)
        tags = TagTable(files, isPartial: isPartial)
        self.isPartial = isPartial
    }

    /// Adds those of one file. One with a mistake is known, and holds what of it can be read.
    mutating func add(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        for name in map.keys {
            guard let item = map.optional(name) else {
                mistakes.add(node.error("“\(name)” is empty"))
                lists[name] = []
                continue
            }
            mistakes.attempt(try add(name, item))
        }
        try mistakes.finish()
    }

    private mutating func add(_ name: String, _ item: StrictNode) throws(ConfigurationError) {
        guard !name.isEmpty, name.utf8.allSatisfy({ Self.isNameByte($0) }) else {
            throw item.error("a variable's name has letters, digits, “_” and “-”")
        }
        guard lists.updateValue([], forKey: name) == nil else {
            throw item.error("a variable named “\(name)” is there already")
        }
        var mistakes = Mistakes()
        for node in try item.items() {
            if let value = mistakes.attempt(try Self.value(node)) { lists[name, default: []].append(value) }
        }
        try mistakes.finish()
    }

    private static func value(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        guard !text.isEmpty else { throw node.error("is empty") }
        guard !text.hasPrefix("$") else { throw node.error("a variable holds no variables") }
        return text
    }

    /// The texts of a list, or of a single value that stands for a list of one, each with its place.
    func texts(_ node: StrictNode) throws(ConfigurationError) -> [(text: String, node: StrictNode)] {
        var result: [(text: String, node: StrictNode)] = []
        var mistakes = Mistakes()
        for item in try node.items() {
            for value in mistakes.attempt(try values(item)) ?? [] { result.append((value, item)) }
        }
        try mistakes.finish()
        guard result.count <= Self.maximumItems else { throw node.error("more than \(Self.maximumItems) items") }
        return result
    }

    private func values(_ item: StrictNode) throws(ConfigurationError) -> [String] {
        let text = try item.string()
        guard !text.isEmpty else { throw item.error("is empty") }
        guard text.hasPrefix("$") else { return [text] }
        if let values = lists[String(text.dropFirst())] { return values }
        if isPartial { return [] }
        throw item.unknown(text, among: lists.keys.sorted().map { "$" + $0 })
    }

    func list(_ node: StrictNode) throws(ConfigurationError) -> [String] { try texts(node).map(\.text) }

    /// What `read` makes of each item of a list.
    func map<Value>(
        _ node: StrictNode, _ read: (String, StrictNode) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> [Value] {
        var result: [Value] = []
        var mistakes = Mistakes()
        for item in try texts(node) {
            if let value = mistakes.attempt(try read(item.text, item.node)) { result.append(value) }
        }
        try mistakes.finish()
        return result
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
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

    /// What `read` makes of each of the ``items()``.
    func mapItems<Value>(
        _ read: (StrictNode) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> [Value] {
        var result: [Value] = []
        var mistakes = Mistakes()
        for item in try items() {
            if let value = mistakes.attempt(try read(item)) { result.append(value) }
        }
        try mistakes.finish()
        return result
    }
}
