import Contract

/// A style the masker applies, in rising order of strictness.
public enum Style: Int, Comparable, Sendable {
    case partial, hash, redact, null

    public static func < (left: Style, right: Style) -> Bool { left.rawValue < right.rawValue }

    /// A style that this version does not know is the strictest.
    public init(_ style: MaskStyle) {
        switch style {
        case .partial: self = .partial
        case .hash: self = .hash
        case .redact, .unspecified, .tokenize, .shift, .bucket: self = .redact
        case .null, .UNRECOGNIZED: self = .null
        }
    }
}
