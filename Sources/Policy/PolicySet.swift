import Contract
import PolicyDetectors
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
    /// What the rules speak of.
    let names: PolicyNames

    /// Reads a policy file and what it includes. The error has every mistake of every file that can be told apart, each with
    /// its place.
    public static func load(path: String) throws(ConfigurationError) -> PolicySet {
        let (files, mistakes) = PolicyFiles.survey(path: path)
        return try PolicySet(files, beside: mistakes)
    }

    /// Reads a policy from text; `file` is named in errors, and what it includes is beside it.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> PolicySet {
        try PolicySet(try PolicyFiles.parse(text, file: file))
    }

    public init(_ files: PolicyFiles) throws(ConfigurationError) {
        try self.init(files, beside: Mistakes())
    }

    /// `former`: of files that could not be read.
    private init(_ files: PolicyFiles, beside former: Mistakes) throws(ConfigurationError) {
        var reading = Reading(files, isPartial: !former.isEmpty)
        var mistakes = former
        mistakes.add(reading.variables.detectors.mistakes)
        mistakes.add(reading.variables.tags.mistakes)
        for file in files.files {
            // What is included may hold variables alone.
            mistakes.attempt(try reading.add(file, needsRules: file.path == files.files.last?.path))
        }
        try mistakes.finish()
        rules = reading.rules
        names = reading.names
        epoch = files.epoch
    }
}

/// A policy's files, read one after the other.
private struct Reading {
    var rules: [Rule] = []
    var names = PolicyNames()
    private var places: [String: String] = [:]
    private(set) var variables: Variables

    init(_ files: PolicyFiles, isPartial: Bool) { variables = Variables(files, isPartial: isPartial) }

    mutating func add(_ file: PolicyFiles.File, needsRules: Bool) throws(ConfigurationError) {
        var map = try file.root.mapping()
        var mistakes = Mistakes()
        for key in ["include", "detectors", "dictionaries", "tags"] { mistakes.attempt(try map.nonEmpty(key)) }
        if let node = mistakes.attempt(try map.nonEmpty("vars")) { mistakes.attempt(try variables.add(node)) }
        let node = mistakes.attempt(needsRules ? try map.required("rules") : map.optional("rules"))
        let nodes = mistakes.attempt(try node?.sequence()) ?? []
        mistakes.attempt(try map.finish())
        guard rules.count + nodes.count <= PolicySet.maximumRules else {
            mistakes.add(map.error("more than \(PolicySet.maximumRules) rules"))
            return try mistakes.finish()
        }
        for node in nodes { mistakes.attempt(try add(node)) }
        try mistakes.finish()
    }

    private mutating func add(_ node: StrictNode) throws(ConfigurationError) {
        let rule = try Rule(node, variables, &names)
        if let place = places.updateValue(rule.place, forKey: rule.name) {
            throw node.error("a rule named “\(rule.name)” is there already: \(place)")
        }
        rules.append(rule)
    }
}
