import Foundation
import TestKit
import Testing

extension Pipeline {
    /// A stage that lives but does not answer (invariant I1): refused at the deadline, neither hanging nor let through.
    @Suite(.serialized)
    struct StallTests {
        @Test(arguments: ["classifier", "recorder"])
        func nothingReachesTheTarget(_ stage: String) async throws {
            try await Self.stalled(stage) { rig in
                let ran = try await rig.gateway.clients(rig.free).psql("SELECT 'stalled \(stage)';")
                // libpq shows no SQLSTATE of an error at login.
                #expect(ran.errors.contains("FATAL:  refused because Sluice cannot govern it now"), "\(ran.transcript)")
                #expect(!ran.output.contains("stalled"))
                let log = try await rig.server.statements()
                #expect(!log.contains { $0.text.contains("stalled \(stage)") })
            }
        }

        @Test(arguments: ["classifier", "recorder", "masker"])
        func openSessionIsRefusedAndGoesOnLater(_ stage: String) async throws {
            try await Rig.with { rig in
                let client = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
                try client.send("SELECT 'in';\n")
                try await client.waitFor("in")
                let pid = try await rig.gateway.readyProcess(of: stage)
                kill(pid, SIGSTOP)
                try client.send("SELECT email, ssn, 'open stalled' FROM customers WHERE id = 1;\n")
                try await client.waitFor("57P03", deadline: .seconds(60))
                kill(pid, SIGCONT)
                try await eventually("the session goes on") {
                    try client.send("SELECT 'goes' || ' on';\n")
                    return client.output.contains("goes on")
                }
                client.closeInput()
                let finished = try await client.finish()
                #expect(!finished.output.contains(SampleDatabase.customer(1).ssn), "\(finished.transcript)")
                if stage != "masker" {
                    let log = try await rig.server.statements()
                    #expect(!log.contains { $0.text.contains("open stalled") })
                }
            }
        }

        @Test func stalledApproverRefusesWhatItWouldHold() async throws {
            try await Self.stalled("approver") { rig in
                let clients = rig.gateway.clients(rig.agent)
                let ran = try await clients.psql("SELECT 'unheld goes on';\nTRUNCATE scratch;")
                #expect(ran.output.contains("unheld goes on"), "\(ran.transcript)")
                #expect(ran.errors.contains("57P03"), "\(ran.transcript)")
                let log = try await rig.server.statements()
                #expect(!log.contains { $0.text.contains("TRUNCATE") })
            }
        }

        /// What waits for its record behind others has waited with them, not after them.
        @Test func aQueueOfCommandsIsRefusedTogether() async throws {
            try await Rig.with { rig in
                let count = 40
                let interpreter = try await PythonEnvironment.shared.value
                let script = Project.root + "/Tests/PipelineTests/Clients/queries.py"
                let client = try rig.gateway.clients(rig.free).start(interpreter, [script, "\(count)"], input: .pipe)
                try await client.waitFor("ready")
                let recorder = try await rig.gateway.readyProcess(of: "recorder")
                kill(recorder, SIGSTOP)
                try client.send("unrecorded\n")
                // One after the other they would take more than three minutes.
                try await client.waitFor("unrecorded {'57P03': \(count)}", deadline: .seconds(90))
                kill(recorder, SIGCONT)
                try await eventually("the session goes on") {
                    try client.send("recorded\n")
                    return client.output.contains("recorded {'-': \(count)}")
                }
                client.closeInput()
                try await client.finish()
                #expect(!(try await rig.server.statements()).contains { $0.text.contains("unrecorded") })
            }
        }

        private static func stalled(_ stage: String, _ body: (Rig) async throws -> Void) async throws {
            try await Rig.with { rig in
                let pid = try await rig.gateway.readyProcess(of: stage)
                kill(pid, SIGSTOP)
                do {
                    try await body(rig)
                } catch {
                    kill(pid, SIGCONT)
                    throw error
                }
                kill(pid, SIGCONT)
            }
        }
    }
}
