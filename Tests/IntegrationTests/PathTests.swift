import Foundation
import TestKit
import Testing

extension Integration {
    /// Masks of places within values, over the wire.
    @Suite(.serialized)
    struct PathTests {
        private struct Events: Sendable {
            let server: PostgresServer
            let gateway: Gateway
            let agent: Token

            static let shared = Task { try await start() }

            private static let schema = """
                CREATE EXTENSION hstore;
                CREATE TABLE events (id int PRIMARY KEY, payload json, doc jsonb, labels hstore, note xml, raw text, list jsonb[]);
                CREATE TABLE archive (id int, doc jsonb);
                INSERT INTO events SELECT id, d::json, d::jsonb, hstore(ARRAY['email', 'n'], ARRAY['alice@example.com', '1']),
                    '<user n="1"><email>alice@example.com</email></user>'::xml, d, ARRAY[d::jsonb]
                FROM generate_series(1, 3) id, (VALUES ('{"user": {"n": 1, "email": "alice@example.com"}}')) v (d);
                CREATE VIEW shown AS SELECT id, doc AS d, doc -> 'user' AS u FROM events;
                GRANT ALL ON events, archive, shown TO PUBLIC;
                """

            private static let policy = """
                rules:
                  - {name: anything, who: {groups: [paths]}, then: allow}
                  - name: people
                    mask:
                      - columns: [events.payload, events.doc, events.labels, events.note, events.raw, events.list]
                        paths: [$.user.email, $.email]
                        style: partial

                """

            private static func start() async throws -> Events {
                let server = try await PostgresServer.start()
                _ = try await server.direct.query(schema)
                let gateway = try await Gateway.start(.init(policy: policy), before: server)
                return Events(
                    server: server, gateway: gateway,
                    agent: try await gateway.createToken("paths-1", groups: ["paths"], expires: "24h"))
            }
        }

        private static let masked = #"{"user": {"n": 1, "email": "a***@example.com"}}"#

        @Test(arguments: [
            ("SELECT payload FROM events", masked), ("SELECT doc AS x FROM events", masked),
            ("SELECT raw FROM events", masked),
            ("SELECT labels FROM events", #""n"=>"1", "email"=>"a***@example.com""#),
            ("SELECT note FROM events", "<user n=\"1\"><email>a***@example.com</email></user>"),
            ("SELECT list FROM events", #"{"{\"user\": {\"n\": 1, \"email\": \"a***@example.com\"}}"}"#),
            ("SELECT d FROM shown", masked), ("SELECT x FROM (SELECT doc FROM events) s (x)", masked),
            ("WITH s AS (SELECT payload FROM events) SELECT * FROM s", masked),
            ("COPY (SELECT doc FROM events WHERE id < 4) TO STDOUT", masked.replacing("\\", with: "\\\\")),
            ("COPY events (payload) TO STDOUT", masked),
            // What is computed goes as a whole.
            ("SELECT u FROM shown", "\"[redacted]\""), ("SELECT doc -> 'user' FROM events", "\"[redacted]\""),
            ("SELECT doc #>> '{user,n}' FROM events", "[redacted]"), ("SELECT payload::text FROM events", "[redacted]"),
            ("SELECT labels -> 'n' FROM events", "[redacted]"),
            ("SELECT doc AS doc FROM events UNION ALL SELECT doc FROM events", "\"[redacted]\""),
            ("SELECT value FROM events, jsonb_each(doc)", "\"[redacted]\""),
        ])
        func psql(_ sql: String, _ expected: String) async throws {
            let events = try await Events.shared.value
            let ran = try await events.gateway.clients(events.agent).psql(
                "\\pset format unaligned\n\\pset tuples_only on\n\\pset fieldsep ~\n\(sql);")
            #expect(ran.status == 0 && ran.errors.isEmpty, "\(ran.transcript)")
            let lines = Set(ran.output.split(separator: "\n").map(String.init)).filter {
                !$0.hasPrefix("Output") && !$0.hasPrefix("Tuples") && !$0.hasPrefix("Field")
            }
            #expect(lines == [expected], "\(ran.transcript)")
        }

        @Test(arguments: [
            ("INSERT INTO archive SELECT id, doc FROM events", "masked column"),
            ("UPDATE events SET doc = jsonb_build_object('x', doc -> 'user')", "masked column"),
            ("UPDATE events SET doc = '{}' WHERE id = 0", ""),
            (
                "INSERT INTO events (id, doc) VALUES (1, '{}') ON CONFLICT (id) DO UPDATE SET doc = excluded.doc WHERE false",
                ""
            ),
        ])
        func writes(_ sql: String, _ refusal: String) async throws {
            let events = try await Events.shared.value
            let ran = try await events.gateway.clients(events.agent).psql("\(sql);")
            #expect(refusal.isEmpty ? ran.errors.isEmpty : ran.errors.contains(refusal), "\(ran.transcript)")
        }

        /// In both formats, with a cursor, and by COPY.
        @Test func psycopg() async throws {
            let events = try await Events.shared.value
            let ran = try await events.gateway.clients(events.agent).python(client("paths.py"))
            #expect(ran.status == 0 && ran.output == "fine\n", "\(ran.transcript)")
        }
    }
}
