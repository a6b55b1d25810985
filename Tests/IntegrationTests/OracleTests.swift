import Foundation
import TestKit
import Testing

@testable import PostgresClassify

extension Integration {
    /// Ways to ask a masked column for its value without seeing it.
    @Suite(.serialized)
    struct OracleTests {
        private static let first = SampleDatabase.customer(1)
        private static let guesses = ["\(first.email) \(first.ssn)", "nobody@example.org 000-00-0000"]

        @Test func aRightGuessLooksLikeAWrongOne() async throws {
            let world = try await World.shared.value
            for (token, expected) in [(world.veiled, "alike"), (world.plain, "unlike")] {
                let ran = try await world.clients(token).python(
                    client("oracles.py"), [expected] + Self.guesses, deadline: .seconds(300))
                #expect(ran.status == 0, "\(token.name): \(ran.transcript.prefix(6000))")
            }
        }

        private static let comparing = [
            "nullif(email, 'x')", "coalesce(email, 'x')", "CASE WHEN email LIKE 'a%' THEN 1 END",
            "1 / (ascii(email) - 97)", "email::int", "email LIKE 'a\\'", "email = 'x'", "substring(email from '^a')",
            "regexp_split_to_table(email, 'a')", "generate_series(1, length(email))", "repeat(email, 100000000)",
            "unnest(string_to_array(email, ''))", "count(nullif(email, 'x'))", "(ARRAY[1])[ascii(email)]",
            "setseed(length(email) / 1000.0)", "length(email) = 1 OR 1 / (id - id) = 1",
        ]

        @Test func withInferenceRefusedTheyAreRefused() async throws {
            let world = try await World.shared.value
            let before = try await world.logCount()
            let queries = Self.comparing.map { "SELECT \($0) AS oracle FROM customers WHERE id = 1" }
            let ran = try await world.clients(world.sealed).python(client("refused.py"), queries)
            #expect(ran.status == 0, "\(ran.transcript)")
            #expect(ran.lines.count == queries.count * 6)
            for line in ran.lines {
                #expect(line.hasPrefix("42501") && line.contains("would tell its values"), "\(line)")
            }
            let log = try await world.logged(since: before)
            #expect(!log.contains { $0.text.contains("oracle") }, "\(log.map(\.text))")
        }

