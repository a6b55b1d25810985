/// Keeps a chatty process from filling the log: so many of its lines pass in a second, the others are counted. A value:
/// lines in, lines out, no clock.
struct LineLimit: Sendable {
    static let perSecond = 1000
    private static let windowMilliseconds: UInt64 = 1000

    private var since: UInt64 = 0
    private var passed = 0
    /// Lines left out in the second that runs.
    private(set) var leftOut = 0

    /// The lines that pass, and how many were left out in a second that is over now. `now`: monotonic milliseconds. Call
    /// it about once a second, with or without lines.
    mutating func take(_ lines: [String], now: UInt64) -> (leftOut: Int, lines: ArraySlice<String>) {
        var former = 0
        if now &- since >= Self.windowMilliseconds {
            former = leftOut
            (since, passed, leftOut) = (now, 0, 0)
        }
        let taken = lines.prefix(Self.perSecond - passed)
        passed += taken.count
        leftOut += lines.count - taken.count
        return (former, taken)
    }
}
