/// Where an entity stands in the scanned bytes.
public struct Finding: Hashable, Sendable {
    public let entity: Entity
    /// Byte offsets from the start of the scanned buffer.
    public let range: Range<Int>
    public let confidence: Confidence
    /// What else was found in the stretch of overlapping findings that it is in: bytes of those may stand in it, so that their
    /// styles count as well.
    public private(set) var others = EntitySet.empty

    /// What was found there reaches beyond it: it is one of several parts of a stretch.
    public private(set) var isPart = false

    public init(entity: Entity, range: Range<Int>, confidence: Confidence = .high) {
        self.entity = entity
        self.range = range
        self.confidence = confidence
    }

    /// The same elsewhere.
    public func with(_ range: Range<Int>) -> Finding {
        var moved = Finding(entity: entity, range: range, confidence: confidence)
        moved.others = others
        moved.isPart = isPart
        return moved
    }

    /// The same where `entities` were found as well.
    /// - Parameter isPart: as part of more than it holds.
    public func among(_ entities: EntitySet, isPart: Bool) -> Finding {
        var joined = self
        joined.others.formUnion(entities.removing(entity))
        joined.isPart = joined.isPart || isPart
        return joined
    }

    /// The same where another was found as well.
    public func among(_ other: Finding) -> Finding {
        var entities = other.others
        entities.insert(other.entity)
        return among(entities, isPart: other.isPart || other.range.clamped(to: range) != other.range)
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
        /// A custom detector or dictionary that cannot be used as it is written.
        public static let custom = Code(raw: "custom")
    }
    public let code: Code
    /// Carries nothing of the scanned bytes.
    public let message: String

    public var description: String { message }
}
