/// How sure a finding is. Everything found is masked; the level is for people who read a list of findings.
///
/// Three levels, not a number: a number between them would claim a measured precision for data that nobody measured.
public enum Confidence: UInt8, Sendable, Comparable, CaseIterable {
    /// The form alone is common; only the words or the column around it say what it is.
    case low = 1
    /// A form that other data seldom has, or a form and a word that agrees with it.
    case medium
    /// A checksum is right, or the value has a form that was made to be recognised.
    case high

    public var name: String {
        switch self {
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        }
    }

    public init?(name: String) {
        guard let known = Confidence.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    public static func < (left: Confidence, right: Confidence) -> Bool { left.rawValue < right.rawValue }
}
