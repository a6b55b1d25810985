import TestKit
import Testing

extension Pipeline {
    /// The load itself, without Sluice: its count of commits is the database's.
    @Suite(.serialized)
    struct LoadTests {
        @Test func countsWhatItCommits() async throws {
            let server = try await PostgresServer.start()
            let filled = try await server.direct.run("pgbench", ["-i", "-s", "4", "-q"])
            #expect(filled.status == 0, "\(filled.transcript)")
            let load = try await Load.start(server.direct, connections: 4, masked: false)
            let count = "SELECT count(*) FROM pgbench_history"
            try await eventually("transactions") { Int(try await server.direct.query(count)) ?? 0 > 200 }
            let report = try await load.end()
            #expect(report.wrong.isEmpty && report.errors.isEmpty, "\(report.text)")
            #expect(try await server.direct.query(count) == "\(report.committed)")
            await server.stop()
        }
    }
}
