import Foundation
import Yams

extension StrictNode {
    /// Largest file read: 1 MiB.
    public static let maximumFileSize = 1 << 20
    /// Deepest nesting read.
    static let maximumDepth = 64

    /// Reads `path`. Errors name the file and, where there is one, the place.
    public static func load(path: String) throws(ConfigurationError) -> StrictNode {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, message: "cannot be read: check that it exists and is readable")
        }
        guard data.count <= maximumFileSize else {
            throw ConfigurationError(file: path, message: "is larger than \(maximumFileSize) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(file: path, message: "is not valid UTF-8")
        }
        return try parse(text, file: path)
    }

    /// Parses YAML `text`; `file` is only named in errors. Anchors and aliases, duplicate keys and a second
    /// document are refused.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> StrictNode {
        let root: Node?
        do {
            root = try Parser(yaml: text).singleRoot()
        } catch let error as YamlError {
            throw placed(error, file: file)
        } catch {
            throw ConfigurationError(file: file, message: "\(error)")
        }
        guard let root else { throw ConfigurationError(file: file, line: 1, column: 1, message: "is empty") }
        var place = (line: 0, column: 0)
        return try convert(root, file: file, depth: 0, after: &place)
    }

    private static func placed(_ error: YamlError, file: String) -> ConfigurationError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationError(file: file, line: mark.line, column: mark.column, message: problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map(String.init(describing:)).joined(separator: ", ")
            return ConfigurationError(
                file: file, line: context.mark.line, column: context.mark.column, message: "key given twice: \(names)")
        default:
            return ConfigurationError(file: file, message: "\(error)")
        }
    }

    /// Values come in the order of their places. The parser has replaced aliases by what they stand for, which can
    /// grow without bound; such a value is known by its place, which is not behind `place`, the value before it.
    private static func convert(
        _ node: Node, file: String, depth: Int, after place: inout (line: Int, column: Int), isFirst: Bool = false
    ) throws(ConfigurationError) -> StrictNode {
        let line = node.mark?.line ?? 1
        let column = node.mark?.column ?? 1
        guard depth <= maximumDepth else {
            throw ConfigurationError(
                file: file, line: line, column: column, message: "nested deeper than \(maximumDepth)")
        }
        guard isFirst ? (line, column) >= place : (line, column) > place else {
            throw ConfigurationError(
                file: file, line: place.line, column: place.column,
                message: "aliases are not supported: one follows here")
        }
        place = (line, column)
        let value: Value
        switch node {
        case .scalar(let scalar):
            value = .scalar(scalar.string, plain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let sequence):
            var nodes: [StrictNode] = []
            for element in sequence {
                nodes.append(
                    try convert(element, file: file, depth: depth + 1, after: &place, isFirst: nodes.isEmpty))
            }
            value = .sequence(nodes)
        case .mapping(let mapping):
            var pairs: [(key: String, keyNode: StrictNode, node: StrictNode)] = []
            for (key, element) in mapping {
                let keyNode = try convert(key, file: file, depth: depth + 1, after: &place, isFirst: pairs.isEmpty)
                let name = try keyNode.string()
                pairs.append((name, keyNode, try convert(element, file: file, depth: depth + 1, after: &place)))
            }
            value = .mapping(pairs)
        case .alias:
            throw ConfigurationError(file: file, line: line, column: column, message: "aliases are not supported")
        }
        return StrictNode(file: file, value: value, line: line, column: column)
    }
}
