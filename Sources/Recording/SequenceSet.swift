/// Sequences of one session's records: few ranges, however many records.
struct SequenceSet: Equatable, Sendable {
    /// Ascending, disjoint and not adjacent.
    private(set) var ranges: [ClosedRange<UInt64>] = []

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ sequence: UInt64) -> Bool { ranges.contains { $0.contains(sequence) } }

    mutating func insert(_ range: ClosedRange<UInt64>) {
        // Nearly always the next record.
        if let last = ranges.last, range.lowerBound >= last.lowerBound, range.lowerBound <= Self.next(last.upperBound) {
            ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            return
        }
        var merged = range
        ranges.removeAll { other in
            guard other.lowerBound <= Self.next(merged.upperBound), merged.lowerBound <= Self.next(other.upperBound)
            else { return false }
            merged = min(other.lowerBound, merged.lowerBound)...max(other.upperBound, merged.upperBound)
            return true
        }
        ranges.insert(merged, at: ranges.firstIndex { $0.lowerBound > merged.lowerBound } ?? ranges.count)
    }

    private static func next(_ sequence: UInt64) -> UInt64 { sequence == .max ? sequence : sequence + 1 }

    mutating func insert(_ other: SequenceSet) {
        for range in other.ranges { insert(range) }
    }

    /// As the index keeps it: `1-20,25-25`.
    var text: String { ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",") }

    /// Reads ``text``; nil for any other text.
    init?(text: String) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { UInt64($0) }
            guard ends.count == 2, ends[0] <= ends[1] else { return nil }
            insert(ends[0]...ends[1])
        }
    }

    init() {}
}
