/// A kind of sensitive data, by the name that policies use.
public struct Entity: Hashable, Sendable {
    /// The place in ``all``: a dense index for counters and tables.
    public let index: Int

    private init(index: Int) {
        self.index = index
    }

    public static let email = Entity(index: 0)
    public static let creditCard = Entity(index: 1)
    public static let usSSN = Entity(index: 2)
    public static let secret = Entity(index: 3)

    private static let names = ["email", "credit_card", "us_ssn", "secret"]

    public var name: String { Entity.names[index] }

    public static let all: [Entity] = [email, creditCard, usSSN, secret]

    /// Nil when no detector finds such an entity.
    public init?(name: String) {
        guard let known = Entity.all.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}

/// Where an entity stands in the scanned bytes.
public struct Finding: Hashable, Sendable {
    public let entity: Entity
    /// Byte offsets from the start of the scanned buffer.
    public let range: Range<Int>

    public init(entity: Entity, range: Range<Int>) {
        self.entity = entity
        self.range = range
    }
}

/// The pattern matcher could not do its work.
public struct DetectionError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        let raw: String
        public static let compile = Code(raw: "compile")
        public static let scan = Code(raw: "scan")
        public static let tooManyCandidates = Code(raw: "too_many_candidates")
        public static let tooLong = Code(raw: "too_long")
    }
    public let code: Code
    /// Carries nothing of the scanned bytes.
    public let message: String

    public var description: String { message }
}
