import Foundation
import TestKit
import Testing

extension Integration {
    /// Columns that are taken away: what a client is told of a result's columns and what its rows have agree, however it asks.
    @Suite(.serialized)
    struct DropTests {
        private struct Dropped: Sendable {
            let server: PostgresServer
            let gateway: Gateway
            let agent: Token

            static let shared = Task { try await start() }

            private static let schema = """
                CREATE TABLE people (id int PRIMARY KEY, ssn text, name text, token uuid, note text);
                INSERT INTO people VALUES
                    (1, '536-90-4399', 'Ann', '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9', 'one'), (2, NULL, 'Bob', NULL, NULL);
                CREATE VIEW people_view AS SELECT id, ssn AS number, token AS t, note FROM people;
                GRANT ALL ON people, people_view TO PUBLIC;
                """

            private static let policy = """
                rules:
                  - {name: anything, who: {groups: [drops]}, then: allow}
                  - name: gone
                    mask:
                      - {columns: ["*.ssn", people.token], style: drop}

                """

            private static func start() async throws -> Dropped {
                let server = try await PostgresServer.start()
                _ = try await server.direct.query(schema)
                let gateway = try await Gateway.start(.init(policy: policy), before: server)
                return Dropped(
                    server: server, gateway: gateway,
                    agent: try await gateway.createToken("drops-1", groups: ["drops"], expires: "24h"))
            }

            var clients: Clients { gateway.clients(agent) }
        }

        @Test(arguments: [
            "cursors", "computed", "prepared", "server_side", "copies", "simple", "formats", "pipelined", "batches",
            "made_by_sql", "other_policy",
        ])
        func clientsSee(_ case: String) async throws {
            let dropped = try await Dropped.shared.value
            let policy = dropped.gateway.directory.file("policy.yaml")
            let ran = try await dropped.clients.python(client("dropped.py"), [`case`, policy])
            #expect(ran.status == 0 && ran.output.contains("\(`case`) ok"), "\(ran.transcript)")
        }

        @Test func psqlShowsWhatIsLeft() async throws {
            let dropped = try await Dropped.shared.value
            let ran = try await dropped.clients.psql(
                """
                \\pset tuples_only off
                \\pset footer off
                SELECT * FROM people ORDER BY id;
                SELECT p.*, v.* FROM people p JOIN people_view v USING (id) ORDER BY p.id;
                \\copy people TO STDOUT (FORMAT csv, HEADER)
                SELECT 1 AS one, ssn FROM people \\gdesc
                """)
            #expect(ran.status == 0 && ran.errors.isEmpty, "\(ran.transcript)")
            #expect(
                ran.output == """
                    id|name|note
                    1|Ann|one
                    2|Bob|
                    id|name|note|id|note
                    1|Ann|one|1|one
                    2|Bob||2|
                    id,name,note
                    1,Ann,one
                    2,Bob,
                    Column|Type
                    one|integer

                    """)
        }

        /// What is recorded is what the client got, and it can be shown.
        @Test func recordingsShowWhatIsLeft() async throws {
            let dropped = try await Dropped.shared.value
            let token = try await dropped.gateway.createToken("drops-2", groups: ["drops"], expires: "24h")
            _ = try await dropped.gateway.clients(token).query(
                "SELECT * FROM people ORDER BY id;\nSELECT ssn FROM people;\nCOPY people TO STDOUT;")
            let list = { try await dropped.gateway.sessions(of: "drops-2") }
            try await eventually("the session is recorded") {
                for id in try await list() where try await dropped.gateway.session(id).contains("COPY 2") {
                    return true
                }
                return false
            }
            var shown = ""
            for id in try await list() { shown += try await dropped.gateway.session(id) }
            #expect(shown.contains(" id | name | note") && shown.contains("  1 | Ann  | one"), "\(shown)")
            #expect(shown.contains("masked: 4 × ") || shown.contains("× *.ssn"), "\(shown)")
            #expect(!shown.contains("536-90-4399") && !shown.contains("0a1b2c3d"), "\(shown)")
        }

        /// A dump names the columns by the catalogue, and its rows lack some: it cannot be restored, which is said.
        @Test func aDumpDoesNotFitItsColumns() async throws {
            let dropped = try await Dropped.shared.value
            let dump = try await dropped.clients.run("pg_dump", ["--data-only", "--table=people"])
            #expect(dump.status == 0, "\(dump.transcript)")
            #expect(dump.output.contains("COPY public.people (id, ssn, name, token, note) FROM stdin;\n1\tAnn\tone\n"))
            #expect(!dump.output.contains("536-90-4399"))
        }

        @Test func pgcli() async throws {
            let dropped = try await Dropped.shared.value
            let home = try TemporaryDirectory()
            let endpoint = dropped.gateway.endpoint(dropped.agent).with {
                $0.extra = ["HOME": home.path, "TERM": "dumb", "PAGER": "cat"]
            }
            try home.write("SELECT * FROM people ORDER BY id;\n\\q\n", to: "query.sql")
            let ran = try await Clients(endpoint, in: home).run("/bin/sh", ["-c", "cat query.sql | pgcli"])
            #expect(ran.status == 0 && ran.output.contains("SELECT 2"), "\(ran.transcript)")
            #expect(
                ran.output.contains("Ann") && !(ran.output + ran.errors).contains("536-90-4399"), "\(ran.transcript)")
        }
    }
}
