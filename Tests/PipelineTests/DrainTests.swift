import Foundation
import TestKit
import Testing

extension Pipeline {
    /// SIGTERM under load cuts no command and loses no record.
    @Suite(.serialized)
    struct DrainTests {
        @Test func terminatedUnderLoad() async throws {
            try await Rig.with { rig in
                let connections = 4
                let bench = try rig.gateway.clients(rig.free).start(
                    "pgbench", ["-n", "-M", "prepared", "-c", "\(connections)", "-T", "60"])
                try await eventually("pgbench is under way") { try await rig.history() > 50 }
                let pids = try await rig.gateway.stages().compactMap(\.pid)
                #expect(pids.count >= 5)
                #expect(await rig.gateway.stop() == 0, "\(rig.gateway.supervisor.errors)")
                let finished = try await bench.finish()
                #expect(finished.status != 0)
                for pid in pids { #expect(!Self.runs(pid), "\(pid) is still there") }

                let books = try await rig.books()
                #expect(books.balanced)
                // A transaction whose COMMIT ran but whose answer pgbench did not see is one per connection at most.
                let processed = try BenchReport(finished).processed
                #expect(processed <= books.history && books.history <= processed + connections)
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")

                let again = try await Gateway.start(in: rig.gateway.directory, port: rig.gateway.port)
                #expect(try await again.clients(rig.free).query("SELECT 'again'") == "again")
                #expect(await again.stop() == 0)
                let after = try await again.sluice(["verify"])
                #expect(after.status == 0, "\(after.transcript)")
            }
        }

        @Test func pendingHoldSurvivesARestart() async throws {
            try await Rig.with { rig in
                let client = try rig.gateway.clients(rig.agent).startPsql(input: .text("TRUNCATE scratch;\n"))
                try await client.waitFor("NOTICE")
                let id = try #require(try await rig.gateway.pendingApprovals().first?["id"].string)
                #expect(await rig.gateway.stop() == 0)
                try await client.finish()
                // Its session is over: nothing is left that an approval could be for.
                let again = try await Gateway.start(in: rig.gateway.directory, port: rig.gateway.port)
                try await eventually("the request is closed") {
                    ["cancelled", "expired"].contains(try await again.approvalStatus(id))
                }
                #expect(!(try await rig.server.statements().contains { $0.text.contains("TRUNCATE") }))
                await again.stop()
            }
        }

        /// False for a process that ended and that init has not reaped yet.
        private static func runs(_ pid: Int32) -> Bool {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
            return stat.split(separator: ")").last?.split(separator: " ").first != "Z"
        }

        @Test func killedSupervisorLeavesNothingBehind() async throws {
            try await Rig.with { rig in
                let pids = try await rig.gateway.stages().compactMap(\.pid)
                rig.gateway.supervisor.signal(SIGKILL)
                try await rig.gateway.supervisor.finish()
                let again = try await Gateway.start(in: rig.gateway.directory, port: rig.gateway.port)
                #expect(try await again.clients(rig.free).query("SELECT 'again'") == "again")
                for pid in pids { #expect(!Self.runs(pid), "\(pid) is still there") }
                let verified = try await again.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
                await again.stop()
            }
        }
    }
}
