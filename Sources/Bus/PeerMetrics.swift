import Synchronization
import Telemetry

/// How another stage answers this process.
public final class PeerMetrics: Sendable {
    /// Time from sending to the answer.
    public let answers: Histogram
    public let resends: Counter
    public let timeouts: Counter
    public let failures: Counter
    /// Replicas that went silent while they were pinged.
    public let suspicions: Counter
    /// Messages sent and not answered.
    public let outstanding: Gauge

    private init(peer: String) {
        let registry = ProcessTelemetry.current.registry
        let label = [MetricFamily.Label("peer", peer)]
        answers = registry.histogram(
            "sluice_lane_seconds", help: "Time from sending a message to a stage until the lane's answer.",
            labels: label)
        resends = registry.counter(
            "sluice_bus_resends_total", help: "Messages sent again for want of an answer.", labels: label)
        timeouts = registry.counter(
            "sluice_bus_timeouts_total", help: "Messages given up at their deadline.", labels: label)
        failures = registry.counter(
            "sluice_bus_failures_total", help: "Messages that a stage said it could not handle.", labels: label)
        suspicions = registry.counter(
            "sluice_bus_suspicions_total", help: "Replicas that went silent and were passed by.", labels: label)
        outstanding = registry.gauge(
            "sluice_outstanding_messages", help: "Messages sent and not answered.", labels: label)
    }

    private static let known = Mutex<[String: PeerMetrics]>([:])

    /// The metrics of one stage, whose names come from the configuration: there are only so many. Ask once and keep it.
    public static func of(_ peer: String) -> PeerMetrics {
        known.withLock { known in
            if let metrics = known[peer] { return metrics }
            let metrics = PeerMetrics(peer: peer)
            known[peer] = metrics
            return metrics
        }
    }
}
