import Foundation
import TestKit
import Testing

extension Integration {
    /// What the target's catalogue says of keys, through Sluice: NOT NULL columns, and rows that go with others.
    @Suite(.serialized)
    struct KeyTests {
        private struct Guarded: Sendable {
            let server: PostgresServer
            let gateway: Gateway
            let agent: Token

            static let shared = Task { try await start() }

            private static let policy = """
                rules:
                  - {name: anything, who: {groups: [keys]}, then: allow}
                  - {name: whole tables, when: {unfiltered: true}, then: refuse}
                  - {name: invoices stay, when: {tables_written: [public.invoices]}, then: refuse}
                  - {name: nobody renames, when: {columns_written: [public.visits.shop]}, then: refuse}

                """

            private static let schema = """
                CREATE TABLE clients (id int PRIMARY KEY, name text, town text NOT NULL);
                CREATE TABLE sales (id int PRIMARY KEY, client int REFERENCES clients ON DELETE CASCADE);
                CREATE TABLE invoices (id int, sale int REFERENCES sales ON DELETE SET NULL) PARTITION BY RANGE (id);
                CREATE TABLE invoices_1 PARTITION OF invoices FOR VALUES FROM (0) TO (100);
                CREATE TABLE shops (name text PRIMARY KEY, city text);
                CREATE TABLE visits (shop text REFERENCES shops ON UPDATE CASCADE, at date);
                CREATE TABLE tickets (id int REFERENCES clients);
                CREATE VIEW people AS SELECT id, name FROM clients;
                INSERT INTO clients VALUES (1, 'a', 'x'), (2, NULL, 'y'), (3, 'c', 'z');
                INSERT INTO sales VALUES (10, 1), (20, 2);
                INSERT INTO invoices VALUES (1, 10), (2, 20);
                INSERT INTO shops VALUES ('s', 'c');
                INSERT INTO visits VALUES ('s', '2026-01-01');
                """

            private static func start() async throws -> Guarded {
                let server = try await PostgresServer.start()
                _ = try await server.direct.query(schema)
                let gateway = try await Gateway.start(.init(policy: policy), before: server)
                return Guarded(
                    server: server, gateway: gateway,
                    agent: try await gateway.createToken("keys-1", groups: ["keys"], expires: "24h"))
            }

            /// The rule that refused; nil: it ran, and was rolled back.
            func refusal(of sql: String) async throws -> String? {
                let ran = try await gateway.clients(agent).psql("BEGIN;\n\(sql);\n\\echo @ended :SQLSTATE\nROLLBACK;")
                if ran.output.contains("@ended 00000") { return nil }
                for rule in ["whole tables", "invoices stay", "nobody renames"] where ran.transcript.contains(rule) {
                    return rule
                }
                return ran.transcript
            }
        }

        @Test(
            arguments: [
                ("DELETE FROM tickets WHERE id IS NOT NULL", nil),
                ("UPDATE clients SET town = 'x' WHERE id IS NOT NULL", "whole tables"),
                ("UPDATE clients SET town = 'x' WHERE town IS NOT NULL", "whole tables"),
                ("UPDATE clients SET town = 'x' WHERE name IS NOT NULL", nil),
                ("UPDATE people SET name = 'x' WHERE id IS NOT NULL", "whole tables"),
                ("UPDATE people SET name = 'x' WHERE name IS NOT NULL", nil),
                ("UPDATE clients SET town = 'x' WHERE coalesce(name, town) IS NOT NULL", "whole tables"),
            ] as [(String, String?)])
        func columnsThatHoldNoNull(_ sql: String, _ rule: String?) async throws {
            #expect(try await Guarded.shared.value.refusal(of: sql) == rule)
        }

        @Test(
            arguments: [
                ("DELETE FROM clients WHERE id = 1", "invoices stay"),
                ("DELETE FROM sales WHERE id = 10", "invoices stay"),
                ("DELETE FROM people WHERE id = 1", "invoices stay"), ("DELETE FROM tickets WHERE id = 1", nil),
                ("UPDATE clients SET id = 4 WHERE id = 3", nil), ("DELETE FROM visits WHERE shop = 's'", nil),
                ("UPDATE shops SET name = 'n' WHERE name = 's'", "nobody renames"),
                ("UPDATE shops SET city = 'n' WHERE name = 's'", nil),
                ("INSERT INTO shops VALUES ('s') ON CONFLICT (name) DO UPDATE SET name = 'n'", "nobody renames"),
                ("INSERT INTO clients VALUES (9, 'n', 't')", nil), ("SELECT count(*) FROM clients", nil),
            ] as [(String, String?)])
        func rowsThatGoWithOthers(_ sql: String, _ rule: String?) async throws {
            #expect(try await Guarded.shared.value.refusal(of: sql) == rule)
        }

        /// What a foreign key does is known soon after it is there, past Sluice too.
        @Test func aForeignKeyThatIsMadeLater() async throws {
            let world = try await Guarded.shared.value
            let sql = "DELETE FROM bills WHERE id = 1"
            _ = try await world.server.direct.query("CREATE TABLE bills (id int PRIMARY KEY)")
            #expect(try await world.refusal(of: sql) == nil)
            _ = try await world.server.direct.query(
                "ALTER TABLE invoices ADD bill int REFERENCES bills ON DELETE CASCADE")
            let rule = try await eventually("the foreign key is seen") { try await world.refusal(of: sql) }
            #expect(rule == "invoices stay")
        }
    }
}
