import Contract
import PostgresClassify
import Testing

/// Which table columns each output carries, by the catalogue.
@Suite struct OriginTests {
    /// `=` the value of one column unchanged, `!` anything.
    private func outputs(_ facts: Facts) -> [String]? {
        guard facts.outputsKnown else { return nil }
        return facts.outputs.map { output in
            (output.direct ? "=" : "") + (output.wholeRow ? "!" : "") + short(output.origins)
        }
    }

    private static let everyUser = "users.email users.id users.manager_id users.name"
    private static let user = ["=users.id", "=users.name", "=users.email", "=users.manager_id"]
    private static let order = ["=orders.id", "=orders.user_id", "=orders.total", "=orders.note"]
    private static let userAndEmail = user + ["=users.email"]
    private static let orderAndEmail = order + ["=users.email"]
    private static let userAndOrder = user + order
    private static let anyUser = "!" + everyUser
    private static let docOfUser = "rows.doc " + everyUser

    @Test(
        arguments: [
            ("SELECT email FROM users", ["=users.email"]), ("SELECT EMAIL FROM Users", ["=users.email"]),
            ("SELECT \"email\" FROM public.users", ["=users.email"]),
            ("SELECT users.email FROM users", ["=users.email"]),
            ("SELECT public.users.email FROM users", ["=users.email"]),
            ("SELECT u.email FROM users u", ["=users.email"]),
            ("SELECT email AS id FROM users", ["=users.email"]), ("SELECT 1, 'x', now()", ["", "", ""]),
            ("SELECT email COLLATE \"C\" FROM users", ["=users.email"]),
            ("SELECT (email) FROM users", ["=users.email"]),
            ("SELECT email::text FROM users", ["users.email"]), ("SELECT lower(email) FROM users", ["users.email"]),
            ("SELECT email || name FROM users", ["users.email users.name"]),
            ("SELECT * FROM users", user), ("TABLE users", user), ("SELECT u.* FROM users u", user),
            ("SELECT public.users.* FROM users", user),
            ("SELECT *, email FROM users", userAndEmail), ("SELECT * FROM users, orders", userAndOrder),
            ("SELECT orders.*, users.email FROM users, orders", orderAndEmail),
            ("SELECT a, b FROM users AS u (a, b)", ["=users.id", "=users.name"]),
            ("SELECT email FROM users AS u (email)", ["=users.id"]),
            ("SELECT * FROM users AS u (a, b)", user), ("SELECT ctid, tableoid FROM users", ["", ""]),
            ("SELECT app.users.login FROM app.users", ["=app.users.login"]),
            ("SELECT id FROM app.users", ["=app.users.id"]),
            ("SELECT \"x.y\" FROM \"odd.schema\".\"T a\"", ["=\"odd.schema\".T a.\"x.y\""]),
        ] as [(String, [String])])
    func tables(_ sql: String, _ expected: [String]) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("SELECT u FROM users u", [everyUser]), ("SELECT users FROM users", [everyUser]),
            ("SELECT row_to_json(u) FROM users u", [everyUser]), ("SELECT u::text FROM users u", [everyUser]),
            ("SELECT row_to_json(u.*) FROM users u", [everyUser]), ("SELECT u.row_to_json FROM users u", [everyUser]),
            ("SELECT ROW(u.*) FROM users u", [everyUser]),
            ("SELECT ROW(u.id, u.email) FROM users u", ["users.email users.id"]),
            ("SELECT (u).email FROM users u", ["=users.email"]), ("SELECT (u.*).email FROM users u", ["=users.email"]),
            ("SELECT (u).* FROM users u", user), ("SELECT (users.*).* FROM users", user),
            ("SELECT (x.u).email FROM (SELECT u FROM users u) x", ["=users.email"]),
            ("SELECT (x.u).* FROM (SELECT u FROM users u) x", user),
            ("SELECT (SELECT u FROM users u LIMIT 1).email", ["=users.email"]),
            ("SELECT array_agg(u) FROM users u", [everyUser]), ("SELECT lower(u) FROM users u", [everyUser]),
            ("SELECT u.nothing FROM users u", [anyUser]), ("SELECT nothing(u) FROM users u", [anyUser]),
            ("SELECT (note).street FROM orders", ["!orders.note street"]),
            ("SELECT u IS NULL FROM users u", [everyUser]),
            ("SELECT (ARRAY[email])[1] FROM users", ["users.email"]),
            ("SELECT name[id] FROM users", ["users.id users.name"]),
        ] as [(String, [String])])
    func rows(_ sql: String, _ expected: [String]) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("SELECT max(email), count(*), count(email) FROM users", ["users.email", "", ""]),
            ("SELECT count(DISTINCT email) FROM users", [""]),
            ("SELECT count(nullif(email, 'x')), count(1 + 1) FROM users", ["users.email", ""]),
            ("SELECT count(x) FROM (SELECT lower(email) AS x FROM users) s", ["users.email"]),
            ("SELECT count(DISTINCT x) FROM (SELECT email AS x FROM users UNION ALL SELECT 'x') s", ["users.email"]),
            ("SELECT count(*) FILTER (WHERE email LIKE 'a%') FROM users", ["users.email"]),
            ("SELECT array_agg(id ORDER BY email) FROM users", ["users.email users.id"]),
            ("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY email) FROM users", ["users.email"]),
            ("SELECT row_number() OVER (ORDER BY email) FROM users", ["users.email"]),
            ("SELECT rank() OVER w FROM users WINDOW w AS (PARTITION BY email)", ["users.email"]),
            (
                "SELECT rank() OVER (w ORDER BY id) FROM users WINDOW w AS (PARTITION BY email)",
                ["users.email users.id"]
            ),
            ("SELECT count(*) OVER (PARTITION BY name) FROM users", ["users.name"]),
            ("SELECT lag(email) OVER (ORDER BY id) FROM users", ["users.email users.id"]),
            ("SELECT CASE WHEN email = 'x' THEN 1 ELSE 2 END FROM users", ["users.email"]),
            ("SELECT CASE id WHEN 1 THEN name END FROM users", ["users.id users.name"]),
            ("SELECT COALESCE(email, name) FROM users", ["users.email users.name"]),
            (
                "SELECT NULLIF(email, ''), GREATEST(id, manager_id) FROM users",
                ["users.email", "users.id users.manager_id"]
            ),
            ("SELECT email = 'x', email IS NULL FROM users", ["users.email", "users.email"]),
            ("SELECT email IN ('a', name) FROM users", ["users.email users.name"]),
            ("SELECT my_function(1)", ["!"]), ("SELECT s.f(email) FROM users", ["!users.email"]),
            ("SELECT id OPERATOR(my.+) 1 FROM users", ["!users.id"]),
            ("SELECT xmlelement(name x, email) FROM users", ["users.email"]),
            ("SELECT $1, email || $2 FROM users", ["", "users.email"]),
            ("SELECT extract(year FROM at) FROM events", ["events.at"]),
        ] as [(String, [String])])
    func expressions(_ sql: String, _ expected: [String]) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("SELECT x FROM (SELECT email AS x, id FROM users) s", ["=users.email"]),
            ("SELECT * FROM (SELECT email AS x, id FROM users) s", ["=users.email", "=users.id"]),
            ("SELECT s.* FROM (SELECT * FROM users) s", user),
            ("SELECT max FROM (SELECT max(email) FROM users) s", ["users.email"]),
            ("SELECT b FROM (SELECT id, email FROM users) AS s (a, b)", ["=users.email"]),
            ("SELECT (SELECT email FROM users LIMIT 1)", ["users.email"]),
            ("SELECT (SELECT id FROM users WHERE email = 'x')", ["users.email users.id"]),
            ("SELECT ARRAY(SELECT email FROM users)", ["users.email"]),
            ("SELECT EXISTS (SELECT email FROM users WHERE name = 'x')", ["users.name"]),
            ("SELECT EXISTS (SELECT 1 FROM users)", [""]),
            ("SELECT 'x' IN (SELECT email FROM users)", ["users.email"]),
            (
                "SELECT id IN (SELECT user_id FROM orders WHERE note = 'x') FROM users",
                ["orders.note orders.user_id users.id"]
            ),
            ("SELECT (SELECT u.email) FROM users u", ["users.email"]),
            (
                "SELECT (SELECT o.note FROM orders o WHERE o.user_id = u.id) FROM users u",
                ["orders.note orders.user_id users.id"]
            ),
            ("SELECT x FROM users u, LATERAL (SELECT u.email AS x) l", ["=users.email"]),
            ("SELECT x FROM users u CROSS JOIN LATERAL (SELECT u.email || '' AS x) l", ["users.email"]),
            ("WITH s AS (SELECT email AS x FROM users) SELECT x, x || '' FROM s", ["=users.email", "users.email"]),
            ("WITH s (a, b) AS (SELECT id, email FROM users) SELECT b FROM s", ["=users.email"]),
            ("WITH a AS (SELECT email FROM users), b AS (SELECT email AS y FROM a) SELECT * FROM b", ["=users.email"]),
            ("WITH orders AS (SELECT email AS note FROM users) SELECT note FROM orders", ["=users.email"]),
            ("WITH orders AS (SELECT email AS note FROM users) SELECT note FROM public.orders", ["=orders.note"]),
            ("WITH users AS (SELECT * FROM users) SELECT email FROM users", ["=users.email"]),
            ("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT n FROM t", [""]),
            (
                """
                WITH RECURSIVE t (id, path) AS (SELECT id, name FROM users UNION ALL SELECT u.id, t.path \
                || u.email FROM users u JOIN t ON u.manager_id = t.id) SELECT * FROM t
                """,
                ["users.id", "users.email users.name"]
            ),
            (
                """
                WITH RECURSIVE t (a, b, c) AS (SELECT id, name, email FROM users UNION ALL SELECT b, c, a \
                FROM t) SELECT a FROM t
                """,
                ["users.email users.id users.name"]
            ),
            (
                """
                WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT email FROM users) SELECT * FROM a
                """, ["=users.email"]
            ),
            ("WITH d AS (DELETE FROM users WHERE id = 1 RETURNING email) SELECT * FROM d", ["=users.email"]),
            ("VALUES (1, 2)", ["", ""]), ("SELECT column2 FROM (VALUES (1, 2)) v", [""]),
            ("SELECT b FROM (VALUES (1, (SELECT email FROM users))) v (a, b)", ["users.email"]),
            ("SELECT (SELECT email FROM (SELECT id AS email FROM users) users) FROM users", ["users.id"]),
            ("SELECT (SELECT u.login FROM app.users u) FROM users u", ["app.users.login"]),
        ] as [(String, [String])])
    func subqueries(_ sql: String, _ expected: [String]) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("SELECT email, note FROM users JOIN orders ON users.id = user_id", ["=users.email", "=orders.note"]),
            (
                "SELECT * FROM users JOIN archive.mails USING (email)",
                [
                    "=archive.mails.email users.email", "=users.id", "=users.name", "=users.manager_id",
                    "=archive.mails.id",
                    "=archive.mails.extra",
                ]
            ),
            (
                "SELECT * FROM users FULL JOIN archive.mails USING (id, email)",
                [
                    "archive.mails.id users.id", "archive.mails.email users.email", "=users.name", "=users.manager_id",
                    "=archive.mails.extra",
                ]
            ),
            (
                "SELECT * FROM users NATURAL JOIN archive.mails",
                [
                    "=archive.mails.id users.id", "=archive.mails.email users.email", "=users.name",
                    "=users.manager_id",
                    "=archive.mails.extra",
                ]
            ),
            (
                "SELECT * FROM users u (a, b, c, d) NATURAL JOIN archive.mails",
                [
                    "=users.id", "=users.name", "=users.email",
                    "=users.manager_id", "=archive.mails.id", "=archive.mails.email", "=archive.mails.extra",
                ]
            ),
            (
                "SELECT m.email, users.email FROM users JOIN archive.mails m USING (email)",
                ["=archive.mails.email", "=users.email"]
            ),
            ("SELECT j.email FROM (users JOIN archive.mails USING (email)) j", ["=archive.mails.email users.email"]),
            ("SELECT j.c FROM (users JOIN orders ON true) AS j (a, b, c)", ["=users.email"]),
            ("SELECT x.email FROM users JOIN archive.mails USING (email) AS x", ["=archive.mails.email users.email"]),
            ("SELECT x.* FROM users JOIN archive.mails USING (email) AS x", ["=archive.mails.email users.email"]),
            (
                "SELECT a.email, b.name FROM users a, users b WHERE a.id = b.manager_id",
                ["=users.email", "=users.name"]
            ),
            ("SELECT users.* FROM users LEFT JOIN orders ON true", user),
            ("SELECT * FROM users CROSS JOIN orders", userAndOrder),
            ("SELECT * FROM users TABLESAMPLE system (1)", user),
            ("SELECT * FROM generate_series(1, 3)", [""]), ("SELECT g FROM generate_series(1, 3) g", [""]),
            ("SELECT * FROM generate_series(1, 3) WITH ORDINALITY", ["", ""]),
            ("SELECT x.a FROM generate_series(1, 3) x (a)", [""]),
            ("SELECT e FROM users, unnest(string_to_array(email, '@')) AS s (e)", ["users.email"]),
            ("SELECT key, value FROM users, jsonb_each(to_jsonb(users))", [everyUser, everyUser]),
            ("SELECT * FROM json_to_record('{}') AS r (a int, b text)", ["", ""]),
            ("SELECT a FROM my_function() AS f (a)", ["!"]), ("SELECT f.a FROM my_function() AS f (a int)", ["!"]),
            ("SELECT * FROM ROWS FROM (generate_series(1, 2), jsonb_each('{}')) AS r", ["", "", ""]),
            ("SELECT x FROM XMLTABLE('/a' PASSING (SELECT email FROM users) COLUMNS x text) t", ["users.email"]),
        ] as [(String, [String])])
    func from(_ sql: String, _ expected: [String]) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("SELECT email FROM users UNION SELECT 'x'", ["users.email"]),
            (
                "SELECT id, email FROM users UNION ALL SELECT id, note FROM orders",
                ["orders.id users.id", "orders.note users.email"]
            ),
            ("SELECT 1, 2 UNION ALL SELECT id, email FROM users", ["users.id", "users.email"]),
            (
                "(SELECT email FROM users EXCEPT SELECT note FROM orders) INTERSECT SELECT body FROM notes",
                ["notes.body orders.note users.email"]
            ),
            ("SELECT a FROM (SELECT id AS a FROM users UNION SELECT email FROM users) s", ["users.email users.id"]),
            (
                "TABLE archive.mails UNION ALL SELECT id, body, author FROM notes",
                ["archive.mails.id notes.id", "archive.mails.email notes.body", "archive.mails.extra notes.author"]
            ),
        ] as [(String, [String])])
    func setOperations(_ sql: String, _ expected: [String]) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("SELECT mail FROM people", ["=people.mail users.email"]),
            (
                "SELECT * FROM people",
                ["=people.id users.id", "=people.mail users.email", "people.label users.name"]
            ),
            ("SELECT upper(mail) FROM people", ["people.mail users.email"]),
            ("SELECT contact FROM contacts", ["=contacts.contact people.mail users.email"]),
            ("SELECT total FROM totals", ["orders.total totals.total"]),
            ("SELECT j.email FROM joined j", ["=joined.email users.email"]),
            ("SELECT people FROM people", ["people.id people.label people.mail users.email users.id users.name"]),
            ("SELECT x FROM weird", ["!users.id weird.x"]), ("SELECT x FROM loop_a", ["!loop_a.x loop_b.x"]),
            ("SELECT x FROM broken", nil), ("SELECT id FROM rows", ["=rows.id users.id"]),
            ("SELECT (u).email FROM rows", ["=rows.u users.email"]),
            ("SELECT doc FROM rows", [docOfUser]),
            ("SELECT payload FROM events_2024", ["=events.payload events_2024.payload"]),
            ("SELECT payload FROM events", ["=events.payload"]),
        ] as [(String, [String]?)])
    func views(_ sql: String, _ expected: [String]?) { #expect(outputs(resolved(sql)) == expected) }

    @Test(
        arguments: [
            ("INSERT INTO users (id, email) VALUES (1, 'x') RETURNING *", user),
            ("INSERT INTO notes (id, body) SELECT id, email FROM users RETURNING body", ["notes.body users.email"]),
            ("UPDATE users SET name = 'x' WHERE id = 1 RETURNING name, email", ["=users.name", "=users.email"]),
            (
                "UPDATE notes SET body = email FROM users RETURNING body, author",
                ["notes.body users.email", "=notes.author"]
            ),
            ("UPDATE users u SET name = email RETURNING u.name", ["users.email users.name"]),
            ("UPDATE users SET email = email RETURNING email", ["=users.email"]),
            ("UPDATE users SET email = nullif(email, 'x') RETURNING email", ["users.email"]),
            (
                "INSERT INTO users (id, email) SELECT id, nullif(email, 'x') FROM users RETURNING *",
                ["=users.id", "=users.name", "users.email", "=users.manager_id"]
            ),
            (
                """
                INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email \
                RETURNING email
                """, ["=users.email"]
            ),
            (
                """
                INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = nullif(users.email, \
                EXCLUDED.email) RETURNING email
                """, ["users.email"]
            ),
            ("UPDATE users SET name = 'x' FROM orders RETURNING *", userAndOrder),
            ("UPDATE users u SET name = 'x' RETURNING to_jsonb(u)", [everyUser]),
            (
                "DELETE FROM users USING orders WHERE users.id = user_id RETURNING orders.note, users.email",
                ["=orders.note", "=users.email"]
            ),
            ("DELETE FROM people RETURNING mail", ["=people.mail users.email"]),
            ("DELETE FROM users WHERE id = 1", []), ("UPDATE audited SET secret = 'x' RETURNING id", ["=audited.id"]),
            ("DELETE FROM audited RETURNING id", ["!audited.id"]),
            ("COPY (SELECT email FROM users) TO STDOUT", ["=users.email"]),
            ("COPY users (email, id) TO STDOUT", ["=users.email", "=users.id"]),
            (
                "COPY events_2024 TO STDOUT",
                ["=events.id events_2024.id", "=events.at events_2024.at", "=events.payload events_2024.payload"]
            ),
            ("EXPLAIN SELECT email FROM users", [""]), ("FETCH ALL FROM c", nil), ("EXECUTE p", nil),
            ("SELECT * FROM missing", nil), ("SELECT missing.*, email FROM missing, users", nil),
            ("SELECT a FROM missing", ["=missing.a"]), ("SELECT m FROM missing m", ["!missing.* missing.m"]),
            ("SELECT email FROM missing, users", ["=users.email"]),
            ("SELECT other FROM missing, users", ["=missing.other"]),
            ("SELECT * FROM my_function()", nil), ("SELECT 1; SELECT 2", nil),
            ("BEGIN; SELECT email FROM users; COMMIT", ["=users.email"]),
        ] as [(String, [String]?)])
    func writesAndOthers(_ sql: String, _ expected: [String]?) { #expect(outputs(resolved(sql)) == expected) }
}
