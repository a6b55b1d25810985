/// Pauses after failures: 0.5 s, doubling to a minute, each shortened at random by up to half so that senders do not come
/// together.
struct Pause {
    static let firstMilliseconds = 500
    static let longestMilliseconds = 60_000
    /// Longest that a receiver may ask for, seconds.
    static let longestAsked = 3600

    private var upcoming = Self.firstMilliseconds

    /// The pause to make now, milliseconds. `asked`: by the receiver, seconds.
    mutating func next(asked: Int?, using generator: inout some RandomNumberGenerator) -> Int {
        let pause = Int.random(in: (upcoming / 2)...upcoming, using: &generator)
        upcoming = min(upcoming * 2, Self.longestMilliseconds)
        return max(pause, min(asked ?? 0, Self.longestAsked) * 1000)
    }

    mutating func reset() { upcoming = Self.firstMilliseconds }
}
