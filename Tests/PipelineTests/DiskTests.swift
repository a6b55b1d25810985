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
                let newcomer = try await clients.psql("SELECT 'full newcomer' /* \(padding) */;")
                #expect(newcomer.errors.contains("recording failed"), "\(newcomer.transcript)")
                let log = try await rig.server.statements()
                #expect(!log.contains { $0.text.contains("full") })

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
