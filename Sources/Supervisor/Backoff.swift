/// Delays before a stage is started again: 100 ms, doubling to 5 s.
struct Backoff: Sendable, Equatable {
    static let firstMilliseconds: UInt64 = 100
    static let longestMilliseconds: UInt64 = 5_000
    /// A stage that ran well for this long starts again without delay history.
    static let resetAfterMilliseconds: UInt64 = 10_000

    private var upcoming = Self.firstMilliseconds

    /// The delay to wait now, in milliseconds.
    mutating func next() -> UInt64 {
        let delay = upcoming
        upcoming = min(upcoming * 2, Self.longestMilliseconds)
        return delay
    }

    mutating func reset() { upcoming = Self.firstMilliseconds }
}
