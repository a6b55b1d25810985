import Configuration
import Foundation
import Telemetry

/// Every process of one installation: what the supervisor knows of it, and what it says about itself.
public struct FleetStatus: Encodable, Sendable, Equatable {
    /// How long the processes may take to answer, milliseconds.
    public static let patience = 1000

    public struct Process: Sendable, Equatable {
        public let stage: String
        public let replica: Int
        /// Nil while no process runs.
        public let pid: Int32?
        /// As in ``Status``; or `silent`: it does not answer, `stuck`: its work loop does not turn.
        public let state: String
        public let restarts: Int
        /// Nil when it says nothing.
        public let live: ProcessStatus?
    }

    public let stages: [Process]

    /// Asks every process; nil when none is known. Without a supervisor the sockets tell which ones there are.
    public static func load(_ state: StateDirectory) -> FleetStatus? {
        if let supervised = Status.load(state)?.checked() { return FleetStatus(supervised, state) }
        let places = sockets(in: state.metrics)
        guard !places.isEmpty else { return nil }
        let found = Status(
            stages: places.map {
                Status.Process(stage: $0.stage, replica: $0.replica, pid: nil, state: "unknown", restarts: 0)
            })
        let asked = FleetStatus(found, state)
        // A socket that nobody listens on is what a killed process left.
        let present = asked.stages.filter { $0.live != nil || $0.state == "silent" }
        return present.isEmpty ? nil : FleetStatus(stages: present)
    }

    private init(stages: [Process]) { self.stages = stages }

    /// What the supervisor knows, with what its processes answer.
    init(_ status: Status, _ state: StateDirectory) {
        let paths = status.stages.map { state.metricsSocket(stage: $0.stage, replica: $0.replica) }
        let answers = MetricsClient.get(.status, from: paths, milliseconds: Self.patience)
        self.init(status, answers: answers)
    }

    init(_ status: Status, answers: [MetricsClient.Answer]) {
        stages = zip(status.stages, answers).map { known, answer in
            let live = Self.decode(answer)
            return Process(
                stage: known.stage, replica: known.replica, pid: known.pid ?? live?.pid,
                state: Self.state(known.state, answer, live), restarts: known.restarts, live: live)
        }
    }

    private static func decode(_ answer: MetricsClient.Answer) -> ProcessStatus? {
        switch answer {
        case .answered(200, let body):
            do {
                return try JSONDecoder().decode(ProcessStatus.self, from: Data(body.utf8))
            } catch {
                // Not one of ours: shown as silent.
                return nil
            }
        case .answered, .absent, .silent: return nil
        }
    }

    private static func state(_ known: String, _ answer: MetricsClient.Answer, _ live: ProcessStatus?) -> String {
        guard known == "ready" || known == "unknown" else { return known }
        guard let live else { return answer == .absent ? known : "silent" }
        if !live.healthy { return "stuck" }
        if live.draining { return "draining" }
        return live.ready || known == "ready" ? "ready" : "starting"
    }

    /// Stage and replica of every socket in `folder`, in their order.
    private static func sockets(in folder: String) -> [(stage: String, replica: Int)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name -> (stage: String, replica: Int)? in
            guard let dot = name.lastIndex(of: "."), let replica = Int(name[name.index(after: dot)...]) else {
                return nil
            }
            return (String(name[..<dot]), replica)
        }.filter { $0.stage != SupervisorMonitor.name }.sorted { ($0.stage, $0.replica) < ($1.stage, $1.replica) }
    }

    public var isRunning: Bool { stages.contains { $0.pid != nil && $0.state != "dead" } }
}

extension FleetStatus.Process: Encodable {
    private enum CodingKeys: String, CodingKey {
        case stage, replica, pid, state, restarts, version, started, healthy, ready, draining, reason, rate, queued
        case p50 = "p50_seconds"
        case p99 = "p99_seconds"
        case memory = "memory_bytes"
        case cpu = "cpu_seconds"
        case policyEpoch = "policy_epoch"
        case totals
    }

    /// Written in full: what is not known is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stage, forKey: .stage)
        try container.encode(replica, forKey: .replica)
        try container.encode(pid, forKey: .pid)
        try container.encode(state, forKey: .state)
        try container.encode(restarts, forKey: .restarts)
        try container.encode(live?.version, forKey: .version)
        try container.encode(live?.started, forKey: .started)
        try container.encode(live?.healthy, forKey: .healthy)
        try container.encode(live?.ready, forKey: .ready)
        try container.encode(live?.draining, forKey: .draining)
        try container.encode(live?.reason, forKey: .reason)
        try container.encode(live?.rate, forKey: .rate)
        try container.encode(live?.queued, forKey: .queued)
        try container.encode(live?.p50, forKey: .p50)
        try container.encode(live?.p99, forKey: .p99)
        try container.encode(live?.memory, forKey: .memory)
        try container.encode(live?.cpu, forKey: .cpu)
        try container.encode(live?.policyEpoch, forKey: .policyEpoch)
        try container.encode(live?.totals, forKey: .totals)
    }
}
