import Synchronization
import Telemetry

/// What one sink got, and how far it is behind.
final class SinkMetrics: Sendable {
    let events: Counter
    let repeats: Counter
    let failures: Counter
    let missing: Counter
    let lag: Gauge
    /// When the oldest record was made whose event is not accepted; Unix time, microseconds; 0: there is none.
    private let waitingSince = Atomic<UInt64>(0)
    private let problemText = Mutex<String?>(nil)
    private let damageText = Mutex<String?>(nil)

    init(_ telemetry: ProcessTelemetry, sink: String) {
        let labels = [MetricFamily.Label("sink", sink)]
        let registry = telemetry.registry
        events = registry.counter(
            "sluice_forwarder_events_total", help: "Events that the sink accepted.", labels: labels)
        repeats = registry.counter(
            "sluice_forwarder_repeated_events_total", help: "Events that were sent again.", labels: labels)
        failures = registry.counter(
            "sluice_forwarder_failures_total", help: "Failed attempts to reach the sink.", labels: labels)
        missing = registry.counter(
            "sluice_forwarder_missing_total",
            help: "Times that recordings were gone, or exchanged, before they were forwarded.", labels: labels)
        lag = registry.gauge(
            "sluice_forwarder_lag_records", help: "Acknowledged records that were not forwarded.", labels: labels)
        let since: @Sendable () -> UInt64 = { [self] in waitingSince.load(ordering: .relaxed) }
        registry.add(
            "sluice_forwarder_lag_seconds", "Age of the oldest record that was not forwarded.", .gauge
        ) {
            let (since, now) = (since(), Clock.unix() / 1000)
            return [.init(labels: labels, .real(since == 0 || since > now ? 0 : Double(now - since) / 1e6))]
        }
        telemetry.health.require { [self] in (problem ?? damage).map { "sink \(sink): \($0)" } }
    }

    /// Unix time, microseconds; nil: nothing waits.
    func waits(since time: UInt64?) { waitingSince.store(time ?? 0, ordering: .relaxed) }

    /// Why a recording cannot be read now.
    var damage: String? {
        get { damageText.withLock { $0 } }
        set { damageText.withLock { $0 = newValue } }
    }

    /// Why the sink gets nothing now.
    var problem: String? {
        get { problemText.withLock { $0 } }
        set { problemText.withLock { $0 = newValue } }
    }
}
