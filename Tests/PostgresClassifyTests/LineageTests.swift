import Contract
import PostgresClassify
import Testing

@Suite struct LineageTests {
    /// `a,b` columns; `*` a star; `!` a whole row.
    private func outputs(_ sql: String) -> [String]? {
        let facts = facts(sql)
        guard facts.outputsKnown else { return nil }
        return facts.outputs.map { output in
            (output.star ? "*" : "") + (output.wholeRow ? "!" : "") + output.columns.joined(separator: ",")
        }
    }

    @Test(
        arguments: [
            ("SELECT id, lower(email) FROM users", ["id", "email,lower"]), ("SELECT * FROM users", ["*"]),
            ("SELECT u.*, u.email || 'x' FROM users u", ["*", "email"]),
            ("SELECT count(*), 1, now() FROM users", ["", "", ""]),
            ("SELECT count(email), count(nullif(email, 'x')) FROM users", ["", "count,email"]),
            ("SELECT count(*) FILTER (WHERE email = 'x') FROM users", ["email"]),
            ("SELECT count(x) FROM (SELECT nullif(email, 'y') AS x FROM users) s", ["count,email,x"]),
            ("SELECT u FROM users u", ["!u"]), ("SELECT users FROM users", ["!users"]),
            ("SELECT row_to_json(u) FROM users u", ["!row_to_json,u"]),
            ("SELECT u::text FROM users u", ["!u"]), ("SELECT (u).email FROM users u", ["!email,u"]),
            ("SELECT u.row_to_json FROM users u", ["!row_to_json"]), ("SELECT email(u) FROM users u", ["!email,u"]),
            ("SELECT ROW(u.*) FROM users u", ["!"]), ("SELECT (u).* FROM users u", ["*!"]),
            ("SELECT x FROM (SELECT email AS x FROM users) s", ["email,x"]),
            ("SELECT count(*) FROM (SELECT * FROM users) s", [""]),
            ("SELECT max(x) FROM (SELECT * FROM users) s", ["!max,x"]),
            ("SELECT * FROM (SELECT id FROM users) s", ["*id"]),
            ("WITH s AS (SELECT email AS x FROM users) SELECT x || '' FROM s", ["email,x"]),
            ("SELECT email FROM users UNION SELECT 'x'", ["email"]),
            ("SELECT * FROM users UNION SELECT * FROM users", ["*!"]),
            ("TABLE users UNION ALL TABLE users", ["*!"]), ("SELECT (SELECT email FROM users LIMIT 1)", ["email"]),
            ("SELECT EXISTS (SELECT * FROM users WHERE email = 'x')", [""]),
            ("SELECT my_function(1)", ["!my_function"]),
            ("SELECT * FROM my_function()", ["*!"]), ("SELECT lower(b) FROM users AS u (a, b)", ["!b,lower"]),
            ("SELECT * FROM a JOIN b USING (email)", ["*email"]), ("SELECT * FROM a NATURAL FULL JOIN b", ["*!"]),
            ("SELECT array_agg(u.email) FROM users u", ["array_agg,email"]), ("VALUES (1, 2)", ["", ""]),
            ("DELETE FROM users WHERE id = 1 RETURNING id, upper(email)", ["id", "email,upper"]),
            ("INSERT INTO users (id) VALUES (1) RETURNING *", ["*"]),
            ("UPDATE users u SET a = 1 WHERE id = 1 RETURNING to_jsonb(u)", ["!to_jsonb,u"]),
            ("COPY (SELECT email FROM users) TO STDOUT", ["email"]), ("EXPLAIN SELECT email FROM users", [""]),
            ("BEGIN; SELECT id FROM t; COMMIT", ["id"]), ("DELETE FROM t WHERE id = 1", []),
        ] as [(String, [String])])
    func lineage(_ sql: String, _ expected: [String]) { #expect(outputs(sql) == expected) }

    @Test(arguments: [
        "SELECT 1; SELECT 2", "EXECUTE p", "FETCH ALL FROM c", "CALL p()", "EXPLAIN SELECT my_function()", "not sql",
    ])
    func unknown(_ sql: String) { #expect(outputs(sql) == nil) }

    /// SHOW gives one column, of no table.
    @Test(arguments: [("SHOW transaction_isolation", 1), ("SHOW TIME ZONE", 1), ("SHOW ALL", 3)])
    func shown(sql: String, columns: Int) {
        let facts = facts(sql)
        #expect(facts.outputsKnown && facts.outputs.count == columns)
    }
}
