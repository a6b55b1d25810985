import Foundation
import TestKit
import Testing

extension Integration {
    /// Ways around a policy that worked elsewhere. None of them may reach PostgreSQL.
    @Suite(.serialized)
    struct EvasionTests {
        /// Refused at once, or held: an agent that does not wait for a reviewer gets nothing either way.
        static let statements = [
            "SELECT 1; DELETE FROM evasion",
            "SELECT 1; COMMIT; DROP TABLE evasion",
            "/**/DELETE FROM evasion",
            "DELETE FROM evasion -- WHERE id = 1",
            "DELETE FROM evasion WHERE true",
            "DELETE FROM evasion WHERE 1 = 1",
            "UPDATE evasion SET id = 0",
            "WITH gone AS (DELETE FROM evasion RETURNING *) SELECT * FROM gone",
            "EXPLAIN ANALYZE DELETE FROM evasion",
            "EXPLAIN (ANALYZE, VERBOSE) DELETE FROM evasion",
            "drop  table evasion",
            "DROP/**/TABLE evasion",
            "TRUNCATE evasion",
            "ALTER TABLE evasion RENAME TO elsewhere",
            "DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'evasion'; END $$",
            "CALL evasion()",
            "COPY (SELECT 'evasion') TO PROGRAM 'cat > WITNESS'",
            "COPY evasion FROM PROGRAM 'touch WITNESS; echo 1'",
            "COPY (SELECT 'evasion') TO 'WITNESS'",
            "COPY evasion FROM '/etc/hostname'",
            "SET ROLE owner /* evasion */",
            "SET SESSION AUTHORIZATION owner /* evasion */",
            "SELECT set_config('role', 'owner', false) AS evasion",
            "ALTER SYSTEM SET application_name = 'evasion'",
            "LOAD 'evasion'",
            "SELECT lo_import('/etc/passwd') AS evasion",
            "SELECT pg_read_file('/etc/passwd') AS evasion",
            "SELECT pg_ls_dir('/') AS evasion",
            "SELECT pg_terminate_backend(1) AS evasion",
            "SELECT query_to_xml('DELETE FROM evasion', true, true, '')",
            "PREPARE evasion AS DELETE FROM evasion",
            "CREATE TABLE evasion2 AS SELECT * FROM customers",
            "SELECT * INTO evasion3 FROM customers",
            "CREATE FUNCTION evasion() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "GRANT ALL ON evasion TO PUBLIC",
            "LOCK TABLE evasion",
            "MERGE INTO evasion USING customers c ON true WHEN MATCHED THEN DELETE",
            "TABLE evasion; DELETE FROM evasion",
            "INSERT INTO evasion SELECT id FROM customers; DROP TABLE evasion",
            "this is no SQL, evasion",
            "SELECT 'evasion",
        ]

        @Test(arguments: statements)
        func isStopped(_ statement: String) async throws {
            let world = try await World.shared.value
            let witness = world.server.directory.file("witness")
            _ = try await world.server.direct.query(
                "CREATE TABLE IF NOT EXISTS evasion (id integer); TRUNCATE evasion; INSERT INTO evasion VALUES (7);")
            let before = try await world.logCount()
            let sql = statement.replacingOccurrences(of: "WITNESS", with: witness)
            try await Self.tryOut(sql, in: world)
            let log = try await world.logged(since: before)
            #expect(!log.contains { $0.text.contains("evasion") }, "\(log.map(\.text))")
            #expect(!FileManager.default.fileExists(atPath: witness))
            #expect(try await world.server.direct.query("SELECT id FROM evasion") == "7")
        }

        /// Sends one simple Query; a held one is given up as soon as the notice says so.
        private static func tryOut(_ sql: String, in world: World) async throws {
            let clients = world.clients(world.agent)
            // psql splits at semicolons by itself; `-c` sends the text as one Query.
            let child = try clients.start("psql", ["-X", "-A", "-t", "-v", "VERBOSITY=verbose", "-c", sql])
            try await eventually("refused or held: \(sql)") {
                child.status != nil || child.errors.contains("NOTICE") || child.errors.contains("ERROR")
            }
            if child.status == nil { child.signal(SIGINT) }
            let finished = try await child.finish()
            #expect(finished.status != 0, "\(finished.transcript)")
            #expect(
                ["42501", "57014", "42601"].contains { finished.errors.contains($0) }, "\(finished.transcript)")
        }

        @Test func preparedByNameIsJudgedToo() async throws {
            let world = try await World.shared.value
            let before = try await world.logCount()
            let ran = try await world.clients(world.agent).psql(
                """
                PREPARE sneaky AS CREATE TABLE evasion4 AS SELECT 1;
                EXECUTE sneaky;
                """)
            #expect(ran.errors.contains("42501"), "\(ran.transcript)")
            let log = try await world.logged(since: before)
            #expect(!log.contains { $0.text.contains("evasion4") }, "\(log.map(\.text))")
        }
    }
}
