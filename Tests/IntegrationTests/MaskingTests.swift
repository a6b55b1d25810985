import Foundation
import TestKit
import Testing

extension Integration {
    /// Ways on which personal data left other gateways unmasked.
    @Suite(.serialized)
    struct MaskingTests {
        static let reads = [
            "SELECT * FROM customers ORDER BY id LIMIT 20",
            "SELECT email AS harmless, ssn AS x, card AS y FROM customers LIMIT 20",
            "SELECT c.email FROM customers c JOIN orders o ON o.customer_id = c.id LIMIT 20",
            "SELECT email::varchar(100), ssn::bytea::text, card::text FROM customers LIMIT 20",
            "SELECT (SELECT email FROM customers WHERE id = 1), (SELECT ssn FROM customers WHERE id = 1)",
            "SELECT x FROM (SELECT email AS x FROM customers) s LIMIT 20",
            "SELECT email FROM customers WHERE id = 1 UNION SELECT email FROM customers WHERE id = 2",
            "SELECT item FROM orders WHERE id = 1 UNION ALL SELECT ssn FROM customers WHERE id = 2",
            "WITH t AS (SELECT ssn AS a, card AS b FROM customers) SELECT * FROM t LIMIT 20",
            "SELECT row_to_json(c) FROM customers c LIMIT 20",
            "SELECT json_agg(c) FROM (SELECT * FROM customers LIMIT 3) c",
            "SELECT to_jsonb(c) -> 'email' FROM customers c LIMIT 5",
            "SELECT c FROM customers c LIMIT 5",
            "SELECT (c).email FROM customers c LIMIT 5",
            "SELECT ROW(email, ssn) FROM customers LIMIT 5",
            "SELECT array_agg(email) FROM customers WHERE id < 5",
            "SELECT string_agg(ssn, ',') FROM customers WHERE id < 5",
            "SELECT ARRAY[email, ssn, card] FROM customers WHERE id < 5",
            "SELECT email || '' FROM customers WHERE id < 5",
            "SELECT coalesce(ssn, 'none') FROM customers WHERE id < 5",
            "SELECT CASE WHEN true THEN card END FROM customers WHERE id < 5",
            "SELECT min(email), max(ssn) FROM customers",
            "SELECT email FROM contacts WHERE id < 5",
            "SELECT e FROM contacts AS v(i, n, e) WHERE i < 5",
            "TABLE contacts",
            "SELECT c || '' FROM (customers JOIN orders ON true) AS j(a, b, c) WHERE a = 1 LIMIT 2",
            "SELECT notes FROM customers WHERE notes LIKE 'call%'",
            "SELECT 'ssn ' || ssn || ' card ' || card FROM customers WHERE id < 5",
            "SELECT first_value(email) OVER (ORDER BY id) FROM customers WHERE id < 5",
            "VALUES ((SELECT email FROM customers WHERE id = 1))",
            "COPY customers TO STDOUT",
            "COPY customers (email, ssn) TO STDOUT WITH (FORMAT csv, HEADER)",
            "COPY (SELECT email AS e, ssn AS s, notes FROM customers) TO STDOUT",
            "COPY (SELECT row_to_json(c) FROM customers c) TO STDOUT (FORMAT csv)",
            "COPY customers (email) TO STDOUT (FORMAT binary)",
            "UPDATE customers SET active = active WHERE id = 1 RETURNING email, ssn, card",
            "UPDATE customers SET active = active WHERE id = 1 RETURNING *",
            "EXPLAIN ANALYZE SELECT * FROM customers WHERE ssn = '101-11-1001'",
        ]

        @Test(arguments: reads)
        func showsNothingInTheClear(_ sql: String) async throws {
            let world = try await World.shared.value
            let direct = try await world.server.direct.psql(sql + ";")
            try #require(direct.status == 0 && direct.errors.isEmpty, "\(direct.transcript)")
            for token in [world.veiled, world.agent] {
                let ran = try await world.clients(token).psql(sql + ";")
                // A policy may refuse what it cannot mask; it must not show it.
                #expect(
                    Clear.values(in: ran.output + ran.errors).isEmpty, "\(token.name): \(ran.transcript.prefix(1500))")
                #expect(ran.errors.isEmpty || ran.errors.contains("42501"), "\(ran.transcript.prefix(1500))")
            }
            let plain = try await world.clients(world.plain).psql(sql + ";")
            #expect(plain.errors.isEmpty, "\(plain.transcript.prefix(1500))")
        }

        @Test func whatIsNotPersonalComesUnchanged() async throws {
            let world = try await World.shared.value
            let sql = """
                SELECT id, item, amount, tags, details FROM orders ORDER BY id;
                SELECT id, name, phone, active FROM customers ORDER BY id;
                """
            let direct = try await world.server.direct.psql(sql)
            let veiled = try await world.clients(world.veiled).psql(sql)
            #expect(veiled.errors.isEmpty)
            #expect(veiled.output == direct.output)
        }

        @Test func errorsAndNoticesAreMasked() async throws {
            let world = try await World.shared.value
            let first = SampleDatabase.customer(1)
            let ran = try await world.clients(world.veiled).psql(
                """
                INSERT INTO customers (id, name, email) VALUES (5001, 'x', '\(first.email)');
                DO $$ BEGIN RAISE NOTICE 'the number is %', (SELECT ssn FROM customers WHERE id = 1); END $$;
                DO $$ BEGIN RAISE WARNING 'paid with %', (SELECT card FROM customers WHERE id = 1); END $$;
                DO $$ BEGIN RAISE EXCEPTION 'failed' USING DETAIL = (SELECT ssn FROM customers WHERE id = 1); END $$;
                SELECT ssn::integer FROM customers WHERE id = 1;
                SELECT email::integer FROM customers WHERE id = 1;
                SELECT current_setting(ssn) FROM customers WHERE id = 1;
                SELECT quote_ident(email)::regclass FROM customers WHERE id = 1;
                COPY customers (id, ssn) TO STDOUT \\; COPY customers (ssn, id) TO STDOUT;
                """)
            #expect(ran.errors.contains("23505") && ran.errors.contains("22P02"), "\(ran.transcript)")
            // Free text that a column rule cannot look into is withheld whole.
            #expect(ran.errors.contains("message withheld by masking (SQLSTATE P0001)"), "\(ran.transcript)")
            #expect(Clear.values(in: ran.errors + ran.output).isEmpty, "\(ran.transcript)")
        }

        @Test func notificationsAreMasked() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.veiled).psql(
                "LISTEN news;\nNOTIFY news, 'about \(SampleDatabase.customer(1).ssn)';\nSELECT 1;")
            #expect(ran.output.contains("Asynchronous notification"), "\(ran.transcript)")
            #expect(Clear.values(in: ran.output).isEmpty, "\(ran.transcript)")
        }

        @Test func manyRowsAndCursorsAreMasked() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.veiled).psql(
                """
                SELECT c.* FROM customers c CROSS JOIN generate_series(1, 20);
                BEGIN;
                DECLARE pieces CURSOR FOR SELECT email, ssn FROM customers;
                FETCH 100 FROM pieces;
                FETCH ALL FROM pieces;
                COMMIT;
                """)
            #expect(ran.errors.isEmpty, "\(ran.errors)")
            #expect(ran.lines.count == 21 * SampleDatabase.customers)
            #expect(Clear.values(in: ran.output).isEmpty)
        }
    }
}
