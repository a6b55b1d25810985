import Contract

/// A style the masker applies, with what it is told.
public enum Style: Hashable, Sendable {
    case partial(ShownPart)
    case bucket(Bucket)
    case shift(days: Int)
    case tokenize, hash, redact, null
    /// The column goes, where it can; where only its value can, NULL.
    case drop

    /// A style that this version does not know is the strictest.
    /// - Throws: ``MaskError`` when what it is told is out of bounds.
    public init(_ mask: some StyledMask) throws(MaskError) {
        let told = mask.parameters
        guard told.first <= StyleParameters.maximumShown, told.last <= StyleParameters.maximumShown,
            told.days <= StyleParameters.maximumDays,
            told.widthBillionths <= StyleParameters.maximumWidthBillionths
        else { throw MaskError(code: .badPlan, message: "a style is told more than it can do") }
        switch mask.style {
        case .partial: self = .partial(ShownPart(told))
        case .bucket: self = .bucket(Bucket(told))
        case .shift: self = .shift(days: Int(told.days == 0 ? StyleParameters.defaultDays : told.days))
        case .tokenize: self = .tokenize
        case .hash: self = .hash
        case .redact, .unspecified: self = .redact
        case .null, .UNRECOGNIZED: self = .null
        case .drop: self = .drop
        }
    }

    /// Whether it depends on the installation's key.
    var isKeyed: Bool {
        switch self {
        case .hash, .tokenize, .shift: true
        case .partial, .bucket, .redact, .null, .drop: false
        }
    }
}

extension Style: Comparable {
    /// In rising order of strictness: the style, then what it is told.
    private var strictness: (Int, UInt64, UInt64) {
        switch self {
        case .partial(let part): (0, part.keepsDomain ? 0 : 1, UInt64(ShownPart.most - part.characters))
        case .bucket(let bucket): (1, bucket.coarseness, bucket.width == 0 ? .max : bucket.width)
        case .shift(let days): (2, UInt64(days), 0)
        case .tokenize: (3, 0, 0)
        case .hash: (4, 0, 0)
        case .redact: (5, 0, 0)
        case .null: (6, 0, 0)
        case .drop: (7, 0, 0)
        }
    }

    public static func < (left: Style, right: Style) -> Bool { left.strictness < right.strictness }
}
