import Detection
import StrictYAML

extension CustomDetector {
    private static let maximumExamples = 64

    init(_ name: String, _ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        let pattern = mistakes.attempt(try map.required("pattern"))
        self.init(entity: name, pattern: mistakes.attempt(try pattern?.string()) ?? "")
        if let node = mistakes.attempt(try map.nonEmpty("case_sensitive")) {
            isCaseSensitive = mistakes.attempt(try node.bool()) ?? true
        }
        if let node = mistakes.attempt(try map.nonEmpty("validator")) {
            validator = mistakes.attempt(try node.choice(of: Validator.self)) ?? .none
        }
        if let node = mistakes.attempt(try map.nonEmpty("context")) {
            context = mistakes.attempt(try node.strings()) ?? []
        }
        if let node = mistakes.attempt(try map.nonEmpty("confidence")) {
            confidence = mistakes.attempt(try node.confidence()) ?? .medium
        }
        let examples = mistakes.attempt(try map.nonEmpty("examples").map(Self.examples)) ?? []
        let counterExamples = mistakes.attempt(try map.nonEmpty("counter_examples").map(Self.examples)) ?? []
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        do throws(DetectionError) { try checkPattern() } catch { throw (pattern ?? node).error(error.message) }
        do throws(DetectionError) { try check() } catch { throw node.error(error.message) }
        try checkExamples(examples, counterExamples, node)
    }

    /// A text, or `{text: …, column: …}`: the column that it stands in.
    fileprivate struct Example {
        let text: String
        let column: String
        let node: StrictNode
    }

    private static func examples(_ node: StrictNode) throws(ConfigurationError) -> [Example] {
        let nodes = node.isSequence ? try node.sequence() : [node]
        guard nodes.count <= maximumExamples else { throw node.error("more than \(maximumExamples) examples") }
        var mistakes = Mistakes()
        var examples: [Example] = []
        for node in nodes {
            if let example = mistakes.attempt(try Self.example(node)) { examples.append(example) }
        }
        try mistakes.finish()
        return examples
    }

    private static func example(_ node: StrictNode) throws(ConfigurationError) -> Example {
        guard node.isMapping else { return Example(text: try node.string(), column: "", node: node) }
        var map = try node.mapping()
        let text = try map.required("text").string()
        let column = try map.nonEmpty("column")?.string() ?? ""
        try map.finish()
        return Example(text: text, column: column, node: node)
    }

    private func checkExamples(
        _ examples: [Example], _ counterExamples: [Example], _ node: StrictNode
    ) throws(ConfigurationError) {
        if examples.isEmpty, counterExamples.isEmpty { return }
        let engine: DetectionEngine
        do throws(DetectionError) { engine = try DetectionEngine(entities: [], custom: [self]) } catch {
            throw node.error(error.message)
        }
        var mistakes = Mistakes()
        for example in examples where mistakes.attempt(try engine.finds(example)) == false {
            mistakes.add(example.node.error("the example of “\(entity)” is not found by its detector"))
        }
        for example in counterExamples where mistakes.attempt(try engine.finds(example)) == true {
            mistakes.add(example.node.error("the counter-example of “\(entity)” is found by its detector"))
        }
        try mistakes.finish()
    }
}

extension DetectionEngine {
    fileprivate func finds(_ example: CustomDetector.Example) throws(ConfigurationError) -> Bool {
        var findings: [Finding] = []
        do {
            try Array(example.text.utf8).withUnsafeBytes {
                try self.findings(in: $0, context: context(column: example.column), into: &findings)
            }
        } catch {
            throw example.node.error("\(error)")
        }
        return !findings.isEmpty
    }
}
