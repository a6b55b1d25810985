import Configuration
import Foundation
import Glibc
import Synchronization
import Telemetry

/// Serves the metrics of all processes of one installation, on a Unix socket and maybe on a loopback address, so that
/// Prometheus needs one target. It asks the processes over their own sockets when it is asked.
final class SupervisorMonitor: Sendable {
    /// Its socket is `<name>.0` beside those of the stages.
    static let name = "supervisor"

    private let state: StateDirectory
    private let members = Mutex<[Status.Process]>([])
    private let telemetry: ProcessTelemetry
    private let heartbeat: Heartbeat
    private let server: Mutex<MetricsServer?> = Mutex(nil)

    /// `telemetry`: this process's own.
    init(
        state: StateDirectory, listener: MetricsListener?, telemetry: ProcessTelemetry = .current
    ) throws(SupervisorError) {
        self.state = state
        self.telemetry = telemetry
        heartbeat = telemetry.health.addLoop("the supervisor's loop")
        let server = MetricsServer(
            waits: true,
            tick: { telemetry.tick() },
            respond: { [weak self] endpoint in
                self?.respond(to: endpoint) ?? MetricsResponse(status: 503, body: "stopping\n")
            })
        do {
            try server.listen(path: state.metricsSocket(stage: Self.name, replica: 0))
            if let listener { try server.listen(host: listener.host, port: listener.port) }
        } catch {
            let place = listener.map { " or \($0.host):\($0.port)" } ?? ""
            throw SupervisorError("cannot serve metrics in \(state.metrics)\(place): \(error)")
        }
        self.server.withLock { $0 = server }
    }

    /// What runs now; call on every change.
    func update(_ status: Status) { members.withLock { $0 = status.stages } }

    /// The supervisor's loop turned.
    func beat() { heartbeat.beat(now: Clock.monotonic()) }

    func becameReady() { telemetry.health.becameReady() }
    func beganStopping() { telemetry.health.beganDraining() }

    func close() throws { try server.withLock { try $0?.close() } }

    func respond(to endpoint: MetricsEndpoint) -> MetricsResponse {
        let members = members.withLock { $0 }
        switch endpoint {
        case .metrics:
            return .metrics(Exposition.text(merged(ask(.metrics, members), members)))
        case .health:
            return .verdict(telemetry.health.unhealthyReason())
        case .readiness:
            return .verdict(unreadyReason(ask(.readiness, members), members))
        case .status:
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                return .json(try encoder.encode(FleetStatus(Status(stages: members), state)))
            } catch {
                return MetricsResponse(status: 500, body: "the status cannot be written\n")
            }
        }
    }

    private func ask(_ endpoint: MetricsEndpoint, _ members: [Status.Process]) -> [MetricsClient.Answer] {
        MetricsClient.get(
            endpoint, from: members.map { state.metricsSocket(stage: $0.stage, replica: $0.replica) },
            milliseconds: FleetStatus.patience)
    }

    /// Each stage needs a process that takes work; one that serves no metrics counts by what the supervisor knows.
    private func unreadyReason(_ answers: [MetricsClient.Answer], _ members: [Status.Process]) -> String? {
        if let reason = telemetry.health.unreadyReason() { return reason }
        for stage in Set(members.map(\.stage)).sorted() where AuxiliaryProcess(rawValue: stage) == nil {
            let takesWork = zip(members, answers).contains { member, answer in
                guard member.stage == stage, member.state == "ready" else { return false }
                switch answer {
                case .answered(let status, _): return status == 200
                case .absent: return true
                case .silent: return false
                }
            }
            if !takesWork { return "no \(stage) takes work" }
        }
        return nil
    }

    /// Our own metrics, what we know of the processes, and what they say, each family together. What is not valid, or
    /// does not bear its process's own labels, is left out, and `sluice_scraped` of that process is 0.
    func merged(_ answers: [MetricsClient.Answer], _ members: [Status.Process]) -> [MetricFamily] {
        var merge = FamilyMerge()
        for family in telemetry.registry.families() {
            merge.add(family, labels: [.init("stage", Self.name), .init("replica", "0")])
        }
        var up = MetricFamily("sluice_process_up", help: "1 when the supervisor sees it ready.", kind: .gauge)
        var restarts = MetricFamily(
            "sluice_process_restarts_total", help: "Restarts since the supervisor's start.", kind: .counter)
        var scraped = MetricFamily(
            "sluice_scraped", help: "1 when the process gave its metrics to the supervisor.", kind: .gauge)
        for (member, answer) in zip(members, answers) {
            let labels = [
                MetricFamily.Label("stage", member.stage), MetricFamily.Label("replica", "\(member.replica)"),
            ]
            let families = Self.families(answer, labels: labels)
            for family in families ?? [] { merge.add(family, labels: []) }
            up.samples.append(.init(labels: labels, .integer(member.state == "ready" ? 1 : 0)))
            restarts.samples.append(.init(labels: labels, .integer(UInt64(member.restarts))))
            scraped.samples.append(.init(labels: labels, .integer(families == nil ? 0 : 1)))
        }
        for family in [up, restarts, scraped] { merge.add(family, labels: []) }
        return merge.families
    }

    private static func families(_ answer: MetricsClient.Answer, labels: [MetricFamily.Label]) -> [MetricFamily]? {
        switch answer {
        case .answered(200, let body):
            do {
                let families = try ExpositionParser.parse(body)
                let isOwn = families.allSatisfy { $0.samples.allSatisfy { $0.labels.prefix(2) == labels[...] } }
                return isOwn ? families : nil
            } catch {
                return nil
            }
        case .answered, .absent, .silent: return nil
        }
    }
}

/// Families of several processes, each name once.
private struct FamilyMerge {
    private(set) var families: [MetricFamily] = []
    private var places: [String: Int] = [:]

    mutating func add(_ family: MetricFamily, labels: [MetricFamily.Label]) {
        let samples = family.samples.map {
            MetricFamily.Sample(suffix: $0.suffix, labels: labels + $0.labels, $0.value)
        }
        guard let place = places[family.name] else {
            places[family.name] = families.count
            families.append(MetricFamily(family.name, help: family.help, kind: family.kind, samples: samples))
            return
        }
        // Two processes of different versions may mean different things by one name: the first one's stays.
        if families[place].kind == family.kind { families[place].samples += samples }
    }
}
