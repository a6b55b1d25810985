import Archive
import Bus
import Configuration
import Foundation
import Recording
import Retention
import SharedIndex
import Synchronization
import Telemetry

/// Looks at what is past its time, at once and then every `recording.retention.every`, on a thread of its own.
final class ExpirerProcess: Sendable {
    /// Seconds after a look that failed, if that is less than `every`.
    private static let retrySeconds = 60
    /// Between two looks at signals, microseconds.
    private static let slice: UInt32 = 50_000

    private let configuration: Configuration
    private let retention: RecordingRetention
    private let metrics: ExpirerMetrics
    private let isOver = Atomic(false)

    init(_ configuration: Configuration, _ retention: RecordingRetention) {
        self.configuration = configuration
        self.retention = retention
        metrics = ExpirerMetrics(ProcessTelemetry.current)
    }

    func start() {
        Thread.detachNewThread { [self] in
            while !StageSignals.shouldDrain {
                let every = retention.everySeconds
                wait(pass() ? every : min(every, Self.retrySeconds))
            }
            isOver.store(true, ordering: .releasing)
        }
    }

    var hasFinished: Bool { isOver.load(ordering: .acquiring) }

    /// False when something that is due is still there.
    private func pass() -> Bool {
        do {
            let index = try RecordingIndex.open(configuration)
            let keys = try RecorderKeys(configuration)
            let clock = RetentionClock(configuration.state.recordings)
            let now = Date()
            try clock.check(now)
            let due = try RetentionDue(
                index, .withArchive(configuration), retention, signedBy: keys.verification, now: now)
            metrics.held(due.held)
            let orders = RemovalOrders(configuration, index, keys)
            let done = orders.carryOut(due.orders) { !StageSignals.shouldDrain }
            for order in done.orders { metrics.removed(order.place) }
            guard !StageSignals.shouldDrain else { return true }
            let problems = due.problems + done.problems
            metrics.passed(problems)
            try clock.note(now)
            return problems.isEmpty
        } catch {
            metrics.passed(["\(error)"])
            return false
        }
    }

    private func wait(_ seconds: Int) {
        let end = monotonicNanoseconds() + UInt64(seconds) * 1_000_000_000
        while !StageSignals.shouldDrain, monotonicNanoseconds() < end { usleep(Self.slice) }
    }
}
