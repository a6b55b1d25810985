import Contract

/// How much of a value a style leaves: nothing first.
struct Leniency: Comparable {
    private let rank: Int
    /// Within one style; zero is strictest.
    private let weights: [UInt64]
    /// What must not be more for nothing else to be left; of `partial` it says more than the weights.
    private let parts: [UInt64]

    static func < (left: Leniency, right: Leniency) -> Bool {
        (left.rank, left.weights.first ?? 0, left.weights.last ?? 0)
            < (right.rank, right.weights.first ?? 0, right.weights.last ?? 0)
    }

    /// Whether it leaves no more than `other` of any value, as far as both can be compared.
    func leavesNoMore(than other: Leniency) -> Bool {
        rank < other.rank
            || rank == other.rank && parts.count == other.parts.count
                && zip(parts, other.parts).allSatisfy(<=)
    }

    init(_ mask: some StyledMask) {
        let parameters = mask.parameters
        var parts: [UInt64]?
        switch mask.style {
        case .unspecified, .UNRECOGNIZED: (rank, weights) = (0, [])
        case .null: (rank, weights) = (1, [])
        case .redact: (rank, weights) = (2, [])
        case .hash: (rank, weights) = (3, [])
        case .tokenize: (rank, weights) = (4, [])
        case .shift:
            let days = parameters.days == 0 ? StyleParameters.defaultDays : parameters.days
            (rank, weights) = (5, [UInt64(UInt32.max - days)])
        case .bucket:
            // Without a unit dates are redacted, without a width numbers are.
            let width = parameters.widthBillionths
            (rank, weights) = (6, [parameters.unit.fineness, width == 0 ? 0 : .max - width])
        case .partial:
            (rank, weights) = (7, parameters.shown)
            parts = parameters.shownParts
        }
        self.parts = parts ?? weights
    }
}

extension StyleParameters {
    /// The domain, which counts more than any character, and characters. Told nothing, `partial` shows as much as a domain and
    /// five characters.
    fileprivate var shown: [UInt64] {
        if first == 0, last == 0, !keepDomain { return [1, 5] }
        return [keepDomain ? 1 : 0, UInt64(first) + UInt64(last)]
    }

    /// Told nothing, `partial` shows other parts than it can be told to.
    fileprivate var shownParts: [UInt64] {
        first == 0 && last == 0 && !keepDomain ? [] : [keepDomain ? 1 : 0, UInt64(first), UInt64(last)]
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
