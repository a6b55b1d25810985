import COpenSSL
import Contract
import Foundation
import StrictYAML

/// A policy file: rules over facts. A pure value: the same inputs give the same judgement.
public struct PolicySet: Sendable {
    /// Most rules in a file.
    public static let maximumRules = 10_000
    /// Bytes of the epoch.
    public static let epochLength = 16

    /// Tells one version of the policy from another: the start of the SHA-256 of the file's bytes.
    public let epoch: [UInt8]
    /// Names of the rules, in file order.
    public var ruleNames: [String] { rules.map(\.name) }

    let rules: [Rule]

    /// Reads a policy file. Errors name file, line and column.
    public static func load(path: String) throws(ConfigurationError) -> PolicySet {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, message: "cannot be read: check that it exists and is readable")
        }
        guard data.count <= StrictNode.maximumFileSize else {
            throw ConfigurationError(file: path, message: "is larger than \(StrictNode.maximumFileSize) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(file: path, message: "is not valid UTF-8")
        }
        return try parse(text, file: path)
    }

    /// Reads a policy from text; `file` is only named in errors.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> PolicySet {
        var map = try StrictNode.parse(text, file: file).mapping()
        let nodes = try map.required("rules").sequence()
        try map.finish()
        guard nodes.count <= maximumRules else { throw map.error("more than \(maximumRules) rules") }
        var rules: [Rule] = []
        var names: Set<String> = []
        for node in nodes {
            let rule = try Rule(node)
            guard names.insert(rule.name).inserted else {
                throw node.error("a rule named “\(rule.name)” is there already")
            }
            rules.append(rule)
        }
        return PolicySet(epoch: digest(Array(text.utf8)), rules: rules)
    }

    private init(epoch: [UInt8], rules: [Rule]) {
        self.epoch = epoch
        self.rules = rules
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(bytes, bytes.count, &digest)
        return Array(digest.prefix(epochLength))
    }
}
