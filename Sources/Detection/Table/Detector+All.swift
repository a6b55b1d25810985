// Every detector: what it looks for, how it verifies, and texts that it must and must not match. docs/detectors.md is
// written from these tables.
extension Detector {
    public static let all: [Detector] =
        contact + financial + american + european + asian + personal + network + secrets + cloudTokens + codeTokens
        + platformTokens + serviceTokens

    /// A detector of values that need a word near them or a column of such a name.
    static func near(
        _ topic: Topic, _ check: ContextCheck, entity: Entity, name: String, validation: String, confidence: Confidence,
        examples: [Example], counterExamples: [String]
    ) -> Detector {
        Detector(
            entity: entity, name: name, validation: validation, confidence: confidence, triggers: topic.triggers,
            check: .near(topic, check), examples: examples, counterExamples: counterExamples)
    }
}

extension Topic {
    /// Each phrase with its words joined in every way that texts and names join them.
    var triggers: [Detector.Trigger] {
        phrases.flatMap { phrase -> [Detector.Trigger] in
            let words = phrase.split(separator: " ")
            guard words.count > 1 else { return [.anyCase(phrase)] }
            return [" ", "_", "-", ""].map { .anyCase(words.joined(separator: $0)) }
        }
    }
}
