import Foundation
import TestKit
import Testing

extension Integration {
    /// Unmodified programs behave through Sluice as they do directly.
    @Suite(.serialized)
    struct CompatibilityTests {
        @Test(arguments: [
            "formats", "prepared", "refused", "refused_in_transaction", "pipeline", "pipeline_refused", "copy_out",
            "copy_in", "cancel", "cursors", "streaming", "listening", "large", "parameters",
        ])
        func psycopgUnmasked(_ scenario: String) async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.plain).python(client("driver.py"), [scenario])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test(arguments: [
            "formats", "prepared", "refused", "pipeline", "copy_out", "cursors", "listening", "streaming",
        ])
        func psycopgMasked(_ scenario: String) async throws {
            let world = try await World.shared.value
            let endpoint = world.gateway.endpoint(world.veiled).with { $0.extra["MASKED"] = "1" }
            let ran = try await Clients(endpoint, in: world.gateway.directory).python(client("driver.py"), [scenario])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test(arguments: ["simple", "extended", "prepared"])
        func pgbench(_ mode: String) async throws {
            let world = try await World.shared.value
            try await Self.initialise(world)
            let total = "SELECT count(*) FROM pgbench_history"
            let before = try #require(Int(try await world.server.direct.query(total)))
            let ran = try await world.clients(world.free).run(
                "pgbench", ["-n", "-M", mode, "-c", "8", "-j", "2", "-t", "100"], deadline: .seconds(180))
            #expect(ran.status == 0, "\(ran.transcript)")
            #expect(ran.output.contains("number of transactions actually processed: 800/800"), "\(ran.transcript)")
            #expect(ran.output.contains("number of failed transactions: 0"), "\(ran.transcript)")
            #expect(!ran.errors.contains("ERROR") && !ran.errors.contains("error:"), "\(ran.transcript)")
            #expect(try await world.server.direct.query(total) == "\(before + 800)")
            let sums = try await world.server.direct.query(
                "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)")
            #expect(sums == "t")
        }

        @Test func pgbenchInitialisesThroughSluice() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.free).run("pgbench", ["-i", "-s", "1"], deadline: .seconds(120))
            #expect(ran.status == 0, "\(ran.transcript)")
            #expect(try await world.server.direct.query("SELECT count(*) FROM pgbench_accounts") == "100000")
        }

        @Test func pgDumpIsIdenticalToDirect() async throws {
            let world = try await World.shared.value
            for options in [["--format=plain"], ["--inserts", "--rows-per-insert=50"], ["--schema-only"]] {
                let direct = try await world.server.direct.run("pg_dump", options)
                let through = try await world.clients(world.free).run("pg_dump", options)
                #expect(direct.status == 0 && through.status == 0, "\(direct.errors)\(through.errors)")
                #expect(Self.comparable(through.output) == Self.comparable(direct.output))
                #expect(through.output.contains(SampleDatabase.customer(77).email) || options == ["--schema-only"])
            }
        }

        /// Newer pg_dump writes a random key into `\restrict` lines.
        private static func comparable(_ dump: String) -> [Substring] {
            dump.split(separator: "\n").filter { !$0.hasPrefix(#"\restrict"#) && !$0.hasPrefix(#"\unrestrict"#) }
        }

        private static func initialise(_ world: World) async throws {
            let ran = try await world.server.direct.run("pgbench", ["-i", "-s", "2", "-q"])
            guard ran.status == 0 else { throw TestKitError(ran.transcript) }
        }
    }
}
