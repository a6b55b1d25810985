/// Keeps a line that comes again and again from filling the log: of one message at most ``perSecond`` are written in a
/// second, the others are counted and told once. A value: events in, lines out, no clock.
struct RepeatLimit: Sendable {
    static let perSecond = 10
    /// Different messages counted at once; when there are more, the oldest is forgotten.
    static let maximumMessages = 64
    private static let window: UInt64 = 1_000_000_000

    private struct Key: Hashable {
        let level: LogLevel
        let message: String
    }

    private struct Run {
        var since: UInt64
        var count = 0
        var suppressed = 0
    }

    private var runs: [Key: Run] = [:]

    /// What is to be written now that `event` came; `now`: monotonic nanoseconds.
    mutating func take(_ event: LogEntry, now: UInt64) -> [LogEntry] {
        let key = Key(level: event.level, message: event.message)
        var told: [LogEntry] = []
        if let run = runs[key], now &- run.since >= Self.window {
            runs[key] = nil
            told = Self.summary(key, run)
        }
        if runs[key] == nil, runs.count >= Self.maximumMessages,
            let oldest = runs.min(by: { $0.value.since < $1.value.since })
        {
            runs[oldest.key] = nil
            told += Self.summary(oldest.key, oldest.value)
        }
        var run = runs[key] ?? Run(since: now)
        run.count += 1
        if run.count > Self.perSecond { run.suppressed += 1 } else { told.append(event) }
        runs[key] = run
        return told
    }

    /// What was left out in windows that are over. Call about once a second.
    mutating func flush(now: UInt64) -> [LogEntry] {
        var told: [LogEntry] = []
        for (key, run) in runs where now &- run.since >= Self.window {
            runs[key] = nil
            told += Self.summary(key, run)
        }
        return told
    }

    private static func summary(_ key: Key, _ run: Run) -> [LogEntry] {
        guard run.suppressed > 0 else { return [] }
        return [LogEntry(key.level, "\(key.message) … repeated \(run.suppressed) times")]
    }
}
