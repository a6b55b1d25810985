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
