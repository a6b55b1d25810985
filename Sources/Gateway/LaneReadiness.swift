import Bus
import Synchronization
import Telemetry

/// Whether the recorder and every stage of the lanes have had a replica that takes work, all at once: a condition of
/// Ingress's readiness. A new process gets no connections before its lanes are there. Later readiness no longer depends on
/// them: without a stage clients get the protocol's own error, which says so, and that takes a connection. Written by one
/// event loop, read by the metrics server.
public final class LaneReadiness: Sendable {
    /// How often the replicas are counted, nanoseconds.
    public static let interval: UInt64 = 250_000_000

    private let live: [(stage: String, count: Gauge)]
    private let wereThere = Atomic(false)

    init(stages: Set<String>, telemetry: ProcessTelemetry) {
        live = stages.sorted().map { stage in
            let count = telemetry.registry.gauge(
                "sluice_live_replicas", help: "Replicas of a stage that answer, and do not drain.",
                labels: [.init("peer", stage)])
            return (stage: stage, count: count)
        }
        telemetry.health.require { [self] in
            if wereThere.load(ordering: .relaxed) { return nil }
            return live.first { $0.count.value == 0 }.map { "no replica of \($0.stage) is live" }
        }
    }

    /// Counts again.
    func update(_ links: Links) {
        for (stage, count) in live { count.set(links.replicas(of: stage).count(where: { $0.state == .live })) }
        if live.allSatisfy({ $0.count.value > 0 }) { wereThere.store(true, ordering: .relaxed) }
    }
}
