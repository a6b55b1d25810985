import Synchronization

/// Rate and percentiles of a histogram over the last ten seconds, from snapshots taken once a second.
final class RollingWindow: Sendable {
    static let seconds = 10

    struct Figures: Sendable, Equatable {
        /// Observations a second.
        var rate: Double
        /// Seconds; nil without observations.
        var p50: Double?
        var p99: Double?
    }

    private let histogram: Histogram
    private let snapshots: Mutex<[(at: UInt64, value: Histogram.Snapshot)]>

    init(_ histogram: Histogram, now: UInt64) {
        self.histogram = histogram
        snapshots = Mutex([(now, histogram.snapshot())])
    }

    /// Call once a second; `now`: monotonic nanoseconds.
    func tick(now: UInt64) {
        let value = histogram.snapshot()
        snapshots.withLock {
            $0.append((now, value))
            if $0.count > Self.seconds { $0.removeFirst() }
        }
    }

    func figures(now: UInt64) -> Figures {
        let value = histogram.snapshot()
        guard let oldest = snapshots.withLock({ $0.first }) else { return Figures(rate: 0) }
        let recent = value - oldest.value
        let elapsed = max(Double(now &- oldest.at) / 1e9, 1e-3)
        return Figures(
            rate: Double(recent.count) / elapsed, p50: recent.seconds(quantile: 0.5),
            p99: recent.seconds(quantile: 0.99))
    }
}
