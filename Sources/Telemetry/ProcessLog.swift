import Glibc
import Synchronization

/// The log of this process: one line an event on standard error, each written at once. Never data or secrets.
public final class ProcessLog: Sendable {
    public static let current = ProcessLog()

    private struct Settings: Sendable {
        var stage = ""
        var replica = ""
        var format = LogFormat.text
        var limit = RepeatLimit()
    }

    private let settings = Mutex(Settings())
    private let write: @Sendable (String) -> Void
    let lines = Counters<LogLevel>()
    let suppressed = Counter()

    /// `write` gets whole lines.
    init(write: @escaping @Sendable (String) -> Void = ProcessLog.writeToStandardError) { self.write = write }

    /// Names the process in further lines.
    public func use(_ format: LogFormat, stage: String, replica: String) {
        settings.withLock {
            $0.format = format
            $0.stage = stage
            $0.replica = replica
        }
    }

    public func log(_ event: LogEntry) {
        let now = Clock.monotonic()
        settings.withLock { settings in
            let events = settings.limit.take(event, now: now)
            if events.last != event { suppressed.add(1) }
            put(events, settings)
        }
    }

    /// Tells what was left out. Call about once a second.
    public func flush() {
        let now = Clock.monotonic()
        settings.withLock { put($0.limit.flush(now: now), $0) }
    }

    private func put(_ events: [LogEntry], _ settings: borrowing Settings) {
        guard !events.isEmpty else { return }
        let time = Clock.unix()
        for event in events {
            lines[event.level].add(1)
            write(
                event.line(settings.format, stage: settings.stage, replica: settings.replica, nanoseconds: time))
        }
    }

    private static let writeToStandardError: @Sendable (String) -> Void = { line in
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody is left to be told that the log cannot be written.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
