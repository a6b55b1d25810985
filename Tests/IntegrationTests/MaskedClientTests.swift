import Foundation
import TestKit
import Testing

extension Integration {
    /// Programs that people look at data with, or take it away with, show it masked. (psycopg: `CompatibilityTests`.)
    @Suite(.serialized)
    struct MaskedClientTests {
        /// A dump without definitions is masked, and what is masked can be restored.
        @Test(arguments: [[], ["--inserts", "--rows-per-insert=50"], ["--column-inserts"], ["--format=custom"]])
        func pgDumpOfData(_ options: [String]) async throws {
            let world = try await World.shared.value
            let tables = ["--table=customers", "--table=orders"]
            let file = world.gateway.directory.file("dump")
            let dumped = try await world.clients(world.dumps).run(
                "pg_dump", ["--data-only", "--file=\(file)"] + tables + options)
            #expect(dumped.status == 0 && dumped.errors.isEmpty, "\(dumped.transcript)")

            let database = "restored"
            let direct = world.server.direct
            _ = try await direct.query("DROP DATABASE IF EXISTS \(database);\nCREATE DATABASE \(database);")
            let restored = Clients(world.server.endpoint(database: database), in: world.server.directory)
            let definitions = try await direct.run("pg_dump", ["--schema-only"] + tables)
            #expect(try await restored.psql(definitions.output, options: ["-v", "ON_ERROR_STOP=1"]).status == 0)
            let filled =
                options == ["--format=custom"]
                ? try await restored.run("pg_restore", ["--exit-on-error", "--dbname=\(database)", file])
                : try await restored.run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file])
            #expect(filled.status == 0 && filled.errors.isEmpty, "\(filled.transcript)")

            let shown = try await restored.query("SELECT * FROM customers")
            #expect(Clear.values(in: shown).isEmpty, "\(shown.prefix(500))")
            // Every row is there; equal addresses are equal still, others are not.
            #expect(
                try await restored.query("SELECT count(*), count(DISTINCT email) FROM customers WHERE email LIKE 'h:%'")
                    == "\(SampleDatabase.customers)|\(SampleDatabase.customers)")
            let untouched = "SELECT md5(string_agg(o::text, ';' ORDER BY id)) FROM orders o"
            #expect(try await restored.query(untouched) == direct.query(untouched))
            let others =
                "SELECT md5(string_agg(ROW(id, name, phone, active, created)::text, ';' ORDER BY id)) FROM customers"
            #expect(try await restored.query(others) == direct.query(others))
        }

        /// Typed at a terminal, and piped in.
        @Test(arguments: ["script -qec pgcli /dev/null < query.sql", "cat query.sql | pgcli"])
        func pgcli(_ command: String) async throws {
            let world = try await World.shared.value
            let home = try TemporaryDirectory()
            let endpoint = world.gateway.endpoint(world.veiled).with {
                $0.extra = ["HOME": home.path, "TERM": "dumb", "PAGER": "cat"]
            }
            try home.write(
                "SELECT id, email, ssn, notes FROM customers WHERE id <= 20 ORDER BY id;\n\\q\n", to: "query.sql")
            let ran = try await Clients(endpoint, in: home).run("/bin/sh", ["-c", command])
            #expect(ran.status == 0 && ran.output.contains("SELECT 20"), "\(ran.transcript)")
            #expect(
                ran.output.contains("p***@mail1.example.com") && ran.output.contains("[redacted]"), "\(ran.transcript)")
            #expect(Clear.values(in: ran.output + ran.errors).isEmpty, "\(ran.transcript)")
        }
    }
}
