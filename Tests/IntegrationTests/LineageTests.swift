import Contract
import Foundation
import PostgresClassify
import TestKit
import Testing

extension Integration {
    /// Stars, subqueries and views have the columns that the server itself says they have.
    @Suite(.serialized)
    struct LineageTests {
        static let queries = [
            "SELECT * FROM users", "TABLE users", "SELECT *, 1 AS one FROM users u",
            "SELECT u.*, o.* FROM users u, orders o",
            "SELECT * FROM users JOIN orders ON users.id = orders.user_id",
            "SELECT * FROM users JOIN mails USING (email)",
            "SELECT * FROM users NATURAL JOIN mails", "SELECT * FROM users NATURAL FULL JOIN mails m (id, q, email)",
            "SELECT * FROM (users JOIN mails USING (id, email)) AS j",
            "SELECT j.* FROM (users JOIN orders ON true) AS j (a, b, c)",
            "SELECT x.* FROM users JOIN mails USING (email) AS x",
            "SELECT mails.*, x.* FROM users JOIN mails USING (email) AS x",
            "SELECT * FROM users LEFT JOIN (orders JOIN mails USING (id)) ON true", "SELECT * FROM people",
            "SELECT * FROM contacts c",
            "SELECT * FROM totals", "SELECT * FROM wide_view", "SELECT c.* FROM contacts AS c (x)",
            "SELECT * FROM people NATURAL JOIN users",
            "SELECT * FROM row_view", "SELECT (u).* FROM row_view", "SELECT (u.*).* FROM users u",
            "SELECT (x.u).* FROM (SELECT u FROM users u) x",
            "SELECT * FROM (SELECT * FROM users) s",
            "SELECT s.* FROM (SELECT id, count(*), max(email) FROM users GROUP BY id) s",
            "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v", "SELECT * FROM (VALUES (1, 'a')) v (x)", "VALUES (1, 2, 3)",
            "WITH a AS (SELECT * FROM users), b (p, q) AS (SELECT * FROM a) SELECT * FROM b",
            "WITH users AS (SELECT 1 AS only) SELECT * FROM users",
            "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t LIMIT 3",
            """
            WITH RECURSIVE t AS (SELECT id, manager_id FROM users UNION ALL SELECT u.id, u.manager_id FROM \
            users u JOIN t ON u.manager_id = t.id) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET is_cycle \
            USING path SELECT * FROM t
            """,
            "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT email FROM users) SELECT * FROM a",
            "SELECT * FROM users UNION SELECT * FROM users",
            "SELECT id, email FROM users EXCEPT SELECT id, note FROM orders ORDER BY 1",
            "SELECT * FROM users u, LATERAL (SELECT o.total, u.email FROM orders o WHERE o.user_id = u.id) l",
            "SELECT * FROM generate_series(1, 3)", "SELECT * FROM generate_series(1, 3) g",
            "SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g (a)",
            "SELECT * FROM jsonb_each('{}')", "SELECT * FROM json_each_text('{}') e (k)",
            "SELECT * FROM unnest(ARRAY[1], ARRAY['a']) AS u",
            "SELECT * FROM unnest(ARRAY[1]) x",
            "SELECT * FROM ROWS FROM (generate_series(1, 2), jsonb_each('{}')) WITH ORDINALITY",
            "SELECT * FROM json_to_record('{}') AS r (a int, b text)", "SELECT * FROM current_date",
            "SELECT * FROM current_database() d",
            "SELECT * FROM string_to_table('a,b', ',')", "SELECT * FROM regexp_matches('a', 'a') m",
            "SELECT * FROM XMLTABLE('/a' PASSING ('<a/>'::xml) COLUMNS x text, n FOR ORDINALITY)",
            "SELECT * FROM users TABLESAMPLE system (10)",
            "SELECT lower(email), email::varchar, upper(name)::text, 'x', 'x'::text, 1 + 1 FROM users",
            """
            SELECT count(*), max(id), coalesce(email, ''), CASE WHEN true THEN id END, CASE WHEN true THEN \
            1 ELSE id END, nullif(1, 2) FROM users GROUP BY id, email
            """,
            """
            SELECT (SELECT email FROM users LIMIT 1), (SELECT max(id) FROM users), EXISTS (SELECT 1), \
            ARRAY(SELECT 1), ARRAY[1], ROW(1, 2)
            """,
            """
            SELECT greatest(1, 2), current_user, current_timestamp, extract(year FROM now()), interval '1 \
            day', true, NULL
            """,
            "SELECT (u).email, (u.*).name, u, u.name FROM users u",
            "SELECT email COLLATE \"C\", (ARRAY[id])[1], (composed).street FROM users, places",
            "SELECT row_number() OVER (ORDER BY id), rank() OVER w AS r FROM users WINDOW w AS (ORDER BY email)",
            """
            SELECT xmlelement(name a, 1), xmlforest(1 AS b), xmlserialize(content '<a/>'::xml AS text), \
            grouping(id) FROM users GROUP BY id
            """,
            """
            SELECT position('a' IN email), substring(email FROM 1), trim(email), overlay(email PLACING 'x' \
            FROM 1), email LIKE 'x' FROM users
            """,
            "SELECT * FROM app.users", "SELECT * FROM lineage.public.users",
            "SELECT users.*, ctid, tableoid::regclass FROM users",
            "SELECT * FROM events_2024", "SELECT * FROM ONLY events", "SELECT FROM users",
            "SELECT \"Odd.Name\", * FROM \"Odd Table\"",
            "SELECT (SELECT s.email FROM (SELECT id AS email FROM users) s LIMIT 1) FROM users",
            "SELECT (VALUES (1)), (SELECT 1 UNION SELECT 2 LIMIT 1)",
        ]

