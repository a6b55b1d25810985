import Contract
import StrictYAML

extension MaskPlan {
    /// Reads a file that holds a `mask` list as rules of a policy do, perhaps with `vars`. Errors name file, line and column.
    public static func load(path: String) throws(ConfigurationError) -> MaskPlan {
        try MaskPlan(StrictNode.load(path: path))
    }

    /// The same from text; `file` is named in errors.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> MaskPlan {
        try MaskPlan(StrictNode.parse(text, file: file))
    }

    private init(_ root: StrictNode) throws(ConfigurationError) {
        self.init()
        var map = try root.mapping()
        var variables = Variables()
        if let node = try map.nonEmpty("vars") { try variables.add(node) }
        guard let node = try map.nonEmpty("mask") else {
            // Says what is there instead.
            _ = try map.required("mask")
            return
        }
        try map.finish()
        let list = try MaskList(node, variables, rule: "")
        columns = list.columns.map(\.mask)
        detectors = list.detectors
    }
}
