import Contract
import Detection
import PolicyDetectors
import PolicyFiles
import StrictYAML

/// A file that holds a `mask` list as rules of a policy do, perhaps with `vars`, `detectors`, `dictionaries`
/// and `tags`.
public struct MaskFile: Sendable {
    public let plan: MaskPlan
    /// What the file defines itself.
    public let detection: CustomDetection

    /// The error has every mistake that can be told apart, each with its place.
    public static func load(path: String) throws(ConfigurationError) -> MaskFile {
        try MaskFile(PolicyFiles.read(path: path))
    }

    /// The same from text; `file` is named in errors, and lists are read beside it.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> MaskFile {
        try MaskFile(PolicyFiles.parse(text, file: file))
    }

    private init(_ files: PolicyFiles) throws(ConfigurationError) {
        guard let root = files.files.last?.root else { preconditionFailure("what was read has a file") }
        var variables = Variables(files)
        var mistakes = variables.detectors.mistakes
        var map = try root.mapping()
        mistakes.add(variables.tags.mistakes)
        for key in ["detectors", "dictionaries", "tags"] { mistakes.attempt(try map.nonEmpty(key)) }
        if let node = mistakes.attempt(try map.nonEmpty("vars")) { mistakes.attempt(try variables.add(node)) }
        if !map.keys.contains("mask") { mistakes.attempt(try map.required("mask")) }
        let node = mistakes.attempt(try map.nonEmpty("mask"))
        mistakes.attempt(try map.finish())
        let list = mistakes.attempt(
            try node.map { node throws(ConfigurationError) in try MaskList(node, variables, rule: "") })
        try mistakes.finish()
        var plan = MaskPlan()
        plan.columns = list?.columns.map(\.mask) ?? []
        plan.detectors = list?.detectors ?? []
        self.plan = plan
        detection = variables.detectors.detection
    }
}
