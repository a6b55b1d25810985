/// A detector of the installation's own: a pattern, and what must hold of what it matches.
public struct CustomDetector: Hashable, Sendable {
    public enum Validator: String, CaseIterable, Sendable {
        case none
        /// ISO/IEC 7812-1, over the digits of the match.
        case luhn
        /// ISO/IEC 7064 MOD 97-10 as in an IBAN: the first four digits or letters are read last.
        case mod97
        /// Verhoeff's check digit, over the digits of the match.
        case verhoeff
        /// 3.2 bits per byte or more.
        case entropy
    }

    public static let maximumCount = 64
    public static let maximumPatternBytes = 1024
    public static let maximumContextWords = 32
    public static let maximumContextWordBytes = 64
    public static let maximumEntityBytes = 63
    /// How far before and after a match a context word may stand.
    public static let contextBytes = 64

    /// Snake case; an entity that Sluice knows, or a new one.
    public var entity: String
    /// The matcher's syntax: https://intel.github.io/hyperscan/dev-reference/compilation.html#pattern-support
    public var pattern: String
    public var isCaseSensitive: Bool
    public var validator: Validator
    /// When there are any, one of them must stand near the match or in the column's name. In any case.
    public var context: [String]
    public var confidence: Confidence

    public init(
        entity: String, pattern: String, isCaseSensitive: Bool = true, validator: Validator = .none,
        context: [String] = [],
        confidence: Confidence = .medium
    ) {
        self.entity = entity
        self.pattern = pattern
        self.isCaseSensitive = isCaseSensitive
        self.validator = validator
        self.context = context
        self.confidence = confidence
    }

    func matches(column name: String) -> Bool {
        let column = " " + FieldContext.words(name).joined(separator: " ") + " "
        return context.contains { column.contains(" " + FieldContext.words($0).joined(separator: " ") + " ") }
    }
}

/// Words of the installation's own, each of which is an entity wherever it stands as a whole word.
public struct CustomDictionary: Hashable, Sendable {
    /// Over all dictionaries of one engine.
    public static let maximumWords = 20_000
    public static let minimumWordBytes = 2
    public static let maximumWordBytes = 128

    public var entity: String
    public var words: [String]
    /// ASCII letters only: others are always compared as they are.
    public var isCaseSensitive: Bool
    public var confidence: Confidence

    public init(entity: String, words: [String], isCaseSensitive: Bool = false, confidence: Confidence = .medium) {
        self.entity = entity
        self.words = words
        self.isCaseSensitive = isCaseSensitive
        self.confidence = confidence
    }

    func matches(_ scope: Scope, _ range: Range<Int>) -> Bool { scope.isWord(range) }
}

extension CustomDetector {
    /// - Throws: an error that names the first detector, from 1, and the bound that it breaks.
    static func check(_ detectors: [CustomDetector], _ dictionaries: [CustomDictionary]) throws(DetectionError) {
        func fail(_ message: String) -> DetectionError { DetectionError(code: .custom, message: message) }
        guard detectors.count <= maximumCount else {
            throw fail("\(detectors.count) custom detectors; there may be \(maximumCount)")
        }
        for (index, detector) in detectors.enumerated() {
            let name = "custom detector \(index + 1) (\(detector.entity))"
            guard isName(detector.entity) else {
                throw fail(
                    "\(name): an entity's name is lower-case letters, digits and _, at most \(maximumEntityBytes)")
            }
            guard !detector.pattern.isEmpty, detector.pattern.utf8.count <= maximumPatternBytes,
                !detector.pattern.utf8.contains(0)
            else { throw fail("\(name): a pattern has 1 to \(maximumPatternBytes) bytes, none of them zero") }
            guard detector.context.count <= maximumContextWords else {
                throw fail("\(name): \(detector.context.count) context words; there may be \(maximumContextWords)")
            }
            for word in detector.context where word.isEmpty || word.utf8.count > maximumContextWordBytes {
                throw fail("\(name): a context word has 1 to \(maximumContextWordBytes) bytes")
            }
        }
        var words = 0
        for (index, dictionary) in dictionaries.enumerated() {
            let name = "dictionary \(index + 1) (\(dictionary.entity))"
            guard isName(dictionary.entity) else {
                throw fail(
                    "\(name): an entity's name is lower-case letters, digits and _, at most \(maximumEntityBytes)")
            }
            let bytes = CustomDictionary.minimumWordBytes...CustomDictionary.maximumWordBytes
            for word in dictionary.words where !bytes.contains(word.utf8.count) {
                throw fail("\(name): a word has \(bytes.lowerBound) to \(bytes.upperBound) bytes")
            }
            words += dictionary.words.count
        }
        guard words <= CustomDictionary.maximumWords else {
            throw fail("\(words) words in dictionaries; there may be \(CustomDictionary.maximumWords)")
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first.isLower, name.utf8.count <= maximumEntityBytes else { return false }
        return name.utf8.allSatisfy { $0.isLower || $0.isDigit || $0 == 0x5f }
    }
}

/// What the entities of an engine's custom detectors are called, in the order of their first use.
struct CustomEntities {
    private let added: [String]

    init(_ detectors: [CustomDetector], _ dictionaries: [CustomDictionary]) {
        var added: [String] = []
        for name in detectors.map(\.entity) + dictionaries.map(\.entity)
        where Entity(name: name) == nil && !added.contains(name) {
            added.append(name)
        }
        self.added = added
    }

    var entities: [Entity] { added.indices.map { Entity(index: Entity.all.count + $0) } }

    func entity(_ name: String) -> Entity {
        if let known = Entity(name: name) { return known }
        guard let index = added.firstIndex(of: name) else { preconditionFailure("a custom entity without a number") }
        return Entity(index: Entity.all.count + index)
    }

    func name(of entity: Entity) -> String {
        let index = entity.index - Entity.all.count
        return added.indices.contains(index) ? added[index] : entity.name
    }
}
