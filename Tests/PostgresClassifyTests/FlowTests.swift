import Contract
import PostgresClassify
import Testing

/// Columns that are compared, written, and moved into others.
@Suite struct FlowTests {
    @Test(
        arguments: [
            ("SELECT id FROM users", ""), ("SELECT id FROM users WHERE email = 'x'", "users.email"),
            ("SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id", "orders.user_id users.id"),
            ("SELECT * FROM users JOIN archive.mails USING (email)", "archive.mails.email users.email"),
            (
                "SELECT 1 FROM users NATURAL JOIN archive.mails",
                "archive.mails.email archive.mails.id users.email users.id"
            ),
            ("SELECT name FROM users GROUP BY name HAVING max(email) > 'x'", "users.email users.name"),
            ("SELECT email AS x FROM users GROUP BY x", "users.email"),
            ("SELECT email FROM users GROUP BY 1", "users.email"),
            ("SELECT email AS name FROM users GROUP BY name", "users.name"),
            ("SELECT email AS name FROM users ORDER BY name", "users.email"),
            ("SELECT id FROM users ORDER BY email DESC", "users.email"),
            ("SELECT id, email FROM users ORDER BY 2", "users.email"),
            ("SELECT id FROM users GROUP BY ROLLUP (id, email)", "users.email users.id"),
            ("SELECT DISTINCT name, email FROM users", "users.email users.name"),
            ("SELECT DISTINCT ON (email) id FROM users", "users.email"),
            ("SELECT rank() OVER (PARTITION BY name ORDER BY email) FROM users", "users.email users.name"),
            ("SELECT 1 FROM users WINDOW w AS (ORDER BY email)", "users.email"),
            ("SELECT 1 LIMIT (SELECT max(id) FROM users)", "users.id"),
            ("SELECT count(*) FILTER (WHERE email = 'x') FROM users", "users.email"),
            ("SELECT count(*), count(id), count(u), count(u.*), count(1) FROM users u", ""),
            ("SELECT count(substring(email from '^a')) FROM users", "users.email"),
            ("SELECT count(nullif(email, 'x')) FROM users", "users.email"),
            ("SELECT count(x) FROM (SELECT nullif(email, 'x') AS x FROM users) s", "users.email"),
            ("SELECT count(contact) FROM contacts", ""),
            ("SELECT generate_series(1, ascii(email)) FROM users", "users.email"),
            ("SELECT 1, lower((pg_catalog.regexp_matches(email, '^a'))[1]) FROM users", "users.email"),
            ("SELECT u.id FROM users u, LATERAL (SELECT regexp_matches(u.email, '^a')) l", "users.email"),
            ("SELECT id, my_function(email) FROM users", "users.email"),
            ("SELECT id OPERATOR(my.+) 1 FROM users", "users.id"),
            ("SELECT lower(email), max(name) FROM users", ""),
            ("SELECT CASE WHEN email = 'x' THEN 1 END FROM users", "users.email"),
            ("SELECT CASE name WHEN 'x' THEN 1 END FROM users", "users.name"),
            ("SELECT email FROM users UNION SELECT note FROM orders", "orders.note users.email"),
            ("SELECT email FROM users UNION ALL SELECT note FROM orders", ""),
            ("SELECT email FROM users EXCEPT ALL SELECT note FROM orders", "orders.note users.email"),
            (
                "SELECT 1 FROM users WHERE id IN (SELECT user_id FROM orders WHERE note = 'x')",
                "orders.note orders.user_id users.id"
            ),
            ("SELECT EXISTS (SELECT 1 FROM users WHERE email = 'x')", "users.email"),
            ("SELECT 'x' = ANY (SELECT email FROM users)", "users.email"),
            ("SELECT id FROM contacts WHERE contact = 'x'", "contacts.contact people.mail users.email"),
            ("SELECT id FROM filtered", "users.email"),
            ("SELECT s.id FROM (SELECT id, email AS x FROM users) s WHERE x = 'a'", "users.email"),
            ("WITH s AS (SELECT email AS x FROM users) SELECT 1 FROM s ORDER BY x", "users.email"),
            ("WITH s AS (SELECT id FROM users WHERE email = 'x') SELECT * FROM s", "users.email"),
            ("UPDATE users SET name = 'x' WHERE email = 'x'", "users.email"),
            ("DELETE FROM users USING orders o WHERE o.note = email", "orders.note users.email"),
            ("UPDATE users u SET name = 'x' FROM orders o WHERE o.user_id = u.id", "orders.user_id users.id"),
            (
                "MERGE INTO users u USING orders o ON u.id = o.user_id WHEN MATCHED AND u.email = 'x' THEN DELETE",
                "orders.user_id users.email users.id"
            ),
            (
                "INSERT INTO users (id) VALUES (1) ON CONFLICT (email) WHERE name = 'x' DO NOTHING",
                "users.email users.name"
            ),
            (
                "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x' WHERE users.email = 'x'",
                "users.email users.id"
            ),
            ("EXPLAIN SELECT 1 FROM users WHERE email = 'x'", "users.email"),
            ("SELECT id FROM users WHERE lower(email) LIKE 'a%'", "users.email"),
            ("SELECT id FROM users u WHERE u::text LIKE '%x%'", "users.email users.id users.manager_id users.name"),
            ("PREPARE p AS SELECT 1 FROM users WHERE email = $1", "users.email"),
            ("DECLARE c CURSOR FOR SELECT 1 FROM users ORDER BY email", "users.email"),
            ("COPY users FROM STDIN WHERE email = 'x'", "users.email"),
            ("SELECT id FROM missing WHERE email = 'x'", "missing.email"),
            (
                "WITH RECURSIVE r(e) AS (SELECT right(email, -1) FROM users UNION ALL SELECT ltrim(e, 'u') FROM r) "
                    + "CYCLE e SET c USING p SELECT 1 FROM r", "users.email"
            ),
            (
                "WITH RECURSIVE r(e) AS (SELECT right(email, -1) FROM users UNION ALL SELECT ltrim(e, 'u') FROM r) "
                    + "SELECT 1 FROM r", ""
            ),
        ] as [(String, String)])
    func compared(_ sql: String, _ expected: String) { #expect(short(resolved(sql).columnsCompared) == expected) }

    @Test(
        arguments: [
            ("SELECT id FROM users", "", "users.id"),
            ("SELECT name FROM users WHERE email = 'x'", "", "users.email users.name"),
            ("SELECT id FROM (SELECT * FROM users) s", "", "users.id"),
            ("SELECT mail FROM people", "", "people.mail users.email"),
            ("INSERT INTO users (id, email) VALUES (1, 'x')", "users.email users.id", ""),
            ("INSERT INTO notes VALUES (1, 'x')", "notes.body notes.id", ""),
            ("INSERT INTO notes DEFAULT VALUES", "notes.author notes.body notes.id", ""),
            ("INSERT INTO missing VALUES (1)", "missing.*", ""),
            ("INSERT INTO missing (a) VALUES (1)", "missing.a", ""),
            ("UPDATE users SET (name, email) = ('a', 'b')", "users.email users.name", ""),
            ("UPDATE people SET mail = 'x'", "people.mail users.email", ""),
            ("UPDATE users SET name[1] = 'x'", "users.name", ""),
            ("UPDATE events_2024 SET payload = 'x'", "events.payload events_2024.payload", ""),
            ("DELETE FROM users", "", ""), ("COPY notes FROM STDIN", "notes.author notes.body notes.id", ""),
            ("COPY notes (id) FROM STDIN", "notes.id", ""), ("COPY users (email) TO STDOUT", "", "users.email"),
            (
                "CREATE TABLE copied AS SELECT id, email AS mail FROM users", "copied.id copied.mail",
                "users.email users.id"
            ),
            ("CREATE TEMP TABLE copied AS SELECT id FROM users", "pg_temp.copied.id", "users.id"),
            ("EXPLAIN UPDATE users SET name = email", "", "users.email"),
            ("EXPLAIN ANALYZE UPDATE users SET name = email", "users.name", "users.email"),
            (
                "INSERT INTO notes (id) SELECT 1 ON CONFLICT (id) DO UPDATE SET author = 'x'", "notes.author notes.id",
                "notes.id"
            ),
            ("SELECT my_function(email) FROM users", "", "users.email"),
        ] as [(String, String, String)])
    func writtenAndRead(_ sql: String, _ written: String, _ read: String) {
        let facts = resolved(sql)
        #expect(short(facts.columnsWritten) == written)
        #expect(short(facts.columnsRead) == read)
    }

    private func flows(_ facts: Facts) -> [String] {
        facts.flows.map { flow in
            "\(short([flow.target])) < \(flow.anything ? "!" : "")\(short(flow.sources))"
        }
    }

    @Test(
        arguments: [
            (
                "INSERT INTO notes (id, body) SELECT id, lower(email) FROM users",
                ["notes.body < users.email", "notes.id < users.id"]
            ),
            ("INSERT INTO notes SELECT id, email FROM users", ["notes.body < users.email", "notes.id < users.id"]),
            ("INSERT INTO notes (body) VALUES ('x'), ((SELECT email FROM users))", ["notes.body < users.email"]),
            ("INSERT INTO notes (body) SELECT mail FROM people", ["notes.body < people.mail users.email"]),
            ("INSERT INTO notes (body) SELECT my_function()", ["notes.body < !"]),
            ("INSERT INTO notes (body) VALUES ('x')", []),
            ("INSERT INTO missing SELECT * FROM notes", ["missing.* < notes.author notes.body notes.id"]),
            (
                "INSERT INTO notes SELECT * FROM missing",
                ["notes.author < missing.*", "notes.body < missing.*", "notes.id < missing.*"]
            ),
            ("UPDATE orders SET note = u.email FROM users u WHERE u.id = user_id", ["orders.note < users.email"]),
            ("UPDATE users SET name = name || 'x'", ["users.name < users.name"]),
            ("UPDATE users SET name = name || email", ["users.name < users.email users.name"]),
            (
                "UPDATE users SET (name, manager_id) = (SELECT note, total FROM orders WHERE user_id = users.id)",
                [
                    "users.manager_id < orders.total orders.user_id users.id",
                    "users.name < orders.note orders.user_id users.id",
                ]
            ),
            (
                "UPDATE users SET (name, manager_id) = ROW (email, id)",
                ["users.manager_id < users.id", "users.name < users.email"]
            ),
            (
                "UPDATE orders SET note = CASE WHEN (SELECT email FROM users LIMIT 1) = 'x' THEN 'a' END",
                ["orders.note < users.email"]
            ),
            (
                "UPDATE people SET mail = label",
                ["people.mail < people.label users.name", "users.email < people.label users.name"]
            ),
            (
                """
                INSERT INTO notes (id, body) SELECT id, email FROM users ON CONFLICT (id) DO UPDATE SET \
                author = EXCLUDED.body
                """,
                ["notes.author < users.email", "notes.body < users.email", "notes.id < users.id"]
            ),
            ("INSERT INTO notes (id, body) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body", []),
            (
                "INSERT INTO notes AS n (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET body = n.author",
                ["notes.body < notes.author"]
            ),
            (
                """
                MERGE INTO notes n USING users u ON n.id = u.id WHEN MATCHED THEN UPDATE SET body = \
                u.email WHEN NOT MATCHED THEN INSERT (id, author) VALUES (u.id, u.name)
                """,
                ["notes.author < users.name", "notes.body < users.email", "notes.id < users.id"]
            ),
            (
                "MERGE INTO notes n USING users u ON true WHEN NOT MATCHED THEN INSERT VALUES (u.id, u.email)",
                ["notes.body < users.email", "notes.id < users.id"]
            ),
            (
                "CREATE TABLE copied AS SELECT id, email AS mail FROM users",
                ["copied.id < users.id", "copied.mail < users.email"]
            ),
            (
                "CREATE TABLE copied (a, b) AS SELECT id, email FROM users",
                ["copied.a < users.id", "copied.b < users.email"]
            ),
            (
                "CREATE TABLE app.copied AS TABLE notes",
                ["app.copied.author < notes.author", "app.copied.body < notes.body", "app.copied.id < notes.id"]
            ),
            ("SELECT email INTO copied FROM users", ["copied.email < users.email"]),
            ("CREATE VIEW fresh AS SELECT email AS e FROM users", ["fresh.e < users.email"]),
            ("CREATE MATERIALIZED VIEW fresh AS SELECT max(email) FROM users", ["fresh.max < users.email"]),
            ("CREATE TABLE copied AS EXECUTE p", ["copied.* < !"]),
            (
                "REFRESH MATERIALIZED VIEW totals",
                ["totals.total < orders.total", "totals.user_id < orders.user_id"]
            ),
            (
                "WITH m AS (INSERT INTO notes (body) SELECT email FROM users RETURNING id) SELECT 1",
                ["notes.body < users.email"]
            ),
            (
                "WITH d AS (DELETE FROM users RETURNING email) INSERT INTO notes (body) SELECT email FROM d",
                ["notes.body < users.email"]
            ),
            (
                "UPDATE audited SET secret = 'x' WHERE id = 1",
                ["notes.body < !audited.secret", "notes.id < audited.id"]
            ),
            ("DELETE FROM audited WHERE id = 1", []),
            ("PREPARE p AS UPDATE notes SET body = author", ["notes.body < notes.author"]),
            ("EXPLAIN UPDATE users SET name = email", []), ("COPY notes FROM STDIN", []),
            ("SELECT setval('s', ascii(email)) FROM users", ["setval < users.email"]),
            ("SELECT 1 FROM users WHERE setseed(id / 10.0) IS NULL", ["setseed < users.id"]),
            ("SELECT pg_notify('c', email) FROM users", ["pg_notify < users.email"]),
            ("SELECT lo_from_bytea(0, email::bytea) FROM users", ["lo_from_bytea < users.email"]),
            ("SELECT pg_try_advisory_lock(ascii(email)) FROM users", ["pg_try_advisory_lock < users.email"]),
            ("SELECT setval('s', 7), nextval('s'), setseed(0.5), pg_notify('c', 'x')", []),
            ("EXPLAIN SELECT setval('s', ascii(email)) FROM users", []),
            (
                "UPDATE events_2024 SET payload = at",
                ["events.payload < events.at events_2024.at", "events_2024.payload < events.at events_2024.at"]
            ),
        ] as [(String, [String])])
    func movesValues(_ sql: String, _ expected: [String]) { #expect(flows(resolved(sql)) == expected) }

    /// What is copied as it is, by itself, is told from what is made of it.
    @Test(
        arguments: [
            ("INSERT INTO notes (body) SELECT email FROM users", true),
            ("INSERT INTO notes (body) SELECT e FROM (SELECT email FROM users) s (e)", true),
            ("UPDATE notes SET body = u.email FROM users u", true),
            ("INSERT INTO notes (body) SELECT lower(email) FROM users", false),
            ("INSERT INTO notes (body) SELECT email::text FROM users", false),
            ("INSERT INTO notes (body) SELECT coalesce(email, name) FROM users", false),
            ("INSERT INTO notes (body) SELECT row_to_json(u) FROM users u", false),
            ("UPDATE notes SET body = u.email || '' FROM users u", false),
        ])
    func directFlows(_ sql: String, _ expected: Bool) {
        let flows = resolved(sql).flows
        #expect(!flows.isEmpty && flows.map(\.direct) == flows.map { _ in expected })
    }

    /// A write of a column by what it reads of the same one is no flow, and shows in both lists.
    @Test(
        arguments: [
            ("UPDATE users SET email = lower(email)", true), ("UPDATE users SET email = $1 WHERE id = 1", false),
            (
                "INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = excluded.email",
                false
            ),
            ("UPDATE users SET email = 'x' WHERE email = 'y'", true), ("DELETE FROM users WHERE email = 'y'", false),
        ])
    func rewritesAColumn(_ sql: String, _ expected: Bool) {
        let facts = resolved(sql)
        #expect(Set(facts.columnsRead).intersection(facts.columnsWritten).contains("public.users.email") == expected)
    }

    /// Without a catalogue by the names that the text has.
    @Test(
        arguments: [
            ("SELECT id FROM users WHERE email = 'x'", "users.email", "users.email users.id", []),
            (
                "SELECT u.id FROM users u JOIN orders o ON u.email = o.note", "orders.note users.email",
                "orders.note users.email users.id", []
            ),
            (
                "SELECT id FROM users, orders ORDER BY email", "orders.email users.email",
                "orders.email orders.id users.email users.id", []
            ),
            ("SELECT * FROM app.users ORDER BY 1", "app.users.*", "app.users.*", []),
            ("INSERT INTO a SELECT * FROM b", "", "b.*", ["a.* < b.*"]),
            ("INSERT INTO a (x) SELECT y FROM b", "", "b.y", ["a.x < b.y"]),
            ("UPDATE a SET x = x || 'b', y = x WHERE z", "a.z", "a.x a.z", ["a.x < a.x", "a.y < a.x"]),
            (
                "WITH b AS (SELECT email AS e FROM users) SELECT e FROM b WHERE e = 'x'", "users.email", "users.email",
                []
            ),
            ("SELECT e FROM (SELECT * FROM users) s WHERE e = 'x'", "users.e", "users.e", []),
            ("CREATE TABLE c AS SELECT email FROM users", "", "users.email", ["c.email < users.email"]),
        ] as [(String, String, String, [String])])
    func byName(_ sql: String, _ compared: String, _ read: String, _ moved: [String]) {
        let facts = facts(sql)
        #expect(!facts.resolved)
        #expect(short(facts.columnsCompared) == compared)
        #expect(short(facts.columnsRead) == read)
        #expect(flows(facts) == moved)
    }
}
