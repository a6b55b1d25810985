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
