import Configuration
import Foundation
import Telemetry
import Testing

@testable import Supervisor

/// The status and the metrics of all processes together, from real sockets.
@Suite("Monitor")
struct MonitorTests {
    private static func withState(_ body: (StateDirectory) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sluice-\(UUID().uuidString.prefix(8))"
        ).path
        let state = StateDirectory(root: folder, run: folder + "/run")
        try FileManager.default.createDirectory(atPath: state.metrics, withIntermediateDirectories: true)
        try body(state)
        try FileManager.default.removeItem(atPath: folder)
    }

    private static func process(_ stage: String, _ replica: Int = 0, state: String = "ready") -> Status.Process {
        Status.Process(stage: stage, replica: replica, pid: getpid(), state: state, restarts: 3)
    }

    /// A process that serves its own telemetry as `stage`.
    private static func serve(
        _ stage: String, in state: StateDirectory, _ prepare: (ProcessTelemetry) -> Void = { _ in }
    ) throws -> MetricsServer {
        let telemetry = ProcessTelemetry()
        prepare(telemetry)
        let server = MetricsServer { telemetry.response(to: $0, stage: stage, replica: "0") }
        try server.listen(path: state.metricsSocket(stage: stage, replica: 0))
        return server
    }

    @Test func statesComeFromBoth() throws {
        try Self.withState { state in
            let fine = try Self.serve("classifier", in: state) {
                $0.health.becameReady()
                $0.setPolicyEpoch([0xab])
            }
            let draining = try Self.serve("masker", in: state) { $0.health.beganDraining() }
            let wrong = MetricsServer { _ in MetricsResponse(status: 200, body: "no status") }
            try wrong.listen(path: state.metricsSocket(stage: "recorder", replica: 0))
            let known = Status(stages: [
                Self.process("recorder"), Self.process("classifier"), Self.process("masker"),
                Self.process("my-check"), Self.process("ingress", state: "starting"),
            ])
            let status = FleetStatus(known, state)
            #expect(status.stages.map(\.state) == ["silent", "ready", "draining", "ready", "starting"])
            #expect(status.stages.map { $0.live != nil } == [false, true, true, false, false])
            #expect(status.stages[1].live?.policyEpoch == "ab")
            #expect(status.isRunning)
            for server in [fine, draining, wrong] { try server.close() }
        }
    }

    @Test func theKeysOfScriptsStay() throws {
        let process = FleetStatus(
            Status(stages: [Status.Process(stage: "masker", replica: 2, pid: nil, state: "waiting", restarts: 1)]),
            answers: [.absent]
        ).stages[0]
        let data = try JSONEncoder().encode(process)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["stage"] as? String == "masker" && object["replica"] as? Int == 2)
        #expect(object["pid"] is NSNull && object["state"] as? String == "waiting" && object["restarts"] as? Int == 1)
        #expect(object.keys.count == 19)
    }

    @Test func withoutASupervisorTheSocketsTell() throws {
        try Self.withState { state in
            #expect(FleetStatus.load(state) == nil)
            let server = try Self.serve("masker", in: state) { $0.health.becameReady() }
            // What a killed process leaves.
            let gone = MetricsServer { _ in .verdict(nil) }
            try gone.listen(path: state.metrics + "/moved")
            guard rename(state.metrics + "/moved", state.metricsSocket(stage: "classifier", replica: 1)) == 0 else {
                Issue.record("rename")
                return
            }
            try gone.close()
            try Data().write(to: URL(fileURLWithPath: state.metrics + "/no-socket"))
            let status = try #require(FleetStatus.load(state))
            #expect(status.stages.map(\.stage) == ["masker"])
            #expect(status.stages.map(\.state) == ["ready"] && status.stages[0].pid == getpid())
            try server.close()
        }
    }

    @Test func mergesWhatTheProcessesSay() throws {
        try Self.withState { state in
            let masker = try Self.serve("masker", in: state) { $0.handling.observe(nanoseconds: 5000) }
            let classifier = try Self.serve("classifier", in: state)
            // One that speaks for another, and one whose text is broken.
            let forged = MetricsServer { _ in
                .metrics("# HELP a A\n# TYPE a gauge\na{stage=\"masker\",replica=\"0\"} 1\n")
            }
            try forged.listen(path: state.metricsSocket(stage: "forger", replica: 0))
            let broken = MetricsServer { _ in .metrics("a 1\n") }
            try broken.listen(path: state.metricsSocket(stage: "broken", replica: 0))
            let monitor = try SupervisorMonitor(state: state, listener: nil, telemetry: ProcessTelemetry())
            let stages = ["masker", "classifier", "forger", "broken", "absent"]
            monitor.update(Status(stages: stages.map { Self.process($0) }))
            let text = monitor.respond(to: .metrics).body
            let families = try ExpositionParser.parse(text)
            func values(_ name: String) -> [MetricFamily.Value] {
                families.first { $0.name == name }?.samples.map(\.value) ?? []
            }
            #expect(values("sluice_process_up") == Array(repeating: .integer(1), count: 5))
            #expect(values("sluice_process_restarts_total") == Array(repeating: .integer(3), count: 5))
            #expect(values("sluice_scraped") == [1, 1, 0, 0, 0].map { .integer($0) })
            #expect(!families.contains { $0.name == "a" })
            let started = families.first { $0.name == "process_start_time_seconds" }
            #expect(started?.samples.map { $0.labels[0].value } == ["supervisor", "masker", "classifier"])
            for server in [masker, classifier, forged, broken] { try server.close() }
            try monitor.close()
        }
    }

    @Test func readyWhenEachStageHasAProcessThatTakesWork() throws {
        try Self.withState { state in
            let masker = try Self.serve("masker", in: state) { $0.health.becameReady() }
            let monitor = try SupervisorMonitor(state: state, listener: nil, telemetry: ProcessTelemetry())
            monitor.becameReady()
            monitor.beat()
            monitor.update(Status(stages: [Self.process("masker"), Self.process("my-check")]))
            #expect(monitor.respond(to: .readiness) == .verdict(nil))
            #expect(monitor.respond(to: .health) == .verdict(nil))
            monitor.update(Status(stages: [Self.process("masker"), Self.process("my-check", state: "restarting")]))
            #expect(monitor.respond(to: .readiness) == .verdict("no my-check takes work"))
            let ingress = try Self.serve("ingress", in: state)
            monitor.update(Status(stages: [Self.process("masker"), Self.process("ingress")]))
            #expect(monitor.respond(to: .readiness) == .verdict("no ingress takes work"))
            for server in [masker, ingress] { try server.close() }
            try monitor.close()
        }
    }
}
