import CVectorscan

/// What an engine looks for: the matcher's patterns, and what code does when one of them is met.
struct DetectionProgram {
    /// No trigger spans more bytes than this: pieces of a text overlap by as many.
    static let maximumTriggerBytes = 256

    struct Step {
        let entity: Entity
        let confidence: Confidence
        let check: Detector.Check
        /// Bytes that the trigger spans, zero when they vary.
        let length: Int
    }

    struct NumberStep {
        let entity: Entity
        let confidence: Confidence
        let check: Detector.NumberCheck
    }

    struct ContextStep {
        let entity: Entity
        let confidence: Confidence
        let topic: Topic
        let check: Detector.ContextCheck
    }

    private(set) var patterns: [Matcher.Pattern] = []
    /// By the matcher's number of a pattern: where its steps are in ``steps``.
    private(set) var stepsOfPattern: [Range<Int>] = []
    private(set) var steps: [Step] = []
    /// The pattern that finds runs of digits, after which every number check is tried.
    private(set) var digitsPattern: Int?
    private(set) var numbers: [NumberStep] = []
    private(set) var columns: [ContextStep] = []
    private(set) var topics: Set<Topic> = []
    private(set) var words: [CustomDictionary] = []
    private(set) var phrases: [Phrase] = []
    let names: CustomEntities

    init(entities: [Entity], dictionaries: [CustomDictionary], names: CustomEntities) {
        self.names = names
        var byPattern: [Matcher.Pattern: [Step]] = [:]
        var order: [Matcher.Pattern] = []
        func add(_ trigger: Detector.Trigger, _ step: Step) {
            let pattern = Matcher.Pattern(expression: trigger.expression, flags: trigger.flags)
            if byPattern[pattern] == nil { order.append(pattern) }
            byPattern[pattern, default: []].append(step)
        }
        var fewestDigits: Int?
        for detector in Detector.all where entities.contains(detector.entity) {
            if case .number(let check) = detector.check {
                numbers.append(NumberStep(entity: detector.entity, confidence: detector.confidence, check: check))
            }
            if case .near(let topic, let check) = detector.check {
                topics.insert(topic)
                columns.append(
                    ContextStep(
                        entity: detector.entity, confidence: detector.confidence, topic: topic, check: check))
            }
            for trigger in detector.triggers {
                if case .digits(let count) = trigger {
                    fewestDigits = min(fewestDigits ?? count, count)
                } else {
                    add(
                        trigger,
                        Step(
                            entity: detector.entity, confidence: detector.confidence, check: detector.check,
                            length: trigger.length))
                }
            }
        }
        let uses = Self.uses(dictionaries)
        for (index, dictionary) in dictionaries.enumerated() {
            for word in dictionary.words {
                let parts = Phrase.words(of: word)
                var check = Detector.Check.dictionary(index)
                var text = word
                if parts.count > 1 {
                    let place = Self.trigger(of: parts, uses)
                    check = .phrase(phrases.count)
                    text = parts[place]
                    phrases.append(Phrase(parts, isCaseSensitive: dictionary.isCaseSensitive, trigger: place))
                }
                let trigger: Detector.Trigger = dictionary.isCaseSensitive ? .literal(text) : .anyCase(text)
                add(
                    trigger,
                    Step(
                        entity: names.entity(dictionary.entity), confidence: dictionary.confidence, check: check,
                        length: trigger.length))
            }
        }
        words = dictionaries
        for pattern in order {
            let first = steps.count
            steps += byPattern[pattern] ?? []
            stepsOfPattern.append(first..<steps.count)
        }
        patterns = order
        if let fewestDigits {
            digitsPattern = patterns.count
            patterns.append(Matcher.Pattern(expression: Detector.Trigger.digits(fewestDigits).expression, flags: 0))
            stepsOfPattern.append(0..<0)
        }
    }
}

extension DetectionProgram {
    /// In how many phrases each part of a phrase stands.
    private static func uses(_ dictionaries: [CustomDictionary]) -> [String: Int] {
        var uses: [String: Int] = [:]
        for word in dictionaries.lazy.flatMap(\.words) {
            let parts = Phrase.words(of: word)
            if parts.count > 1 { for part in Set(parts) { uses[part, default: 0] += 1 } }
        }
        return uses
    }

    /// Which part of a phrase the matcher looks for: one that few others have, so that where it stands few are tried; of
    /// those the longest.
    private static func trigger(of parts: [String], _ uses: [String: Int]) -> Int {
        func cost(_ place: Int) -> (Int, Int) { (uses[parts[place]] ?? 0, -parts[place].utf8.count) }
        return parts.indices.min { cost($0) < cost($1) } ?? 0
    }
}

extension Detector.Trigger {
    var expression: String {
        switch self {
        case .literal(let text), .anyCase(let text):
            text.utf8.map { $0.isAlphanumeric ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }.joined()
        case .expression(let expression, _): expression
        case .digits(let count): "[0-9](?:[ ./-]?[0-9]){\(count - 1)}"
        }
    }

    var flags: UInt32 {
        switch self {
        case .literal, .expression, .digits: UInt32(HS_FLAG_DOTALL)
        case .anyCase: UInt32(HS_FLAG_DOTALL | HS_FLAG_CASELESS)
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