        @Test func withInferenceRefusedTheRestIsMasked() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.sealed).psql(
                """
                SELECT email, lower(email), email || '!', email::text, count(email) OVER () FROM customers WHERE id = 1;
                SELECT max(email), count(email), count(*) FROM customers;
                SELECT left(email, 1), length(email), row_to_json(c) FROM customers c WHERE id = 1;
                COPY (SELECT email, upper(email) FROM customers WHERE id = 1) TO STDOUT;
                UPDATE customers SET active = active WHERE id = 1 RETURNING email, concat(email, ssn);
                """)
            #expect(
                ran.lines == [
                    "p***@mail1.example.com|[redacted]|[redacted]|[redacted]|1", "[redacted]|1000|1000",
                    "[redacted]||\"[redacted]\"", "p***@mail1.example.com\t[redacted]",
                    "p***@mail1.example.com|[redacted]",
                ], "\(ran.transcript)")
        }

        /// What shows later what it was given now.
        @Test(arguments: [
            "setseed(length(email) / 1000.0)", "setval('s', ascii(email))", "pg_notify('news', email)",
            "lo_from_bytea(0, convert_to(email, 'UTF8'))", "pg_try_advisory_lock(ascii(email))",
        ])
        func nothingKeepsAMaskedValue(_ expression: String) async throws {
            let world = try await World.shared.value
            let sql = "SELECT \(expression) FROM customers WHERE id = 1"
            let ran = try await world.clients(world.veiled).python(client("refused.py"), [sql])
            #expect(ran.status == 0 && ran.lines.count == 6, "\(ran.transcript)")
            for line in ran.lines { #expect(line.hasPrefix("42501") && line.contains("would copy"), "\(line)") }
        }

        /// Errors of the target that quote the value which they are about.
        private static let failing = [
            "email::int", "email::date", "email::uuid", "email::json", "('{' || email)::text[]", "email::regclass",
            "email::regtype", "email::inet", "email::numeric", "email::bool", "email::interval", "email::point",
            "email::jsonpath", "email::pg_lsn", "email::money", "email::timestamptz",
            "decode(email, 'hex')", "to_date(email, 'YYYY')", "set_bit(email::bytea, 9999, 1)",
            "current_setting(email)", "nextval(email)", "format('%' || email)", "xmlparse(document '<' || email)",
            "regexp_match('x', '(' || email)", "extract(year from email::timestamp)", "make_date(length(email), 99, 1)",
            "convert_from('x', email)", "timezone(email, now())", "to_char(1, email)::int",
            "jsonb_path_query('{}', email::jsonpath)",
            "(ssn::text || 'x')::int", "1 / (ascii(email) - ascii(email))", "replace(ssn, '-', '')::smallint",
            "json_object(ARRAY[email])", "to_regclass(email || '.' || ssn || '.x.y')",
        ]

        @Test func errorsQuoteNothing() async throws {
            let world = try await World.shared.value
            var queries: [String] = []
            for expression in Self.failing {
                let sql = "SELECT \(expression) FROM customers WHERE id = 1"
                let direct = try await world.server.direct.psql(sql + ";")
                #expect(!direct.errors.isEmpty, "\(sql)")
                queries.append(sql)
            }
            let ran = try await world.clients(world.veiled).python(client("refused.py"), queries)
            #expect(ran.status == 0 && ran.lines.count == queries.count * 6, "\(ran.transcript)")
            #expect(Clear.values(in: ran.output + ran.errors).isEmpty, "\(ran.transcript)")
            let psql = try await world.clients(world.veiled).psql(queries.joined(separator: ";\n") + ";")
            #expect(Clear.values(in: psql.output + psql.errors).isEmpty, "\(psql.transcript)")
            // Pieces of it neither.
            for piece in ["person1", String(Self.first.ssn.prefix(6)), Self.first.ssn.filter { $0 != "-" }] {
                #expect(!(ran.output + psql.errors).contains(piece), "\(piece)")
            }
        }

        // MARK: what counts as total

        private static let values = [
            "''::text", "'a'::text", "'\\'::text", "'é{\"%s'::text", "repeat('x', 100000)", "NULL::text",
            "'x'::varchar",
            "'x'::char(3)", "'x'::name", "'x'::\"char\"", "0", "-1", "2147483647", "(-2147483648)",
            "9223372036854775807", "NULL::int", "'NaN'::numeric", "'Infinity'::numeric", "1e100000::numeric",
            "1e300::float8", "'-Infinity'::float8", "true", "'infinity'::date", "'-infinity'::timestamptz",
            "'4713-01-01 BC'::timestamp", "'1 day'::interval", "'\\x00ff'::bytea", "'1'::money", "'10.0.0.0/8'::inet",
            "'null'::jsonb", "'[{\"a\": 1e400}]'::jsonb", "'\"\\ud83d\\ude00\"'::json", "'{\"a\":1,\"a\":2}'::json",
            "'{}'::int[]", "'{{1,2},{3,4}}'::int[]", "'{NULL,a}'::text[]", "'empty'::int4range", "'(,)'::int4range",
            "'[1,5)'::int4range", "'{}'::int4multirange", "'1011'::bit(4)", "'<a>&amp;</a>'::xml", "'a & b'::tsquery",
            "'a b'::tsvector", "ROW(1, NULL, 'x')", "ROW()", "'(1,2)'::point",
            "'00000000-0000-0000-0000-000000000000'::uuid", "'pg_class'::regclass", "'0/0'::pg_lsn", "NULL",
        ]

        /// On a server of PostgreSQL 15, with every value and every two that there is a function or cast for.
        @Test func totalExpressionsHaveAResultForEveryValue() async throws {
            let world = try await World.shared.value
            var expressions: [String] = []
            for (name, count) in TotalExpressions.functions {
                let suffix = ["first_value", "last_value"].contains(name) ? " OVER ()" : ""
                expressions += Self.values.map { "\(name)(\($0))\(suffix)" }
                guard count > 1 else { continue }
                for one in Self.values { expressions += Self.values.map { "\(name)(\(one), \($0))" } }
            }
            for name in TotalExpressions.operators {
                for one in Self.values.prefix(9) {
                    expressions += Self.values.flatMap { ["\(one) \(name) \($0)", "\($0) \(name) \(one)"] }
                }
            }
            for type in ["text", "varchar", "varchar(2)", "char", "char(2)", "bpchar", "name"] {
                expressions += Self.values.map { "CAST(\($0) AS \(type))" }
            }
            let list = expressions.map { "'" + $0.replacing("'", with: "''") + "'" }.joined(separator: ",")
            let answer = try await world.server.direct.query(
                """
                CREATE FUNCTION pg_temp.failed(expressions text[]) RETURNS text LANGUAGE plpgsql AS $$
                DECLARE expression text; tried int := 0; failed text := '';
                BEGIN
                  FOREACH expression IN ARRAY expressions LOOP
                    BEGIN
                      EXECUTE 'SELECT ' || expression;
                      tried := tried + 1;
                    EXCEPTION WHEN OTHERS THEN
                      -- Class 42: there is nothing of this name for values of these types.
                      IF SQLSTATE NOT LIKE '42%' THEN
                        failed := failed || expression || ' ' || SQLSTATE || ' ' || SQLERRM || E'\n';
                      END IF;
                    END;
                  END LOOP;
                  RETURN tried || ' ' || failed;
                END $$;
                SELECT pg_temp.failed(ARRAY[\(list)]);
                """)
            let parts = answer.split(separator: " ", maxSplits: 1)
            #expect(parts.count == 1 && Int(parts[0]) ?? 0 > 8000, "\(answer.prefix(4000))")
        }
    }
}
