import Foundation
import TestKit
import Testing

extension Pipeline {
    /// A disk without space stops commands, which go on by themselves when there is some again (invariants I1, I2).
    @Suite(.serialized)
    struct DiskTests {
        @Test func commandsStopAndGoOnWithTheRecordersDisk() async throws {
            try await ChaosRig.with { rig in
                let interpreter = try await PythonEnvironment.shared.value
                let script = Project.root + "/Tests/PipelineTests/Clients/pipeline.py"
                let clients = rig.gateway.clients(rig.free)
                let pipeline = try clients.start(interpreter, [script], input: .pipe)
                let simple = try clients.startPsql(input: .pipe)
                try await pipeline.waitFor("ready")
                try pipeline.send("before\n")
                try await pipeline.waitFor("before ok")

                try rig.disk.fill()
                // Random, so that no compression makes it fit into what is left of the disk's last page.
                let padding = (1...300).map { _ in UUID().uuidString }.joined()
                for turn in 1...3 {
                    try simple.send("SELECT 'full alone \(turn)' /* \(padding) */;\n")
                    try pipeline.send("full-\(turn)\n")
                    try await pipeline.waitFor("full-\(turn) error ['57P03']")
                    try await eventually("the simple query is refused") {
                        simple.errors.components(separatedBy: "57P03").count > turn
                    }
                }
                // Who keeps the search index closes it when it cannot write, and SQLite's log leaves room for a command or two.
                var newcomers = 0
                try await eventually("a newcomer is refused") {
                    newcomers += 1
                    try rig.disk.fill()
                    let newcomer = try await clients.psql("SELECT 'newcomer \(newcomers) ran' /* \(padding) */;")
                    #expect(
                        newcomer.output.isEmpty == newcomer.errors.contains("recording failed"),
                        "\(newcomer.transcript)")
                    return newcomer.output.isEmpty
                }
                let log = try await rig.server.statements()
                #expect(!log.contains { $0.text.contains("full") || $0.text.contains("newcomer \(newcomers) ran") })

                try rig.disk.free()
                var turn = 0
                try await eventually("the sessions go on by themselves") {
                    turn += 1
                    try pipeline.send("after-\(turn)\n")
                    try await pipeline.waitFor("after-\(turn) ")
                    return pipeline.output.contains("after-\(turn) ok")
                }
                try simple.send("SELECT 'goes' || ' on';\n")
                try await simple.waitFor("goes on")
                for client in [simple, pipeline] {
                    client.closeInput()
                    try await client.finish()
                }
                #expect(try await rig.gateway.stages().allSatisfy { $0.restarts == 0 })
                let recorded = try await rig.gateway.recorded()
                #expect(recorded.problems.isEmpty, "\(recorded.problems)")
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }

        /// One of two recorders has a disk of its own, which fills up: the other one takes all sessions, and no command
        /// is refused.
        @Test func oneFullDiskRefusesNothing() async throws {
            let server = try await PostgresServer.start()
            let directory = try TemporaryDirectory()
            let port = try freePort()
            var options = Gateway.Options(policy: Rig.policy)
            options.stages = "recorder: {replicas: 2}"
            try Gateway.configure(options, port: port, target: server.port, in: directory)
            let folder = directory.file("state/recordings/recorder-0-0000beef")
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let disk = try await SmallDisk(at: folder, megabytes: 64, in: directory)
            let gateway = try await Gateway.start(in: directory, port: port)
            do {
                let free = try await gateway.createToken("free-1", groups: ["unlimited"])
                try await Self.recordWithOneFullDisk(gateway, gateway.clients(free), disk)
            } catch {
                await gateway.stop()
                await server.stop()
                throw error
            }
            await gateway.stop()
            await server.stop()
        }

        private static func recordWithOneFullDisk(
            _ gateway: Gateway, _ clients: Clients, _ disk: SmallDisk
        ) async throws {
            let sessions = try (0..<6).map { _ in try clients.startPsql(input: .pipe) }
            // Random, so that no compression makes it fit into what is left of the disk's last page.
            let padding = (1...300).map { _ in UUID().uuidString }.joined()
            func everyoneRuns(_ name: String) async throws {
                for session in sessions { try session.send("SELECT '\(name)' || ' ran' /* \(padding) */;\n") }
                for session in sessions { try await session.waitFor("\(name) ran") }
                let newcomer = try await clients.psql("SELECT '\(name)' || ' ran' /* \(padding) */;")
                #expect(newcomer.output.contains("\(name) ran"), "\(newcomer.transcript)")
            }
            func logged(_ text: String) -> Int {
                (gateway.supervisor.output + gateway.supervisor.errors).components(separatedBy: text).count - 1
            }
            for round in 1...2 {
                try await everyoneRuns("before-\(round)")
                try disk.fill()
                for turn in 1...4 { try await everyoneRuns("full-\(round)-\(turn)") }
                try await eventually("the recorder found its disk full") {
                    try await everyoneRuns("more-\(round)")
                    return logged("cannot record") >= round
                }
                try disk.free()
                try await eventually("the recorder takes records again") {
                    logged("records are written again") >= round
                }
            }
            try await everyoneRuns("after")
            for session in sessions {
                #expect(!session.errors.contains("ERROR") && !session.errors.contains("FATAL"), "\(session.errors)")
                session.closeInput()
                try await session.finish()
            }
            let verified = try await gateway.sluice(["verify"])
            #expect(verified.status == 0, "\(verified.transcript)")
        }

        @Test func holdsAreRefusedWithoutTheApproversDisk() async throws {
            try await ChaosRig.with(ownStateDisk: true) { rig in
                let state = try #require(rig.stateDisk)
                // As large as a text may be, so that no page that SQLite has left over takes it.
                let command = "TRUNCATE chaos_scratch /* \(String(repeating: "long ", count: 160_000)) */;"
                try state.fill()
                let refused = try await rig.gateway.clients(rig.agent).psql("SELECT 'unheld runs';\n\(command)")
                #expect(refused.output.contains("unheld runs"), "\(refused.output)")
                #expect(refused.errors.contains("57P03"), "\(refused.errors.prefix(2000))")
                #expect(try await !rig.server.statements().contains { $0.text.hasPrefix("TRUNCATE") })

                try state.free()
                let held = try rig.gateway.clients(rig.agent).startPsql(input: .text(command + "\nSELECT 'went on';\n"))
                try await held.waitFor("held for approval", deadline: .seconds(60))
                for pending in try await rig.gateway.pendingApprovals() {
                    let id = try #require(pending["id"].string)
                    let approved = try await rig.gateway.sluice(["approvals", "approve", id], as: rig.reviewer)
                    #expect(approved.status == 0, "\(approved.transcript)")
                }
                let finished = try await held.finish()
                #expect(finished.output.contains("went on") && !finished.errors.contains("ERROR"))
                #expect(try await rig.server.statements().count { $0.text.hasPrefix("TRUNCATE") } == 1)
            }
        }
    }
}
