import Archive
import Bus
import Recording
import Synchronization
import Telemetry

/// What was uploaded and removed, and whether the store fails.
final class ArchiverMetrics: Sendable {
    private let segments: Counter
    private let bytes: Counter
    private let removed: Counter
    private let failures: Counter
    private let problems: Counter
    private let waiting: Gauge
    /// Why the store fails now; nil while it does not.
    private let failure = Mutex<String?>(nil)

    init(_ telemetry: ProcessTelemetry) {
        let registry = telemetry.registry
        segments = registry.counter(
            "sluice_archiver_segments_total", help: "Segments uploaded and proven to be in the archive.")
        bytes = registry.counter("sluice_archiver_bytes_total", help: "Bytes of segments uploaded.")
        removed = registry.counter(
            "sluice_archiver_removed_total", help: "Segments removed here after they were uploaded.")
        failures = registry.counter("sluice_archiver_failures_total", help: "Passes that the store's failure ended.")
        problems = registry.counter(
            "sluice_archiver_problems_total", help: "Segments here that could not be uploaded or removed.")
        waiting = registry.gauge("sluice_archiver_waiting_segments", help: "Sealed segments that are not uploaded yet.")
        telemetry.showTotal("segments") { [segments] in segments.value }
        telemetry.health.require { [self] in failure.withLock { $0 } }
    }

    func report(_ event: Archiver.Event) {
        switch event {
        case .uploaded(let replica, let segment):
            segments.add()
            bytes.add(UInt64(max(0, segment.size)))
            StageLog.info("uploaded segment \(segment.number) of \(replica), proven by \(segment.proof.rawValue)")
        case .removed(let replica, let number, _):
            removed.add()
            StageLog.info("removed segment \(number) of \(replica) here: the archive has it")
        case .problem(let text):
            problems.add()
            StageLog.error(text)
        }
    }

    func passed(pending: Int) {
        waiting.set(pending)
        let was = failure.withLock { reason in
            defer { reason = nil }
            return reason
        }
        if was != nil { StageLog.info("the archive works again") }
    }

    /// Logs a failure once, until it is another one.
    func failed(_ error: S3Error, pending: Int) {
        failures.add()
        waiting.set(pending)
        let text = "the archive fails: \(error)"
        let was = failure.withLock { reason in
            defer { reason = text }
            return reason
        }
        if was != text { StageLog.error("\(text); recordings stay here") }
    }
}
