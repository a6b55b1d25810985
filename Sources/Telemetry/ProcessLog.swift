import Glibc
import Synchronization

/// The log of this process: one line an event on standard error, each written at once. Never data or secrets.
///
/// Event loops log, so nothing here waits: a line that standard error does not take at once is left out and counted.
public final class ProcessLog: Sendable {
    public static let current = ProcessLog()

    private struct Settings: Sendable {
        var stage = ""
        var replica = ""
        var format = LogFormat.text
        var limit = RepeatLimit()
    }

    private let settings = Mutex(Settings())
    private let write: @Sendable (String) -> Bool
    let lines = Counters<LogLevel>()
    let suppressed = Counter()

    /// `write` gets whole lines, does not wait, and says whether it took the line.
    init(write: @escaping @Sendable (String) -> Bool) { self.write = write }

    /// `descriptor`: where the lines go.
    convenience init(descriptor: Int32 = STDERR_FILENO) {
        let output = NonblockingOutput(descriptor)
        self.init { line in
            var rest = Array(line.utf8)[...]
            while !rest.isEmpty {
                guard case .written(let count) = rest.withUnsafeBytes(output.write) else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

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
            let line = event.line(
                settings.format, stage: settings.stage, replica: settings.replica, nanoseconds: time)
            if write(line) { lines[event.level].add(1) } else { suppressed.add(1) }
        }
    }
}
