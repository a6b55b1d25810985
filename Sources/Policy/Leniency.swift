import Contract

/// How much of a value a style leaves: nothing first.
struct Leniency: Comparable {
    private let rank: Int
    /// Within one style; zero is strictest.
    private let weights: [UInt64]

    static func < (left: Leniency, right: Leniency) -> Bool {
        (left.rank, left.weights.first ?? 0, left.weights.last ?? 0)
            < (right.rank, right.weights.first ?? 0, right.weights.last ?? 0)
    }

    init(_ mask: some StyledMask) {
        let parameters = mask.parameters
        switch mask.style {
        case .drop: (rank, weights) = (0, [])
        case .unspecified, .UNRECOGNIZED: (rank, weights) = (1, [])
        case .null: (rank, weights) = (2, [])
        case .redact: (rank, weights) = (3, [])
        case .hash: (rank, weights) = (4, [])
        case .tokenize: (rank, weights) = (5, [])
        case .shift:
            let days = parameters.days == 0 ? StyleParameters.defaultDays : parameters.days
            (rank, weights) = (6, [UInt64(UInt32.max - days)])
        case .bucket:
            // Without a unit dates are redacted, without a width numbers are.
            let width = parameters.widthBillionths
            (rank, weights) = (7, [parameters.unit.fineness, width == 0 ? 0 : .max - width])
        case .partial: (rank, weights) = (8, parameters.shown)
        }
    }
}

extension StyleParameters {
    /// The domain, which counts more than any character, and characters. Told nothing, `partial` shows as much as a domain and
    /// five characters.
    fileprivate var shown: [UInt64] {
        if first == 0, last == 0, !keepDomain { return [1, 5] }
        return [keepDomain ? 1 : 0, UInt64(first) + UInt64(last)]
    }
}

extension BucketUnit {
    fileprivate var fineness: UInt64 {
        switch self {
        case .unspecified, .UNRECOGNIZED: 0
        case .year: 1
        case .month: 2
        case .day: 3
        }
    }
}
