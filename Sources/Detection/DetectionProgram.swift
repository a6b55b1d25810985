import CHyperscan

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
    /// What the matcher does not look for.
    private(set) var shapes = ShapeScanner(digits: nil, triggers: [:])
    /// By the number of a trigger, a pattern's or then a shape's: where its steps are in ``steps``.
    private(set) var stepsOfTrigger: [Range<Int>] = []
    private(set) var steps: [Step] = []
    /// The trigger of runs of digits, after which every number check is tried.
    private(set) var digitsTrigger: Int?
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
        var byShape: [ShapeScanner.Shape: [Step]] = [:]
        var fewestDigits: Int?
        func add(_ trigger: Detector.Trigger, _ step: Step) {
            switch trigger {
            case .digits(let count): fewestDigits = min(fewestDigits ?? count, count)
            case .shape(let shape): byShape[shape, default: []].append(step)
            case .literal(let text): add(expression(text), HS_FLAG_DOTALL, step)
            case .anyCase(let text): add(expression(text), HS_FLAG_DOTALL | HS_FLAG_CASELESS, step)
            case .expression(let expression, _): add(expression, HS_FLAG_DOTALL, step)
            }
        }
        func add(_ expression: String, _ flags: Int32, _ step: Step) {
            let pattern = Matcher.Pattern(expression: expression, flags: UInt32(flags))
            if byPattern[pattern] == nil { order.append(pattern) }
            byPattern[pattern, default: []].append(step)
        }
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
                add(
                    trigger,
                    Step(
                        entity: detector.entity, confidence: detector.confidence, check: detector.check,
                        length: trigger.length))
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
            stepsOfTrigger.append(first..<steps.count)
        }
        patterns = order
        var shapeTriggers: [ShapeScanner.Shape: UInt32] = [:]
        for shape in ShapeScanner.Shape.allCases {
            guard let steps = byShape[shape] else { continue }
            shapeTriggers[shape] = UInt32(stepsOfTrigger.count)
            stepsOfTrigger.append(self.steps.count..<self.steps.count + steps.count)
            self.steps += steps
        }
        let digits = fewestDigits.map { (count: $0, trigger: UInt32(stepsOfTrigger.count)) }
        if let digits {
            digitsTrigger = Int(digits.trigger)
            stepsOfTrigger.append(0..<0)
        }
        shapes = ShapeScanner(digits: digits, triggers: shapeTriggers)
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

/// That matches a text as it stands.
private func expression(_ text: String) -> String {
    text.utf8.map { $0.isAlphanumeric ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }.joined()
}

private func hexadecimal(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
}
