import Foundation
import TestKit
import Testing

extension Integration {
    /// Rows beyond a limit are not changed, and not read.
    @Suite(.serialized)
    struct RowLimitTests {
        /// A gateway of its own before the sample database, where every command has a limit of ten rows.
        struct Limited: Sendable {
            let server: PostgresServer
            let gateway: Gateway
            let agent: Token
            let veiled: Token
            let reviewed: Token
            let prepared: Token
            let estimated: Token
            let dba: Token

            static let shared = Task { try await start() }

            private static let policy = """
                rules:
                  - name: anything
                    who: {groups: [limited, veiled, reviewed, estimated, dba]}
                    then: allow
                  - name: few rows
                    who: {groups: [limited, veiled]}
                    limits: {max_rows: 10}
                  - name: few rows alone
                    who: {groups: [reviewed]}
                    limits: {max_rows: 10, beyond: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}}
                  - name: indirect
                    who: {groups: [prepared]}
                    when: {operation: [read, transaction, prepare, execute]}
                    then: allow
                  - name: few writes alone
                    who: {groups: [prepared]}
                    when: {operation: [write]}
                    then: allow
                    limits: {max_rows: 10, beyond: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}}
                  - name: nothing large
                    who: {groups: [estimated]}
                    when: {estimated_rows: {over: 20}}
                    then: refuse
                  - name: personal data
                    who: {groups: [veiled]}
                    mask:
                      - {columns: ["*.email"], style: partial}

                """

            private static func start() async throws -> Limited {
                let server = try await PostgresServer.start()
                let gateway = try await Gateway.start(.init(policy: policy), before: server)
                func token(_ name: String, _ group: String) async throws -> Token {
                    try await gateway.createToken(name, groups: [group], expires: "24h")
                }
                return Limited(
                    server: server, gateway: gateway, agent: try await token("limited-1", "limited"),
                    veiled: try await token("veiled-1", "veiled"), reviewed: try await token("reviewed-1", "reviewed"),
                    prepared: try await token("prepared-1", "prepared"),
                    estimated: try await token("estimated-1", "estimated"), dba: try await token("dba-1", "dba"))
            }

            func prepare() async throws {
                _ = try await server.direct.query(
                    """
                    DROP TABLE IF EXISTS crowd, follower CASCADE;
                    CREATE TABLE crowd (id integer PRIMARY KEY, note text);
                    INSERT INTO crowd SELECT generate_series(1, 30);
                    CREATE TABLE follower (leader integer REFERENCES crowd DEFERRABLE INITIALLY DEFERRED);
                    GRANT ALL ON crowd, follower TO PUBLIC;
                    ANALYZE crowd;
                    """)
            }

            func rows(_ condition: String = "true") async throws -> String {
                try await server.direct.query("SELECT count(*) FROM crowd WHERE \(condition)")
            }
        }

        @Test(arguments: [
            "autocommit", "transaction", "savepoints", "extended_protocol", "batches", "returning", "copy_in",
            "several", "tables",
            "deferred", "pipelined", "reads", "suspended", "copy_out", "cursors", "by_name", "uncountable", "timed_out",
            "programs",
        ])
        func probe(_ name: String) async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let ran = try await world.gateway.clients(world.agent).python(client("limits.py"), [name])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test func whatIsDeliveredIsMasked() async throws {
            let world = try await Limited.shared.value
            let ran = try await world.gateway.clients(world.veiled).python(client("limits.py"), ["masked"])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test func theTargetEndsInTheMiddle() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let running = try world.gateway.clients(world.agent).start(
                try await PythonEnvironment.shared.value, [client("limits.py"), "killed"])
            try await running.waitFor("copying")
            let ended = try await world.server.direct.query(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'COPY crowd%'")
            #expect(ended == "1")
            let finished = try await running.finish()
            #expect(finished.status == 0, "\(finished.transcript)")
            #expect(try await world.rows() == "30")
        }

        @Test func theRecordTellsWhatWasCounted() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let token = try await world.gateway.createToken("limited-2", groups: ["limited"])
            let ran = try await world.gateway.clients(token).psql(
                "UPDATE crowd SET note = 'x' WHERE id > 3;\nSELECT 'on';")
            #expect(ran.errors.contains("42501") && ran.lines == ["on"], "\(ran.transcript)")
            let id = try await eventually("the session is listed as ended") {
                try await world.gateway.json(["sessions", "list"]).list.first {
                    $0["identity"].string == "limited-2" && $0["ended"].string != nil && $0["commands"].int == 2
                }?["id"].string
            }
            let exported = try await world.gateway.sluice(["sessions", "export", id])
            let results = exported.output.split(separator: "\n").compactMap {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["result"] as? [String: Any]
            }
            let refused = try #require(results.first { $0["status"] as? String == "refused" }, "\(exported.transcript)")
            #expect(refused["sqlstate"] as? String == "42501" && refused["rows"] as? String == "27", "\(refused)")
            #expect((refused["error"] as? String)?.contains("few rows") == true)
        }

