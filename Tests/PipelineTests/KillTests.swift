import Foundation
import TestKit
import Testing

extension Pipeline {
    /// `kill -9` of each stage but Ingress under load (invariant I6).
    @Suite(.serialized)
    struct KillTests {
        /// SQLSTATEs that a client may get while a stage is away: the stage's absence, and what follows
        /// from it within a transaction.
        static let documented: Set<String> = ["57P03", "25P02"]

        @Test(arguments: ["classifier", "masker", "approver", "recorder"])
        func loadSurvives(_ stage: String) async throws {
            try await Rig.with { rig in
                let load = try await Load.start(rig.gateway.clients(rig.free), connections: 4)
                let bench = try rig.gateway.clients(rig.free).start(
                    "pgbench", ["-n", "-M", "prepared", "-c", "2", "-T", "12"])
                for _ in 1...3 {
                    try await Self.progress(rig)
                    let victim = try await rig.gateway.readyProcess(of: stage)
                    kill(victim, SIGKILL)
                    _ = try await rig.gateway.readyProcess(of: stage, otherThan: victim)
                    try await Self.progress(rig)
                }
                let report = try await load.end()
                let benched = try await bench.finish()
                let summary = try BenchReport(benched)

                #expect(report.wrong.isEmpty, "\(report.text)")
                #expect(Set(report.errors.keys).isSubset(of: Self.documented), "\(report.text)")
                for line in summary.errors {
                    #expect(
                        !line.contains("server closed the connection") && !line.contains("lost synchronization"),
                        "\(line)")
                }
                let books = try await rig.books()
                #expect(books.balanced)
                #expect(books.history == report.committed + summary.processed)
                #expect(try await rig.gateway.stages().first { $0.stage == stage }?.restarts == 3)
                #expect(try await rig.gateway.stages().filter { $0.stage != stage }.allSatisfy { $0.restarts == 0 })
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }

        private static func progress(_ rig: Rig) async throws {
            let before = try await rig.history()
            try await eventually("transactions go on", deadline: .seconds(60)) {
                try await rig.history() >= before + 40
            }
        }

        @Test func pendingHoldSurvivesTheApprover() async throws {
            try await Rig.with { rig in
                let client = try rig.gateway.clients(rig.agent).startPsql(
                    input: .text("TRUNCATE scratch;\nSELECT 'usable';\n"))
                try await client.waitFor("NOTICE")
                let id = try #require(try await rig.gateway.pendingApprovals().first?["id"].string)
                for _ in 1...2 {
                    let approver = try await rig.gateway.readyProcess(of: "approver")
                    kill(approver, SIGKILL)
                    _ = try await rig.gateway.readyProcess(of: "approver", otherThan: approver)
                }
                #expect(try await rig.gateway.approvalStatus(id) == "pending")
                #expect(client.status == nil)
                let approved = try await rig.gateway.sluice(["approvals", "approve", id], as: rig.dba)
                #expect(approved.status == 0, "\(approved.transcript)")
                let finished = try await client.finish()
                #expect(finished.lines.last == "usable" && !finished.errors.contains("ERROR"), "\(finished.transcript)")
                #expect(try await rig.server.statements().filter { $0.text.contains("TRUNCATE scratch") }.count == 1)
            }
        }

        @Test func killedIngressTakesOnlyItsConnections() async throws {
            try await Rig.with { rig in
                let client = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
                try client.send("SELECT 'in';\n")
                try await client.waitFor("in")
                let ingress = try await rig.gateway.readyProcess(of: "ingress")
                kill(ingress, SIGKILL)
                _ = try await rig.gateway.readyProcess(of: "ingress", otherThan: ingress)
                client.closeInput()
                try await client.finish()
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'again'") == "again")
                #expect(try await rig.gateway.stages().filter { $0.stage != "ingress" }.allSatisfy { $0.restarts == 0 })
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }
    }
}
