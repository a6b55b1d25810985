import Foundation
import Glibc

/// When to tell systemd that the work loop still turns: `WATCHDOG=1` at half of the time after which it would kill the
/// process (sd_watchdog_enabled(3)). Without `WATCHDOG_USEC` nothing is ever due.
public struct Watchdog: Sendable {
    /// Nanoseconds between two messages; nil: nobody watches.
    let interval: UInt64?
    private var sentAt: UInt64 = 0

    /// - Parameters:
    ///   - environment: `WATCHDOG_USEC` is the limit in microseconds; `WATCHDOG_PID`, when set, names whom it is for.
    ///   - pid: this process.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment, pid: pid_t = getpid()) {
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(pid)" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { UInt64($0) } ?? 0
        interval = isForUs && limit > 0 ? (limit / 2).multipliedReportingOverflow(by: 1000).partialValue : nil
    }

    /// Whether anybody watches.
    public var isWatched: Bool { interval != nil }

    /// Call it at every turn of the work loop. True when the message is due now, and then not again for the interval.
    mutating func isDue(now: UInt64) -> Bool {
        guard let interval, sentAt == 0 || now - sentAt >= interval else { return false }
        sentAt = now
        return true
    }

    /// Sends the message when it is due.
    public mutating func turned(now: UInt64 = monotonicNanoseconds()) {
        if isDue(now: now) { SupervisorNotice.watchdog() }
    }
}
