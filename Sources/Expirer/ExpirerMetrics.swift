import Bus
import Retention
import Synchronization
import Telemetry

/// What was removed, what is held, and why something is still there.
final class ExpirerMetrics: Sendable {
    private let removed: Counter
    private let failures: Counter
    private let held: Gauge
    /// Nil while all that is due is gone.
    private let failure = Mutex<String?>(nil)
    /// What was said to be held.
    private let said = Mutex<[String]>([])

    init(_ telemetry: ProcessTelemetry) {
        let registry = telemetry.registry
        removed = registry.counter("sluice_expirer_removed_total", help: "Segments removed past their retention.")
        failures = registry.counter(
            "sluice_expirer_failures_total", help: "Looks after which something was due and still there.")
        held = registry.gauge("sluice_expirer_held_segments", help: "Segments past their retention under legal hold.")
        telemetry.showTotal("removed") { [removed] in removed.value }
        telemetry.health.require { [self] in failure.withLock { $0 } }
    }

    func removed(_ segments: ReplicaSegments) {
        removed.add(UInt64(segments.range.count))
        StageLog.info("removed past its retention: \(segments)")
    }

    func held(_ segments: [(segments: ReplicaSegments, hold: String)]) {
        held.set(segments.reduce(0) { $0 + $1.segments.range.count })
        let texts = segments.map { "kept: \($0.segments), held as \($0.hold)" }
        let former = said.withLock { said in
            defer { said = texts }
            return said
        }
        for text in texts where !former.contains(text) { StageLog.info(text) }
    }

    /// Logs a failure once, until it is another one.
    func passed(_ problems: [String]) {
        let text = problems.first.map { first in
            "retention fails: \(first)" + (problems.count > 1 ? ", and \(problems.count - 1) more" : "")
        }
        if text != nil { failures.add() }
        let was = failure.withLock { reason in
            defer { reason = text }
            return reason
        }
        guard text != was else { return }
        if problems.isEmpty { StageLog.info("retention works again") }
        for problem in problems { StageLog.error("retention fails: \(problem)") }
    }
}
