/// Runs custom detectors on one value at a time: their patterns may ask where a value starts or ends.
final class CustomMatcher {
    let detectors: [CustomDetector]
    private let entities: [Entity]
    /// By detector: its context words.
    private let words: [[Phrase]]
    /// The same words, by the places of the detectors that have them: in names of columns.
    let columns: PhraseTable<UInt64>
    private let matcher: Matcher
    /// Room for more matches than this is given back after each value.
    static let keptMatches = 16 << 10
    private(set) var matches: [Matcher.Match] = []

    var byteCount: Int { matcher.byteCount }

    init(_ detectors: [CustomDetector], _ names: CustomEntities) throws(DetectionError) {
        self.detectors = detectors
        entities = detectors.map { names.entity($0.entity) }
        words = detectors.map { detector in
            detector.context.map(Phrase.words).filter { !$0.isEmpty }.map { Phrase($0, isCaseSensitive: false) }
        }
        var columns = PhraseTable<UInt64>()
        for (index, detector) in detectors.enumerated() {
            for word in detector.context { columns.add(FieldContext.words(word), 1 << UInt64(index)) }
        }
        self.columns = columns
        matcher = try Matcher(detectors.map(\.matcherPattern), startsToo: true)
    }

    func findings(in scope: Scope, context: FieldContext, into findings: inout [Finding]) throws(DetectionError) {
        defer { if matches.capacity > CustomMatcher.keptMatches { matches = [] } }
        try matcher.scan(
            UnsafeRawBufferPointer(rebasing: scope.bytes[scope.lower..<scope.upper]), into: &matches)
        for match in matches {
            let index = Int(match.pattern)
            let range = scope.lower + match.range.lowerBound..<scope.lower + match.range.upperBound
            guard !range.isEmpty, validates(index, scope, range),
                detectors[index].context.isEmpty || context.custom >> UInt64(index) & 1 == 1
                    || holdsWord(index, scope, range)
            else { continue }
            findings.append(
                Finding(entity: entities[index], range: range, confidence: detectors[index].confidence))
        }
    }

    private func validates(_ index: Int, _ scope: Scope, _ range: Range<Int>) -> Bool {
        switch detectors[index].validator {
        case .none: true
        case .luhn: digits(scope, range)?.isLuhnValid ?? false
        case .mod97: symbols(scope, range)?.isMod97Valid ?? false
        case .verhoeff: digits(scope, range)?.isVerhoeffValid ?? false
        case .entropy: scope.entropy(range) >= Scope.minimumEntropy
        }
    }

    /// Nil when there are too few or too many for a checksum to say something.
    private func symbols(_ scope: Scope, _ range: Range<Int>, onlyDigits: Bool = false) -> Symbols? {
        let count = range.count(where: { onlyDigits ? scope[$0].isDigit : scope[$0].isAlphanumeric })
        return (2...Symbols.capacity).contains(count) ? Symbols(scope, range, onlyDigits: onlyDigits) : nil
    }

    private func digits(_ scope: Scope, _ range: Range<Int>) -> Symbols? { symbols(scope, range, onlyDigits: true) }

    private func holdsWord(_ index: Int, _ scope: Scope, _ range: Range<Int>) -> Bool {
        let from = max(scope.lower, range.lowerBound - CustomDetector.contextBytes)
        let to = min(scope.upper, range.upperBound + CustomDetector.contextBytes)
        return words[index].contains { word in
            (from..<to).contains { start in
                word.end(in: scope, from: start).map { $0 <= to && scope.isContextWord(start..<$0) } ?? false
            }
        }
    }
}
