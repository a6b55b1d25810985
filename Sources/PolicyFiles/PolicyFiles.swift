import COpenSSL
import Foundation
import StrictYAML

/// A policy file, those that it includes and those that it takes lists from, read once: what is parsed is what the epoch
/// is of.
public struct PolicyFiles: Sendable {
    /// One file of a policy.
    public struct File: Sendable {
        /// As its includer names it, beside the includer.
        public let path: String
        public let bytes: [UInt8]
        public let root: StrictNode
    }

    /// A file that one of them takes a list from: words of a dictionary, tags of columns.
    public struct ListFile: Sendable {
        public let path: String
        public let bytes: [UInt8]
    }

    /// Most files of one policy, and most that it takes lists from.
    public static let maximumFiles = 64
    /// Largest file that a list is taken from: 4 MiB.
    public static let maximumListSize = 4 << 20
    /// Of all such files together: 16 MiB.
    public static let maximumListsSize = 16 << 20
    /// Deepest inclusion: the policy file itself is at 0.
    public static let maximumDepth = 4
    /// Bytes of an epoch.
    public static let epochLength = 16

    /// Included files before the one that includes them; the policy file itself is the last.
    public let files: [File]
    /// In the order in which they are first named.
    public let lists: [ListFile]

    /// The file that `file` names as the source of a list; nil when it could not be read.
    public func list(_ name: String, of file: File) -> ListFile? {
        let path = Self.path(name, beside: file.path)
        return lists.first { $0.path == path }
    }

    /// Tells one version of a policy from another: the start of the SHA-256 of the file's bytes. Of several files it is
    /// over `sluice-policy-v1` and a NUL, then each one's bytes behind their length (UInt64, big endian), those of lists
    /// last.
    public var epoch: [UInt8] {
        if files.count == 1, lists.isEmpty { return Self.digest(files[0].bytes) }
        var input = Array("sluice-policy-v1\0".utf8)
        for bytes in files.map(\.bytes) + lists.map(\.bytes) {
            withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { input += $0 }
            input += bytes
        }
        return Self.digest(input)
    }

    /// Reads a policy file and what it includes. Errors name file, line and column.
    public static func read(path: String) throws(ConfigurationError) -> PolicyFiles {
        try read(path: path) { FileManager.default.contents(atPath: $0) }
    }

