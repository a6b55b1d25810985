import Contract
import StrictYAML

/// A `mask` list: of a rule, or of a file for the filter.
struct MaskList {
    private(set) var columns: [Rule.MaskedColumn] = []
    private(set) var detectors: [DetectorMask] = []

    /// - Parameter rule: the rule's name, which the masks carry.
    init(_ node: StrictNode, _ variables: Variables, rule: String) throws(ConfigurationError) {
        var mistakes = Mistakes()
        for item in try node.items() { mistakes.attempt(try read(item, variables, rule)) }
        try mistakes.finish()
    }

    private mutating func read(_ node: StrictNode, _ variables: Variables, _ rule: String) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        let columnNode = mistakes.attempt(try map.nonEmpty("columns"))
        let detectNode = mistakes.attempt(try map.nonEmpty("detect"))
        let pathsNode = mistakes.attempt(try map.nonEmpty("paths")) ?? nil
        let inferenceNode = mistakes.attempt(try map.nonEmpty("inference"))
        let failureNode = mistakes.attempt(try map.nonEmpty("on_failure"))
        let style = mistakes.attempt(try ParsedStyle(&map, ofColumns: columnNode != nil))
        mistakes.attempt(try map.finish())
        let inference = mistakes.attempt(try inferenceNode?.choice(of: Inference.self)) ?? .allow
        let refuses = mistakes.attempt(try failureNode?.choice(of: OnFailure.self)) == .refuse
        var patterns: [ColumnPattern] = []
        if let columnNode {
            patterns = mistakes.attempt(try variables.columns(columnNode)) ?? []
        }
        let paths = mistakes.attempt(try pathsNode.map(Self.paths)) ?? []
        var detector: DetectorMask?
        if let detectNode { detector = mistakes.attempt(try variables.detectorMask(detectNode)) }
        try mistakes.finish()
        guard (columnNode == nil) != (detectNode == nil) else { throw node.error("use either “columns” or “detect”") }
        if let inferenceNode, columnNode == nil {
            throw inferenceNode.error("“inference” is for masks of columns")
        }
        if let pathsNode, columnNode == nil {
            throw pathsNode.error("“paths” is for masks of columns")
        }
        for pattern in patterns {
            var mask = ColumnMask()
            mask.pattern = pattern.text
            mask.paths = paths.map(\.text)
            (style ?? .redact).apply(to: &mask)
            if mask.style == .drop, let pathsNode {
                throw pathsNode.error("“drop” takes whole columns away: use “null” for places within them")
            }
            mask.rule = rule
            mask.refuseOnFailure = refuses
            columns.append(
                Rule.MaskedColumn(mask: mask, pattern: pattern, refusesInference: inference == .refuse))
        }
        if var mask = detector {
            (style ?? .redact).apply(to: &mask)
            mask.rule = rule
            mask.refuseOnFailure = refuses
            detectors.append(mask)
        }
    }

    private static func paths(_ node: StrictNode) throws(ConfigurationError) -> [ValuePath] {
        let paths = try node.mapItems { item throws(ConfigurationError) in
            let text = try item.string()
            do throws(ValuePath.Mistake) {
                return try ValuePath(text)
            } catch {
                throw item.error("“\(text)”: \(error.message)")
            }
        }
        guard (1...ValuePath.maximumPaths).contains(paths.count) else {
            throw node.error("expected 1 to \(ValuePath.maximumPaths) paths, such as $.user.email or $..ssn")
        }
        let steps = paths.reduce(0) { $0 + $1.end }
        guard steps <= ValuePath.maximumSteps else {
            throw node.error("the paths have \(steps) steps together, and \(ValuePath.maximumSteps) is the most")
        }
        return paths
    }

    private enum Inference: String, CaseIterable {
        case allow, refuse
    }

    /// Nothing that cannot be masked is shown: there is no third choice.
    private enum OnFailure: String, CaseIterable {
        case withhold, refuse
    }
}
