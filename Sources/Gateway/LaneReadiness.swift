import Bus
import Telemetry

/// Whether the recorder and every stage of the lanes have a replica that takes work: a condition of Ingress's
/// readiness. Written by one event loop, read by the metrics server.
public final class LaneReadiness: Sendable {
    /// How often the replicas are counted, nanoseconds.
    public static let interval: UInt64 = 250_000_000

    private let live: [(stage: String, count: Gauge)]

    init(stages: Set<String>, telemetry: ProcessTelemetry) {
        let live = stages.sorted().map { stage in
            let count = telemetry.registry.gauge(
                "sluice_live_replicas", help: "Replicas of a stage that answer, and do not drain.",
                labels: [.init("peer", stage)])
            return (stage: stage, count: count)
        }
        self.live = live
        telemetry.health.require {
            live.first { $0.count.value == 0 }.map { "no replica of \($0.stage) is live" }
        }
    }

    /// Counts again.
    func update(_ links: Links) {
        for (stage, count) in live { count.set(links.replicas(of: stage).count(where: { $0.state == .live })) }
    }
}
