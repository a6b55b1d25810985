import PolicyFiles
import StrictYAML

/// Tags of columns, from the files that a policy names under `tags`.
struct TagTable: Sendable {
    /// What an item of a list of columns begins with that stands for the columns of a tag.
    static let prefix = "tag:"
    private static let maximumColumns = 20_000
    private static let maximumTagBytes = 128

    private(set) var mistakes = Mistakes()
    /// In the order of the files.
    private var columns: [(pattern: ColumnPattern, tags: [String])] = []
    /// Some file is named, if only one that has mistakes.
    private var isNamed = false

    init(_ files: PolicyFiles) {
        for file in files.files {
            do throws(ConfigurationError) {
                var map = try file.root.mapping()
                guard let node = map.optional("tags") else { continue }
                isNamed = true
                for name in try node.strings() {
                    // One that could not be read was a mistake then.
                    if let list = files.list(name, of: file) { try add(list) }
                }
            } catch {
                mistakes.add(error)
            }
        }
    }

    /// Every tag of some column, once.
    var names: [String] { Set(columns.flatMap(\.tags)).sorted() }

    func isKnown(_ tag: String) -> Bool {
        let pattern = Pattern(tag)
        return columns.contains { $0.tags.contains(where: pattern.matches) }
    }

    /// The columns that have a tag which `text` matches, behind its prefix.
    func columns(_ text: String, at node: StrictNode) throws(ConfigurationError) -> [ColumnPattern] {
        let tag = String(text.dropFirst(Self.prefix.count))
        guard Self.isTag(tag.utf8.filter { $0 != UInt8(ascii: "*") }) || tag == "*" else { throw node.error(Self.rule) }
        guard isNamed else { throw node.error("there are no tags: name a file of them as “tags” of the policy") }
        let pattern = Pattern(tag)
        return columns.filter { $0.tags.contains(where: pattern.matches) }.map(\.pattern)
    }

    private mutating func add(_ list: PolicyFiles.ListFile) throws(ConfigurationError) {
        guard let text = String(validating: list.bytes, as: UTF8.self) else {
            throw ConfigurationError(file: list.path, message: "is not valid UTF-8")
        }
        var map = try StrictNode.parse(text, file: list.path).mapping()
        var inner = try map.required("tags").mapping()
        try map.finish()
        for (name, key, node) in inner.all() {
            guard columns.count < Self.maximumColumns else {
                throw key.error("more than \(Self.maximumColumns) columns with tags")
            }
            guard let pattern = ColumnPattern(name), pattern.hasSchema else {
                mistakes.add(key.error("a column with tags is written schema.table.column, * within a part"))
                continue
            }
            if let tags = mistakes.attempt(try Self.tags(node)) { columns.append((pattern, tags)) }
        }
    }

    private static func tags(_ node: StrictNode) throws(ConfigurationError) -> [String] {
        let tags = try node.strings()
        guard !tags.isEmpty, tags.allSatisfy({ isTag(Array($0.utf8)) }) else { throw node.error(rule) }
        return tags
    }

    private static let rule =
        "a tag has lower-case letters, digits, “_”, “-” and “.”, at most \(maximumTagBytes): pii.email"

    private static func isTag(_ bytes: [UInt8]) -> Bool {
        (1...maximumTagBytes).contains(bytes.count)
            && bytes.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f || byte == 0x2d
                    || byte == 0x2e
            }
    }
}
