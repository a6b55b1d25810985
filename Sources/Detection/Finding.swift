/// Where an entity stands in the scanned bytes.
public struct Finding: Hashable, Sendable {
    public let entity: Entity
    /// Byte offsets from the start of the scanned buffer.
    public let range: Range<Int>
    public let confidence: Confidence

    public init(entity: Entity, range: Range<Int>, confidence: Confidence = .high) {
        self.entity = entity
        self.range = range
        self.confidence = confidence
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
