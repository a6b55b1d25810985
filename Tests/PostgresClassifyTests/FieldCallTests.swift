import Contract
import PostgresClassify
import Testing

/// `(x).f` and `t.f` call the function f where there is no such column (manual, 4.2.6).
@Suite("Functions as fields")
struct FieldCallTests {
    private static let catalog: Catalog = {
        var users = Relation()
        users.schema = "public"
        users.name = "users"
        users.kind = "r"
        users.columns = ["id", "email"]
        var catalog = Catalog()
        catalog.complete = true
        catalog.searchPath = ["pg_catalog", "public"]
        catalog.relations = [users]
        return catalog
    }()

    @Test(arguments: [
        ("SELECT ('/etc/hostname'::text).pg_read_file", "call call.file read"),
        ("SELECT (v.t).pg_ls_dir FROM (VALUES ('/etc'::text)) v(t)", "call call.file read"),
        ("SELECT ('s'::regclass).nextval", "read write"), ("SELECT (1).pg_advisory_lock", "lock read"),
        ("SELECT (pid).pg_terminate_backend FROM (SELECT 1 AS pid) p", "call call.session read"),
        ("SELECT (2).f_del", "call read"), ("SELECT (ARRAY[1])[1].f_del", "call read"),
        ("SELECT $1.f_del", "call read"),
        ("SELECT u.wipe FROM users u", "call read"), ("SELECT (u).wipe FROM users u", "call read"),
        ("SELECT public.users.wipe FROM public.users", "call read"),
        ("SELECT n.f_del FROM unnest(ARRAY[1]) n", "call read"),
        ("UPDATE users SET id = (id).f_del WHERE id = 1", "call write"),
        ("INSERT INTO users SELECT 1, c.email FROM users c WHERE c.wipe = 1", "call read write"),
        ("WITH w AS (SELECT (1).f_del AS x) SELECT x FROM w", "call read"),
        ("SELECT 1 ORDER BY (1).f_del", "call read"), ("COPY (SELECT (1).f_del) TO STDOUT", "call copy.out read"),
        ("SELECT 1 WHERE 1 === ANY (SELECT 1)", "call read"),
        ("SELECT (u).email, u.id, (u.*).id, (SELECT u).email FROM users u", "read"),
        ("SELECT (r).a FROM (SELECT s AS r FROM (SELECT 1 AS a) s) t", "read"),
        ("SELECT ('A'::text).lower", "read"), ("SELECT e.key, (e).value FROM jsonb_each('{}') e", "read"),
        ("SELECT (ARRAY[1])[1], ('{1}'::int[])[1:2]", "read"), ("SELECT u.ctid, u.* FROM users u", "read"),
    ])
    func operations(sql: String, expected: String) {
        let facts = PostgresClassifier().facts(of: Array(sql.utf8), catalog: Self.catalog)
        #expect(facts.operations.joined(separator: " ") == expected)
    }

    /// Without the catalogue a name may be a column's, but for those of functions that do something.
    @Test(arguments: [
        ("SELECT u.wipe FROM users u", "read"), ("SELECT (u).email FROM users u", "read"),
        ("SELECT u.nextval FROM users u", "read write"), ("SELECT (1).f_del", "call read"),
    ])
    func withoutACatalogue(sql: String, expected: String) {
        #expect(PostgresClassifier().facts(of: Array(sql.utf8)).operations.joined(separator: " ") == expected)
    }
}