        // MARK: Held beyond the limit

        @Test(arguments: [
            ("DELETE FROM crowd;", 0), ("DELETE FROM crowd RETURNING id;", 30),
            (#"DELETE FROM crowd WHERE id < 20\; DELETE FROM crowd;"#, 0),
        ])
        func approvedItRunsWithoutTheLimit(sql: String, rows: Int) async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let held = try await Self.hold(sql, in: world)
            #expect(try await world.rows() == "30")
            let approved = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba)
            #expect(approved.status == 0, "\(approved.transcript)")
            let finished = try await held.client.finish()
            #expect(finished.lines.last == "usable" && !finished.errors.contains("ERROR"), "\(finished.transcript)")
            #expect(finished.lines.count == rows + 1, "each row once: \(finished.transcript)")
            #expect(try await world.rows() == "0")
        }

        @Test func approvedInTheExtendedProtocol() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let client = try world.gateway.clients(world.reviewed).start(
                try await PythonEnvironment.shared.value, [client("limits.py"), "held"])
            let held = try await Self.waitForHold(of: client, in: world)
            #expect(try await world.rows() == "30")
            let approved = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba)
            #expect(approved.status == 0, "\(approved.transcript)")
            let finished = try await client.finish()
            #expect(finished.status == 0, "\(finished.transcript)")
            #expect(try await world.rows() == "5")
        }

        @Test func whatIsPreparedInSQLKeepsToItsLimit() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let ran = try await world.gateway.clients(world.prepared).python(client("limits.py"), ["prepared_in_sql"])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test(arguments: ["not_held", "not_held_as_another", "own_names"])
        func whatCannotBeRunOnceMoreIsRefused(probe: String) async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let ran = try await world.gateway.clients(world.reviewed).python(client("limits.py"), [probe])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test func deniedItStaysUndone() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let held = try await Self.hold("DELETE FROM crowd;", in: world)
            let denied = try await world.gateway.sluice(
                ["approvals", "deny", held.id, "--reason", "too many"], as: world.dba)
            #expect(denied.status == 0, "\(denied.transcript)")
            let finished = try await held.client.finish()
            #expect(finished.errors.contains("42501") && finished.errors.contains("too many"), "\(finished.transcript)")
            #expect(finished.lines.last == "usable")
            #expect(try await world.rows() == "30")
        }

        @Test func givenUpItStaysUndone() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let held = try await Self.hold("DELETE FROM crowd;", in: world)
            held.client.signal(SIGINT)
            let finished = try await held.client.finish()
            #expect(finished.errors.contains("57014"), "\(finished.transcript)")
            #expect(try await world.rows() == "30")
        }

        /// What the transaction did before stays, and only this command is undone while reviewers decide.
        @Test(arguments: ["DELETE FROM crowd;", "DELETE FROM crowd RETURNING id;"])
        func heldInsideATransaction(sql: String) async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let before = "BEGIN;\nINSERT INTO crowd VALUES (99);\nSAVEPOINT own;\n"
            let held = try await Self.hold("\(before)\(sql)\nROLLBACK TO own;\nCOMMIT;", in: world)
            let approved = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba)
            #expect(approved.status == 0, "\(approved.transcript)")
            let finished = try await held.client.finish()
            #expect(finished.lines.last == "usable" && !finished.errors.contains("ERROR"), "\(finished.transcript)")
            #expect(finished.lines.count == (sql.contains("RETURNING") ? 32 : 1), "\(finished.transcript)")
            #expect(try await world.rows() == "31")

            let again = try await Self.hold("BEGIN;\n\(sql)\nCOMMIT;", in: world)
            let second = try await world.gateway.sluice(["approvals", "approve", again.id], as: world.dba)
            #expect(second.status == 0, "\(second.transcript)")
            #expect(try await again.client.finish().lines.last == "usable")
            #expect(try await world.rows() == "0")
        }

        /// As after an error of the target's: the transaction has failed.
        @Test func deniedInsideATransaction() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let held = try await Self.hold(
                "BEGIN;\nDELETE FROM crowd WHERE id < 5;\nDELETE FROM crowd;\nCOMMIT;", in: world)
            let denied = try await world.gateway.sluice(
                ["approvals", "deny", held.id, "--reason", "too many"], as: world.dba)
            #expect(denied.status == 0, "\(denied.transcript)")
            let finished = try await held.client.finish()
            #expect(finished.errors.contains("too many"), "\(finished.transcript)")
            #expect(finished.lines.last == "usable")
            #expect(try await world.rows() == "30")
        }

        @Test func heldInsideATransactionInTheExtendedProtocol() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let client = try world.gateway.clients(world.reviewed).start(
                try await PythonEnvironment.shared.value, [client("limits.py"), "held_in_transaction"])
            let held = try await Self.waitForHold(of: client, in: world)
            let approved = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba)
            #expect(approved.status == 0, "\(approved.transcript)")
            let finished = try await client.finish()
            #expect(finished.status == 0, "\(finished.transcript)")
            #expect(try await world.rows() == "5")
        }

        private static func hold(_ sql: String, in world: Limited) async throws -> ApprovalTests.Held {
            let client = try world.gateway.clients(world.reviewed).startPsql(
                input: .text(sql + "\nSELECT 'usable';\n"))
            return try await waitForHold(of: client, in: world)
        }

        /// Nothing else is held here at the same time.
        private static func waitForHold(of client: Child, in world: Limited) async throws -> ApprovalTests.Held {
            try await client.waitFor("NOTICE")
            let id = try await eventually("the request is listed") {
                try await world.gateway.pendingApprovals().compactMap { $0["id"].string }.first
            }
            return ApprovalTests.Held(client: client, id: id)
        }

        // MARK: Estimates

        @Test func whatIsExpectedToBeLargeIsRefusedBeforeItRuns() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let ran = try await world.gateway.clients(world.estimated).psql(
                """
                SET application_name = 'x';
                SELECT count(*) FROM crowd WHERE id = 1;
                SELECT id FROM crowd WHERE id = 2 FOR UPDATE;
                SELECT id FROM crowd;
                UPDATE crowd SET note = 'one' WHERE id = 1;
                UPDATE crowd SET note = 'all';
                SELECT note FROM crowd WHERE id = 1;
                """)
            #expect(ran.lines == ["1", "2", "one"], "\(ran.transcript)")
            #expect(ran.errors.components(separatedBy: "42501").count == 3, "\(ran.transcript)")
            #expect(try await world.rows("note IS NOT NULL") == "1")
        }

        @Test func parametersAreEstimatedToo() async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let ran = try await world.gateway.clients(world.estimated).python(
                client("limits.py"), ["parameters_estimated"])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test(arguments: [
            // Another search path than the planner's connection has; a table that it cannot see.
            "SET search_path = pg_catalog;\nSELECT 1 FROM public.crowd WHERE id = 1;",
            "BEGIN;\nCREATE TEMP TABLE unseen (id integer);\nSELECT id FROM unseen;",
        ])
        func whatCannotBeEstimatedIsRefused(sql: String) async throws {
            let world = try await Limited.shared.value
            try await world.prepare()
            let ran = try await world.gateway.clients(world.estimated).psql(sql)
            #expect(ran.errors.contains("42501") && ran.lines.isEmpty, "\(ran.transcript)")
        }
    }
}
