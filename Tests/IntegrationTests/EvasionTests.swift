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
            "SELECT pg_read_binary_file('/etc/passwd') AS evasion",
            "SELECT (pg_stat_file('/etc/passwd')).size AS evasion",
            "SELECT lo_export(1, 'WITNESS') AS evasion",
            "SELECT pg_file_write('WITNESS', 'x', false) AS evasion",
            "SELECT U&\"pg\\005fread_file\"('/etc/passwd') AS evasion",
            "SELECT sourcefile AS evasion FROM pg_file_settings",
            "SELECT * FROM dblink('dbname=orders', 'DELETE FROM evasion') AS evasion (x text)",
            "SELECT public.dblink_exec('dbname=orders', 'DELETE FROM evasion')",
            "SELECT dblink_connect('host=evasion')",
            "SELECT pg_cancel_backend(1) AS evasion",
            "SELECT pg_reload_conf() AS evasion",
            "SELECT pg_rotate_logfile() AS evasion",
            "SELECT pg_switch_wal() AS evasion",
            "SELECT pg_create_restore_point('evasion')",
            "SELECT pg_logical_emit_message(false, 'evasion', 'x')",
            "SELECT pg_create_physical_replication_slot('evasion')",
            "SELECT query AS evasion FROM pg_stat_get_activity(NULL)",
            "SELECT pg_export_snapshot() AS evasion",
            "SELECT table_to_xml('evasion', true, true, '')",
            "SELECT schema_to_xml('public', true, true, '') AS evasion",
            "SELECT cursor_to_xml('evasion', 1, true, true, '')",
            "SELECT ts_stat('SELECT note::tsvector FROM evasion')",
            "SELECT ts_rewrite('a'::tsquery, 'DELETE FROM evasion')",
            "SELECT * FROM crosstab('DELETE FROM evasion RETURNING 1, 2, 3') AS t (a int, b int)",
            "SELECT lo_create(0) AS evasion; DELETE FROM evasion",
            "DELETE FROM evasion WHERE id >= 0 OR id < 0",
            "DELETE FROM evasion USING evasion e WHERE evasion.id = e.id",
            "DELETE FROM evasion WHERE id IN (SELECT id FROM evasion)",
            "DELETE FROM evasion WHERE ctid IS NOT NULL",
            "DELETE FROM evasion WHERE id::text ~ ''",
            "MERGE INTO evasion USING evasion e ON evasion.id = e.id WHEN MATCHED THEN DELETE",
            "this is no SQL, evasion",
            "SELECT 'evasion",
        ]

        @Test(arguments: statements)
        func isStopped(_ statement: String) async throws {
            try await expectStopped(statement) { sql, world in try await Self.tryOut(sql, in: world) }
        }

        /// The same by Parse, Bind and Execute.
        @Test(arguments: statements)
        func isStoppedInTheExtendedProtocol(_ statement: String) async throws {
            try await expectStopped(statement) { sql, world in
                let ran = try await world.clients(world.agent).python(client("evasion.py"), [sql])
                #expect(ran.status == 0, "\(ran.transcript)")
            }
        }

        /// What would be decided is told as it is decided.
        @Test(arguments: statements)
        func isExplained(_ statement: String) async throws {
            let world = try await World.shared.value
            let explained = try await world.gateway.json(["explain", "--as", "agent-1", "--on", "orders", statement])
            #expect(["hold", "refuse"].contains(explained["decision"].string), "\(explained)")
        }

        private func expectStopped(
            _ statement: String, _ tryOut: (String, World) async throws -> Void
        ) async throws {
            let world = try await World.shared.value
            let witness = world.server.directory.file("witness")
            _ = try await world.server.direct.query(
                "CREATE TABLE IF NOT EXISTS evasion (id integer); TRUNCATE evasion; INSERT INTO evasion VALUES (7);")
            let before = try await world.logCount()
            let sql = statement.replacingOccurrences(of: "WITNESS", with: witness)
            try await tryOut(sql, world)
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
            // Names with Unicode escapes are not looked up, and so not judged.
            let expected = sql.contains("U&\"") ? ["0A000"] : ["42501", "57014", "42601"]
            #expect(expected.contains { finished.errors.contains($0) }, "\(finished.transcript)")
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

        /// Names go into Sluice's own questions to the catalogue before anything is judged.
        @Test(arguments: ["\u{600}", "\u{301}", "\u{20dd}"])
        func namesStayWithinTheirQuotes(_ mark: String) async throws {
            let world = try await World.shared.value
            let direct = world.server.direct
            _ = try await direct.query(
                "DROP TABLE IF EXISTS public.victim; CREATE TABLE public.victim AS SELECT 1 AS id; GRANT ALL ON public.victim TO PUBLIC"
            )
            for text in [
                "SELECT 1 AS \"a\(mark)']))SELECT 1;COMMIT;/*\", 2 AS \"b*/BEGIN;DELETE FROM public.victim;COMMIT;/*\", 3 AS \"c*/WITH reach AS(SELECT 1 WHERE 1=ANY(ARRAY[\(mark)'\"",
                "SELECT 1 AS \"a'\(mark)]))SELECT 1;COMMIT;/*\", 2 AS \"b*/BEGIN;DELETE FROM public.victim;COMMIT;/*\", 3 AS \"c*/WITH reach AS(SELECT 1 WHERE 1=ANY(ARRAY['\(mark)\"",
            ] {
                let ran = try await world.clients(world.plain).psql(text + ";\nSELECT 'usable';")
                #expect(!ran.errors.contains("57P03") && ran.lines.last == "usable", "\(ran.transcript)")
            }
            #expect(try await direct.query("SELECT count(*) FROM public.victim") == "1")
            _ = try await direct.query("DROP TABLE public.victim")
        }
    }
}
