import CHyperscan

extension CustomDetector {
    /// Bytes that a pattern may take up in the matcher, its scratch area included.
    static let maximumCompiledBytes = 1 << 20
    /// Steps of all patterns together, which are compiled together: some tenths of a second.
    public static let maximumStepsTogether = 10_000

    /// How many the pattern has when its repeats are written out.
    public var steps: Int { PatternSize.steps(of: pattern) }

    var matcherPattern: Matcher.Pattern {
        Matcher.Pattern(
            expression: pattern, flags: UInt32(HS_FLAG_DOTALL | (isCaseSensitive ? 0 : HS_FLAG_CASELESS)))
    }

    /// - Throws: what is wrong with it by itself: a bound that it breaks, a pattern that the matcher refuses, that also
    ///   matches an empty text, or that costs too much.
    public func check() throws(DetectionError) {
        guard CustomDetector.isName(entity) else { throw .custom(CustomDetector.nameRule) }
        try checkPattern()
        guard context.count <= CustomDetector.maximumContextWords else {
            throw .custom("\(context.count) context words; there may be \(CustomDetector.maximumContextWords)")
        }
        for word in context where word.isEmpty || word.utf8.count > CustomDetector.maximumContextWordBytes {
            throw .custom("a context word has 1 to \(CustomDetector.maximumContextWordBytes) bytes")
        }
    }

    /// - Throws: what is wrong with the pattern.
    public func checkPattern() throws(DetectionError) {
        guard !pattern.isEmpty, pattern.utf8.count <= CustomDetector.maximumPatternBytes, !pattern.utf8.contains(0)
        else { throw .custom("a pattern has 1 to \(CustomDetector.maximumPatternBytes) bytes, none of them zero") }
        guard steps <= PatternSize.maximumSteps else {
            throw .custom(
                "the pattern is too expensive: its repeats stand for more than \(PatternSize.maximumSteps) steps")
        }
        guard !Matcher.matchesEmptyText(matcherPattern) else {
            throw .custom("the pattern matches an empty text: at least one byte must be there")
        }
        let matcher = try Matcher([matcherPattern], startsToo: true)
        guard matcher.byteCount <= CustomDetector.maximumCompiledBytes else {
            throw .custom(
                "the pattern is too expensive: \(matcher.byteCount) bytes when compiled, more than "
                    + "\(CustomDetector.maximumCompiledBytes)")
        }
    }

    /// - Throws: an error that names the first detector, from 1, and what is wrong with it.
    static func check(_ detectors: [CustomDetector], _ dictionaries: [CustomDictionary]) throws(DetectionError) {
        guard detectors.count <= maximumCount else {
            throw .custom("\(detectors.count) custom detectors; there may be \(maximumCount)")
        }
        for (index, detector) in detectors.enumerated() {
            do throws(DetectionError) { try detector.check() } catch {
                throw .custom("custom detector \(index + 1) (\(detector.entity)): \(error.message)")
            }
        }
        for (index, dictionary) in dictionaries.enumerated() {
            do throws(DetectionError) { try dictionary.check() } catch {
                throw .custom("dictionary \(index + 1) (\(dictionary.entity)): \(error.message)")
            }
        }
        let steps = detectors.reduce(0) { $0 + $1.steps }
        guard steps <= maximumStepsTogether else {
            throw .custom("\(steps) steps in the patterns of all detectors; there may be \(maximumStepsTogether)")
        }
        let words = dictionaries.reduce(0) { $0 + $1.words.count }
        guard words <= CustomDictionary.maximumWords else {
            throw .custom("\(words) words in dictionaries; there may be \(CustomDictionary.maximumWords)")
        }
    }

    static let nameRule =
        "an entity's name is lower-case letters, digits and _, at most \(maximumEntityBytes), a letter first"

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first.isLower, name.utf8.count <= maximumEntityBytes else { return false }
        return name.utf8.allSatisfy { $0.isLower || $0.isDigit || $0 == 0x5f }
    }
}

extension CustomDictionary {
    /// - Throws: what is wrong with it by itself.
    public func check() throws(DetectionError) {
        guard CustomDetector.isName(entity) else { throw .custom(CustomDetector.nameRule) }
        for word in words where !CustomDictionary.isWord(word) { throw .custom(CustomDictionary.wordRule) }
    }

    public static let wordRule = "a word has \(minimumWordBytes) to \(maximumWordBytes) bytes, none of them zero"

    public static func isWord(_ word: String) -> Bool {
        (minimumWordBytes...maximumWordBytes).contains(word.utf8.count) && !word.utf8.contains(0)
    }
}

extension DetectionError {
    static func custom(_ message: String) -> DetectionError { DetectionError(code: .custom, message: message) }
}
