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
    /// Something could not be read, so that a tag which is not known may be of that.
    private var isPartial: Bool

    /// - Parameter isPartial: whether some file of the policy could not be read.
    init(_ files: PolicyFiles, isPartial: Bool) {
        self.isPartial = isPartial
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
        if !mistakes.isEmpty { self.isPartial = true }
    }

    /// The columns that have a tag which `text` matches, behind its prefix. That there are none is a mistake: a mask of them
    /// would mask nothing.
    func columns(_ text: String, at node: StrictNode) throws(ConfigurationError) -> [ColumnPattern] {
        let tag = String(text.dropFirst(Self.prefix.count))
        guard Self.isTag(tag.utf8.filter { $0 != UInt8(ascii: "*") }) || tag == "*" else { throw node.error(Self.rule) }
        let pattern = Pattern(tag)
        let found = columns.filter { $0.tags.contains(where: pattern.matches) }.map(\.pattern)
        guard found.isEmpty, !isPartial else { return found }
        guard isNamed else { throw node.error("there are no tags: name a file of them as “tags” of the policy") }
        let near = StrictNode.nearest(to: tag, among: Set(columns.flatMap(\.tags)).sorted())
        throw node.error("no column has the tag “\(tag)”" + (near.map { "; did you mean “\($0)”?" } ?? ""))
    }

    private mutating func add(_ list: PolicyFiles.ListFile) throws(ConfigurationError) {
        if let mistake = ConfigurationError(encodingOf: list.bytes, file: list.path) { throw mistake }
        let text = String(decoding: list.bytes, as: UTF8.self)
        var map = try StrictNode.parse(text, file: list.path).mapping()
        var inner = try map.required("tags").mapping()
        try map.finish()
        for (name, key, node) in inner.all() {
            guard columns.count < Self.maximumColumns else {
                throw key.error("more than \(Self.maximumColumns) columns with tags")
            }
            let pattern = mistakes.attempt(try Self.column(name, at: key))
            if let tags = mistakes.attempt(try Self.tags(node)), let pattern {
                columns.append((pattern, tags))
            }
        }
    }

    private static func column(_ name: String, at key: StrictNode) throws(ConfigurationError) -> ColumnPattern {
        let form = "a column with tags is written schema.table.column, * within a part"
        let pattern = try ColumnPattern(name, at: key, form: form)
        guard pattern.hasSchema else { throw key.error(form) }
        return pattern
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
