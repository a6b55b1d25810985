import Synchronization

/// How long things took: counts in fixed buckets on a logarithmic scale, ten in each power of ten from 1 µs to 100 s.
/// For any thread: an observation is a binary search in a table and two relaxed atomic additions.
public final class Histogram: Sendable {
    /// Upper ends of the buckets, nanoseconds; what is longer goes into one more.
    static let bounds: [UInt64] = {
        let steps: [UInt64] = [1000, 1200, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000]
        var result: [UInt64] = []
        var scale: UInt64 = 1
        for _ in 0..<8 {
            result += steps.map { $0 * scale }
            scale *= 10
        }
        return result + [1000 * scale]
    }()
    /// The bounds that Prometheus sees: 1, 2 and 5 of each power of ten, by index. The others only sharpen percentiles.
    static let exposed: [Int] = bounds.indices.filter { [0, 3, 7].contains($0 % 10) }

    /// What was counted up to some moment; differences of two are what came between.
    public struct Snapshot: Sendable, Equatable {
        /// One for each bound, and one for what is longer.
        var counts: [UInt64]
        public var sumNanoseconds: UInt64

        public var count: UInt64 { counts.reduce(0, +) }

        static let empty = Snapshot(counts: [UInt64](repeating: 0, count: bounds.count + 1), sumNanoseconds: 0)

        static func - (later: Snapshot, earlier: Snapshot) -> Snapshot {
            Snapshot(
                counts: zip(later.counts, earlier.counts).map { $0 &- $1 },
                sumNanoseconds: later.sumNanoseconds &- earlier.sumNanoseconds)
        }

        /// The time, in seconds, that the part `quantile` (0 to 1) of the observations did not exceed, interpolated
        /// within its bucket; nil when there are none.
        public func seconds(quantile: Double) -> Double? {
            let total = count
            guard total > 0 else { return nil }
            let rank = quantile * Double(total)
            var below: UInt64 = 0
            for (index, count) in counts.enumerated() where count > 0 {
                guard Double(below + count) >= rank else {
                    below += count
                    continue
                }
                let lower = index == 0 ? 0 : Double(bounds[index - 1])
                let upper = index < bounds.count ? Double(bounds[index]) : lower
                return (lower + (upper - lower) * (rank - Double(below)) / Double(count)) / 1e9
            }
            return nil
        }
    }

    private let cells: AtomicCells
    private let sum = Atomic<UInt64>(0)

    public init() { cells = AtomicCells(count: Self.bounds.count + 1) }

    /// Counts `count` things that took `nanoseconds` each.
    public func observe(nanoseconds: UInt64, count: UInt64 = 1) {
        cells.add(count, at: Self.bucket(of: nanoseconds))
        sum.wrappingAdd(nanoseconds &* count, ordering: .relaxed)
    }

    public func snapshot() -> Snapshot {
        Snapshot(counts: cells.values, sumNanoseconds: sum.load(ordering: .relaxed))
    }

    /// The first bucket whose bound is not below `nanoseconds`.
    static func bucket(of nanoseconds: UInt64) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < nanoseconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// A row of atomic counts; an array cannot hold them.
private final class AtomicCells: @unchecked Sendable {
    // The memory is written by atomic operations only, between init and deinit.
    private let base: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    init(count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        for index in 0..<count { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    func add(_ value: UInt64, at index: Int) { base[index].wrappingAdd(value, ordering: .relaxed) }
    var values: [UInt64] { (0..<count).map { base[$0].load(ordering: .relaxed) } }
}
