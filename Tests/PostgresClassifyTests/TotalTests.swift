import Contract
import Foundation
import Testing

@testable import PostgresClassify

/// Whether an expression of a column tells of its values: what can fail, or goes one way or another, compares them.
@Suite struct TotalTests {
    @Test(arguments: [
        "email", "email AS x", "email COLLATE \"C\"", "email::text", "email::varchar(3)", "CAST(email AS char(2))",
        "pg_catalog.lower(email)", "upper(lower(email))", "email || '' || name", "concat(email, name)",
        "concat_ws('-', email, name)", "left(email, 2)", "length(email)", "trim(both 'x' from email)",
        "md5(email)", "u", "(u).email", "u::text", "u::users", "u.*::public.users",
        "row_to_json(u)", "to_jsonb(u)", "u.to_jsonb", "ROW(email, id)", "max(email)",
        "string_agg(email, ',')", "json_build_array('a', email)", "count(email)",
        "first_value(email) OVER (ORDER BY id)", "(SELECT email LIMIT 1)",
        "CASE WHEN id = 1 THEN email END", "count(*) FILTER (WHERE id = 1)",
    ])
    func total(_ expression: String) {
        #expect(!compared("SELECT \(expression) FROM users u").contains("public.users.email"), "\(expression)")
        #expect(!facts("SELECT \(expression) FROM users u").columnsCompared.contains { $0.hasSuffix("email") })
    }

    @Test(arguments: [
        "nullif(email, 'x')", "coalesce(email, '')", "CASE email WHEN 'x' THEN 1 END",
        "CASE WHEN email LIKE 'a%' THEN 1 END", "1 / (ascii(email) - 97)", "ascii(email)", "email::int",
        "CAST(email AS date)", "int4(email)", "email::text[]", "email::regclass", "email LIKE 'a\\'", "email = 'x'",
        "email IN ('x', 'y')", "email BETWEEN 'a' AND 'b'", "email IS NULL", "email IS DISTINCT FROM 'x'",
        "email ~ '^a'", "(id = 1 AND email = 'x')", "NOT email::bool", "substring(email from '^a')",
        "regexp_match(email, 'a')", "regexp_split_to_table(email, 'a')", "generate_series(1, length(email))",
        "unnest(string_to_array(email, ''))", "repeat('x', length(email))", "repeat(email, 100000000)",
        "greatest(email, 'm')", "(ARRAY[1])[ascii(email)]", "(string_to_array(email, '@'))[2]", "to_date(email, 'Y')",
        "setseed(length(email)::float)", "nextval(email)", "set_config('a.b', email, true)", "xmlparse(document email)",
        "count(nullif(email, 'x'))", "count(DISTINCT email)", "count(*) FILTER (WHERE email = 'x')",
        "sum(length(email))", "length(email, 'UTF8')", "concat(VARIADIC ARRAY[email])", "decode(email, 'hex')",
        "my.lower(email)", "email OPERATOR(my.||) 'x'", "left('x', email::int)", "lower(nullif(email, 'x'))",
        "(SELECT nullif(email, 'x'))", "EXISTS (SELECT 1 / (ascii(email) - 97))", "(s::pair).a",
        "json_object_agg(email, 1)", "json_build_object(email, 1)", "array_agg(email)", "ARRAY[email]",
        "ARRAY(SELECT email)", "replace(email, 'a', repeat('x', 500000000))", "format(email)", "(email, 1) = ('x', 1)",
        "email || nullif(name, email)",
    ])
    func notTotal(_ expression: String) {
        let sql = "SELECT \(expression) FROM users u, (SELECT email FROM users OFFSET 0) s (email2)"
        #expect(compared(sql).contains("public.users.email"), "\(expression)")
        #expect(facts(sql).columnsCompared.contains { $0.hasSuffix("email") }, "\(expression)")
    }

    private func compared(_ sql: String) -> [String] { resolved(sql).columnsCompared }

    /// Wherever it stands, also where nothing of it reaches the client.
    @Test(arguments: [
        "SELECT 1 FROM (SELECT 1 / (ascii(email) - 97) FROM users OFFSET 0) s",
        "WITH s AS MATERIALIZED (SELECT email::int FROM users) SELECT 1",
        "SELECT x || '' FROM (SELECT nullif(email, 'x') AS x FROM users) s",
        "UPDATE users SET email = nullif(email, 'x') RETURNING 1", "UPDATE users SET manager_id = email::int",
        "INSERT INTO users (email) SELECT coalesce(email, '') FROM users", "VALUES ((SELECT email::int FROM users))",
        "COPY (SELECT nullif(email, 'x') FROM users) TO STDOUT", "DECLARE c CURSOR FOR SELECT email::int FROM users",
        "DELETE FROM users WHERE id = 1 RETURNING nullif(email, 'x')", "PREPARE p AS SELECT email::int FROM users",
        "EXPLAIN SELECT email::int FROM users", "SELECT x FROM masks", "SELECT nullif(x, 'y') FROM masks",
        "CREATE INDEX ON users ((email::int))",
    ])
    func anywhere(_ sql: String) {
        var catalog = SampleCatalog.whole
        catalog.relations.append(
            SampleCatalog.view("public", "masks", ["x"], "SELECT NULLIF(users.email, ''::text) AS x FROM public.users"))
        let compared = resolved(sql, catalog).columnsCompared
        #expect(compared.contains("public.users.email"), "\(sql)")
        // A view's column is one of its own.
        #expect(compared.contains("public.masks.x") == sql.contains("nullif(x"), "\(sql)")
    }

    @Test func viewsKeepTheirRows() {
        #expect(compared("SELECT u FROM rows").isEmpty)
        #expect(compared("SELECT contact FROM contacts").isEmpty)
    }

    /// The list that the documentation gives.
    @Test func documented() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/policy.md")
        let text = try String(contentsOf: path.standardizedFileURL, encoding: .utf8)
        let marked = try #require(text.firstRange(of: "<!-- total functions -->"))
        let list = text[marked.upperBound...].prefix { $0 != "." }
        let names = Set(list.split(separator: "`").filter { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } })
        #expect(Set(TotalExpressions.functions.keys) == Set(names.map(String.init)))
    }

    @Test func totalFunctionsAreSafe() {
        for name in TotalExpressions.functions.keys { #expect(FunctionCatalog.isSafe(name), "\(name)") }
    }
}