        private static let schema = """
            CREATE SCHEMA app;
            CREATE TABLE users (gone int, id int, name text, email text, manager_id int);
            ALTER TABLE users DROP gone;
            CREATE TABLE orders (id int, user_id int, total numeric, note text);
            CREATE TABLE mails (id int, email text, extra text);
            CREATE TABLE app.users (id int, login text);
            CREATE TYPE place AS (street text, city text);
            CREATE TABLE places (composed place);
            CREATE TABLE "Odd Table" ("Odd.Name" int, "x""y" int);
            CREATE TABLE events (id int, at date, payload text) PARTITION BY RANGE (at);
            CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
            CREATE VIEW people AS SELECT id, email AS mail, upper(name) AS label FROM users;
            CREATE VIEW contacts AS SELECT p.*, p.mail AS contact FROM people p;
            CREATE VIEW wide_view AS SELECT * FROM users NATURAL JOIN mails LEFT JOIN orders USING (id);
            CREATE VIEW row_view AS SELECT u, row_to_json(u) AS doc FROM users u;
            CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(total) FROM orders GROUP BY user_id;
            """

        /// As Ingress reads it.
        private static let reading = """
            SELECT json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
              'columns', (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
              'parents', (SELECT json_agg(json_build_object('schema', pn.nspname, 'name', p.relname)) FROM pg_inherits i
                JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
                WHERE i.inhrelid = c.oid),
              'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END) ORDER BY n.nspname, c.relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('public', 'app') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """

        private static func catalog(_ clients: Clients) async throws -> Catalog {
            let answer = try await clients.query(
                "SET search_path = pg_catalog;\n" + reading.split(separator: "\n").joined(separator: " ") + ";")
            var catalog = Catalog()
            catalog.complete = true
            catalog.searchPath = ["pg_catalog", "public"]
            catalog.relations = try JSONValue(answer).array.map { entry in
                var relation = Relation()
                relation.schema = try #require(entry["schema"].string)
                relation.name = try #require(entry["name"].string)
                relation.kind = try #require(entry["kind"].string)
                relation.columns = entry["columns"].array.compactMap(\.string)
                relation.definition = entry["definition"].string ?? ""
                relation.parents = entry["parents"].array.map { parent in
                    var name = RelationName()
                    name.schema = parent["schema"].string ?? ""
                    name.name = parent["name"].string ?? ""
                    return name
                }
                return relation
            }
            return catalog
        }

        @Test func outputsAreThoseThatTheServerDescribes() async throws {
            let server = try await Bare.shared.value
            _ = try await server.direct.query("CREATE DATABASE lineage;")
            let clients = Clients(server.endpoint(database: "lineage"), in: server.directory)
            _ = try await clients.query(Self.schema)
            let catalog = try await Self.catalog(clients)
            for sql in Self.queries {
                let described = try await clients.psql(sql + " \\gdesc", options: ["-v", "ON_ERROR_STOP=1"])
                #expect(described.status == 0, "\(sql): \(described.transcript)")
                let names = described.output.split(separator: "\n").map { line in
                    String(line[..<(line.lastIndex(of: "|") ?? line.endIndex)])
                }
                let isEmpty = described.output.contains("no result") || described.output.contains("no columns")
                let facts = PostgresClassifier().facts(of: Array(sql.utf8), catalog: catalog)
                #expect(facts.resolved && facts.unresolved.isEmpty && facts.outputsKnown, "\(sql)")
                #expect(facts.outputs.count == (isEmpty ? 0 : names.count), "\(sql)")
                // A view of it has the names, each once.
                let view = PostgresClassifier().facts(of: Array("CREATE VIEW made AS \(sql)".utf8), catalog: catalog)
                let made = Set(view.columnsWritten)
                let expected = isEmpty ? [] : Set(names.map { "public.made." + Self.quoted($0) })
                #expect(made == expected, "\(sql)")
            }
            _ = try await server.direct.query("DROP DATABASE lineage;")
        }

        private static func quoted(_ name: String) -> String {
            guard name.contains(where: { ".*\"".contains($0) }) else { return name }
            return "\"" + name.replacing("\"", with: "\"\"") + "\""
        }
    }
}
