import Detection

/// Walks the candidates of one scan along ascending value ranges.
public struct CandidateCursor {
    private let list: [Candidate]
    private var next = 0

    public init(_ list: consuming [Candidate]) { self.list = list }

    public static var none: CandidateCursor { CandidateCursor([]) }

    /// Indices of the candidates that end inside `range`, which starts at or after every earlier one.
    @inline(__always)
    public mutating func indices(in range: Range<Int>) -> Range<Int> {
        while next < list.count, Int(list[next].end) <= range.lowerBound { next += 1 }
        let first = next
        while next < list.count, Int(list[next].end) <= range.upperBound { next += 1 }
        return first..<next
    }

    /// The candidates themselves.
    mutating func next(in range: Range<Int>) -> ArraySlice<Candidate> { slice(indices(in: range)) }

    public func slice(_ indices: Range<Int>) -> ArraySlice<Candidate> { list[indices] }
}