    /// A policy from text; `file` is named in errors, and what it includes is beside it.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> PolicyFiles {
        try read(path: file) { $0 == file ? Data(text.utf8) : FileManager.default.contents(atPath: $0) }
    }

    static func read(
        path: String, contents: (String) -> Data?
    ) throws(ConfigurationError) -> PolicyFiles {
        let (files, mistakes) = survey(path: path, contents: contents)
        try mistakes.finish()
        return files
    }

    /// The files that can be read, and what is wrong with the others: with the mistakes in their rules one report.
    public static func survey(path: String) -> (files: PolicyFiles, mistakes: Mistakes) {
        survey(path: path) { FileManager.default.contents(atPath: $0) }
    }

    static func survey(path: String, contents: (String) -> Data?) -> (files: PolicyFiles, mistakes: Mistakes) {
        var inclusion = Inclusion()
        if let bytes = contents(path) {
            inclusion.add(path, bytes, within: [], contents)
        } else {
            inclusion.mistakes.add(
                ConfigurationError(file: path, message: "cannot be read: check that it exists and is readable"))
        }
        return (PolicyFiles(files: inclusion.files, lists: inclusion.lists), inclusion.mistakes)
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(bytes, bytes.count, &digest)
        return Array(digest.prefix(epochLength))
    }

    /// `name` in the folder of `path`, without `.` and `..` where they can be taken away by text alone.
    fileprivate static func path(_ name: String, beside path: String) -> String {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let whole = name.hasPrefix("/") ? name : folder + name
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

/// Reads files in the order in which they count.
private struct Inclusion {
    var files: [PolicyFiles.File] = []
    var lists: [PolicyFiles.ListFile] = []
    var mistakes = Mistakes()

    mutating func add(
        _ path: String, _ data: Data, within includers: [String], _ contents: (String) -> Data?
    ) {
        do throws(ConfigurationError) {
            let root = try Self.root(of: data, path)
            var map = try root.mapping()
            if let node = map.optional("include") {
                for item in node.isSequence ? try node.sequence() : [node] {
                    do throws(ConfigurationError) {
                        try include(item, from: path, within: includers + [path], contents)
                    } catch {
                        mistakes.add(error)
                    }
                }
            }
            for node in Self.listNames(&map) {
                do throws(ConfigurationError) { try addList(node, beside: path, contents) } catch {
                    mistakes.add(error)
                }
            }
            files.append(PolicyFiles.File(path: path, bytes: [UInt8](data), root: root))
        } catch {
            mistakes.add(error)
        }
    }

    private static func root(of data: Data, _ path: String) throws(ConfigurationError) -> StrictNode {
        guard data.count <= StrictNode.maximumFileSize else {
            throw ConfigurationError(file: path, message: "is larger than \(StrictNode.maximumFileSize) bytes")
        }
        if let mistake = ConfigurationError(encodingOf: data, file: path) { throw mistake }
        let text = String(decoding: data, as: UTF8.self)
        return try StrictNode.parse(text, file: path)
    }

    /// What `tags` and `file` of dictionaries name. Whoever reads these keys says what else is wrong with them.
    private static func listNames(_ map: inout StrictMapping) -> [StrictNode] {
        var told = Mistakes()
        var names: [StrictNode] = []
        if let tags = map.optional("tags") { names += told.attempt(try tags.sequence()) ?? [tags] }
        guard var dictionaries = told.attempt(try map.optional("dictionaries")?.mapping()) else { return names }
        for key in dictionaries.keys {
            guard var dictionary = told.attempt(try dictionaries.optional(key)?.mapping()) else { continue }
            if let file = dictionary.optional("file") { names.append(file) }
        }
        return names
    }

    private mutating func addList(
        _ node: StrictNode, beside path: String, _ contents: (String) -> Data?
    ) throws(ConfigurationError) {
        guard node.isScalar, !node.isNull else { return }
        let name = try node.string()
        guard !name.isEmpty, !name.utf8.contains(0) else { throw node.error("expected a file's name") }
        let list = PolicyFiles.path(name, beside: path)
        guard !lists.contains(where: { $0.path == list }) else { return }
        guard lists.count < PolicyFiles.maximumFiles else {
            throw node.error("lists come from more than \(PolicyFiles.maximumFiles) files")
        }
        guard let bytes = contents(list) else {
            throw node.error("“\(list)” cannot be read: check that it exists and is readable")
        }
        guard bytes.count <= PolicyFiles.maximumListSize else {
            throw node.error("“\(list)” is larger than \(PolicyFiles.maximumListSize) bytes")
        }
        guard lists.reduce(bytes.count, { $0 + $1.bytes.count }) <= PolicyFiles.maximumListsSize else {
            throw node.error("lists come from files of more than \(PolicyFiles.maximumListsSize) bytes together")
        }
        lists.append(PolicyFiles.ListFile(path: list, bytes: [UInt8](bytes)))
    }

    private mutating func include(
        _ item: StrictNode, from path: String, within includers: [String], _ contents: (String) -> Data?
    ) throws(ConfigurationError) {
        let name = try item.string()
        guard !name.isEmpty, !name.utf8.contains(0) else { throw item.error("expected a file's name") }
        let included = PolicyFiles.path(name, beside: path)
        guard !includers.contains(included) else {
            throw item.error("“\(name)” includes itself: \((includers + [included]).joined(separator: " → "))")
        }
        // A file that several others include counts once.
        guard !files.contains(where: { $0.path == included }) else { return }
        guard includers.count <= PolicyFiles.maximumDepth else {
            throw item.error("included deeper than \(PolicyFiles.maximumDepth)")
        }
        guard files.count + includers.count < PolicyFiles.maximumFiles else {
            throw item.error("more than \(PolicyFiles.maximumFiles) files")
        }
        guard let bytes = contents(included) else {
            throw item.error("“\(included)” cannot be read: check that it exists and is readable")
        }
        add(included, bytes, within: includers, contents)
    }
}
