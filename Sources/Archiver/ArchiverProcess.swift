import Archive
import Bus
import Configuration
import Foundation
import Glibc
import Telemetry

/// Looks for sealed segments until it is told to stop.
struct ArchiverProcess {
    /// Between two looks, nanoseconds.
    static let interval: UInt64 = 1_000_000_000
    /// After a failure of the store; twice as long after each further one, up to ``longestPause``.
    static let firstPause: UInt64 = 1_000_000_000
    static let longestPause: UInt64 = 60_000_000_000
    /// Between two looks at signals while nothing is done, microseconds.
    private static let slice: UInt32 = 50_000
    /// How long the last upload may take once this process is told to stop, nanoseconds: less than `sluice up` waits.
    static let lastPass: UInt64 = 10_000_000_000

    private let archiver: Archiver
    private let metrics: ArchiverMetrics
    private let lock: ArchiverLock
    private let turn: Turn

    init(_ configuration: Configuration) throws {
        guard let settings = configuration.recording.archive else {
            throw BusError(.environment, "there is no recording: archive: in \(configuration.file)")
        }
        let recordings = configuration.state.recordings
        lock = try ArchiverLock(recordings)
        let turn = Turn()
        self.turn = turn
        let metrics = ArchiverMetrics(ProcessTelemetry.current)
        self.metrics = metrics
        archiver = Archiver(
            recordings: recordings, prefix: settings.prefix, keeping: Archiver.Keeping(settings.keepLocal),
            client: try S3Client(try S3Settings(settings)) { turn.goesOn() }, report: { metrics.report($0) })
    }

    mutating func run() throws {
        StageSignals.install()
        SupervisorNotice.ready()
        ProcessTelemetry.current.health.becameReady()
        var pause = Self.firstPause
        while !StageSignals.shouldDrain {
            if pass() {
                pause = Self.firstPause
                wait(Self.interval)
            } else {
                wait(pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
        SupervisorNotice.stopping()
        ProcessTelemetry.current.health.beganDraining()
        turn.end(at: monotonicNanoseconds() + Self.lastPass)
        _ = pass(isLast: true)
    }

    /// False when the store failed.
    private func pass(isLast: Bool = false) -> Bool {
        do throws(S3Error) {
            try archiver.pass(isLast: isLast)
            metrics.passed(pending: archiver.pending)
            return true
        } catch {
            if error.code == .cancelled { return true }
            metrics.failed(error, pending: archiver.pending)
            return false
        }
    }

    private func wait(_ nanoseconds: UInt64) {
        let end = monotonicNanoseconds() + nanoseconds
        while !StageSignals.shouldDrain, monotonicNanoseconds() < end {
            _ = turn.goesOn()
            usleep(Self.slice)
        }
    }
}

/// Beats for the work loop wherever that waits, and ends transfers when the process has to end.
private final class Turn {
    private let heartbeat = ProcessTelemetry.current.health.addLoop("the work loop")
    private var watchdog = Watchdog()
    private var deadline: UInt64?

    /// From now on only until `deadline`.
    func end(at deadline: UInt64) { self.deadline = deadline }

    func goesOn() -> Bool {
        let now = monotonicNanoseconds()
        heartbeat.beat(now: now)
        watchdog.turned(now: now)
        guard let deadline else { return !StageSignals.shouldDrain }
        return now < deadline
    }
}

/// One archiver for each folder of recordings: flock(2), given up by the kernel when the process dies.
private struct ArchiverLock {
    private let descriptor: Int32

    init(_ recordings: String) throws(BusError) {
        guard mkdir(recordings, 0o700) == 0 || errno == EEXIST else {
            throw BusError(.environment, "cannot make \(recordings): \(String(cString: strerror(errno)))")
        }
        let path = recordings + "/.archiver.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw BusError(.environment, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw BusError(.environment, "another archiver works on \(recordings)")
        }
    }
}
