import Contract
import PolicyFiles
import StrictYAML

/// A policy file with what it includes: rules over facts. A pure value: the same inputs give the same judgement.
public struct PolicySet: Sendable {
    /// Most rules of a policy.
    public static let maximumRules = 10_000
    /// Bytes of the epoch.
    public static let epochLength = PolicyFiles.epochLength

    /// Tells one version of the policy from another: see ``PolicyFiles/epoch``.
    public let epoch: [UInt8]
    /// Names of the rules, those of included files before those of the file that includes them.
    public var ruleNames: [String] { rules.map(\.name) }

    let rules: [Rule]

    /// Reads a policy file and what it includes. Errors name file, line and column.
    public static func load(path: String) throws(ConfigurationError) -> PolicySet {
        try PolicySet(try PolicyFiles.read(path: path))
    }

    /// Reads a policy from text; `file` is named in errors, and what it includes is beside it.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> PolicySet {
        try PolicySet(try PolicyFiles.parse(text, file: file))
    }

    public init(_ files: PolicyFiles) throws(ConfigurationError) {
        var rules: [Rule] = []
        var names: Set<String> = []
        var variables = Variables()
        for file in files.files {
            var map = try file.root.mapping()
            _ = try map.nonEmpty("include")
            if let node = try map.nonEmpty("vars") { try variables.add(node) }
            // What is included may hold variables alone.
            let isIncluded = file.path != files.files.last?.path
            let nodes = try isIncluded ? map.optional("rules")?.sequence() ?? [] : map.required("rules").sequence()
            try map.finish()
            guard rules.count + nodes.count <= Self.maximumRules else {
                throw map.error("more than \(Self.maximumRules) rules")
            }
            for node in nodes {
                let rule = try Rule(node, variables)
                guard names.insert(rule.name).inserted else {
                    throw node.error("a rule named “\(rule.name)” is there already")
                }
                rules.append(rule)
            }
        }
        self.rules = rules
        epoch = files.epoch
    }
}
