import Contract
import Detection
import StrictYAML

/// A `mask` list: of a rule, or of a file for the filter.
struct MaskList {
    private(set) var columns: [Rule.MaskedColumn] = []
    private(set) var detectors: [DetectorMask] = []

    /// - Parameter rule: the rule's name, which the masks carry.
    init(_ node: StrictNode, _ variables: Variables, rule: String) throws(ConfigurationError) {
        for item in try node.items() { try read(item, variables, rule) }
    }

    private mutating func read(_ node: StrictNode, _ variables: Variables, _ rule: String) throws(ConfigurationError) {
        var map = try node.mapping()
        let columnNode = try map.nonEmpty("columns")
        let detectNode = try map.nonEmpty("detect")
        let inferenceNode = try map.nonEmpty("inference")
        let style: MaskStyle
        if map.keys.contains("style"), map.optional("style") == nil {
            // Unquoted, the style's name is YAML's own null.
            style = .null
        } else {
            style = try map.required("style").choice(of: Style.self).contract
        }
        try map.finish()
        guard (columnNode == nil) != (detectNode == nil) else { throw node.error("use either “columns” or “detect”") }
        let inference = try inferenceNode?.choice(of: Inference.self) ?? .allow
        if let inferenceNode, columnNode == nil {
            throw inferenceNode.error("“inference” is for masks of columns")
        }
        if let columnNode {
            for item in try variables.texts(columnNode) {
                var mask = ColumnMask()
                mask.pattern = item.text
                mask.style = style
                mask.rule = rule
                columns.append(
                    Rule.MaskedColumn(
                        mask: mask, pattern: try ColumnPattern(item.text, at: item.node),
                        refusesInference: inference == .refuse))
            }
        }
        if let detectNode {
            var mask = DetectorMask()
            for item in try variables.texts(detectNode) {
                guard !Entity.named(item.text).isEmpty else {
                    throw item.node.unknown(item.text, among: Entity.all.map(\.name) + ["all"])
                }
                mask.entities.append(item.text)
            }
            mask.style = style
            mask.rule = rule
            detectors.append(mask)
        }
    }

    private enum Inference: String, CaseIterable {
        case allow, refuse
    }

    private enum Style: String, CaseIterable {
        case redact, partial, hash, null

        var contract: MaskStyle {
            switch self {
            case .redact: .redact
            case .partial: .partial
            case .hash: .hash
            case .null: .null
            }
        }
    }
}
