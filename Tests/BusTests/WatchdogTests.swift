@testable import Bus
import Testing

@Suite("Watchdog")
struct WatchdogTests {
    /// What `isDue` says at these times, one after the other.
    private func answers(_ environment: [String: String], at times: [UInt64]) -> [Bool] {
        var watchdog = Watchdog(environment: environment, pid: 7)
        return times.map { watchdog.isDue(now: $0) }
    }

    @Test func isDueAtOnceAndThenEveryHalfOfTheLimit() {
        let answers = answers(
            ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"],
            at: [1, 15_000_000_000, 15_000_000_001, 15_000_000_002, 30_000_000_001])
        #expect(answers == [true, false, true, false, true])
    }

    @Test(arguments: [
        [:], ["WATCHDOG_USEC": ""], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "soon"],
        ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"],
    ])
    func isNeverDueWhenNobodyWatchesThisProcess(_ environment: [String: String]) {
        #expect(answers(environment, at: [1, .max]) == [false, false])
        #expect(!Watchdog(environment: environment, pid: 7).isWatched)
    }
}
