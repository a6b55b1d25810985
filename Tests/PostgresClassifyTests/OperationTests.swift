import Contract
import PostgresClassify
import Testing

/// A statement and the operations it must be seen to do.
struct Case: CustomTestStringConvertible, Sendable {
    let sql: String
    let operations: Set<String>

    init(_ sql: String, _ operations: String) {
        self.sql = sql
        self.operations = Set(operations.split(separator: " ").map(String.init))
    }

    var testDescription: String { sql }
}

func facts(_ sql: String) -> Facts { PostgresClassifier().facts(of: Array(sql.utf8)) }

@Suite struct OperationTests {
    static let queries = [
        Case("", ""), Case(";", ""), Case("-- nothing", ""), Case("SELECT 1", "read"), Case("TABLE t", "read"),
        Case("VALUES (1), (2)", "read"), Case("SELECT * FROM t", "read"), Case("select lower(name) from t", "read"),
        Case("SELECT pg_catalog.lower(name) FROM t", "read"), Case("SELECT count(*) FROM t", "read"),
        Case("SELECT * FROM t FOR UPDATE", "read lock"), Case("SELECT * FROM t FOR SHARE", "read lock"),
        Case("SELECT * INTO n FROM t", "read create"), Case("SELECT 1 UNION SELECT 2", "read"),
        Case("SELECT now(), current_user, version()", "read"), Case("SHOW search_path", "read"),
        Case("SELECT 'please delete me'", "read"), Case("SELECT \"delete\" FROM t", "read"),
        Case("SELECT 1 /* DROP TABLE t */", "read"), Case("SELECT 1 -- ; DROP TABLE t", "read"),
        Case("SELECT $$; DROP TABLE t$$", "read"), Case("SELECT E'\\'; DROP TABLE t; --'", "read"),
        Case("SELECT a.drop FROM truncate AS a", "read"), Case("SELECT 'x' AS \"truncate\"", "read"),
        Case("SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t", "read"),
        Case("SELECT * FROM generate_series(1, 3) g", "read"), Case("SELECT a->>'b' FROM t", "read"),
        Case("SELECT jsonb_agg(t) FROM t", "read"), Case("SELECT * FROM t TABLESAMPLE system (1)", "read"),
        Case("SELECT * FROM t TABLESAMPLE mine (1)", "read call"),
        Case("SELECT a OPERATOR(pg_catalog.+) b FROM t", "read"), Case("SELECT a OPERATOR(my.+) b FROM t", "read call"),
        Case("SELECT a <~~~> b FROM t", "read call"), Case("SELECT has_table_privilege('t', 'select')", "read"),
        Case("SELECT coalesce(a, b), greatest(a, b), nullif(a, b) FROM t", "read"),
        Case("SELECT extract(year FROM d), date_trunc('day', d) FROM t", "read"),
        Case("SELECT a AT TIME ZONE 'UTC' FROM t", "read"), Case("SELECT currval('s')", "read"),
        Case("SELECT information_schema._pg_expandarray(a) FROM t", "read"),
    ]
    static let writes = [
        Case("INSERT INTO t VALUES (1)", "write"), Case("INSERT INTO t DEFAULT VALUES", "write"),
        Case("INSERT INTO t SELECT * FROM u", "write read"),
        Case("INSERT INTO t VALUES (1) RETURNING id", "write read"),
        Case("INSERT INTO t VALUES ((SELECT max(id) FROM u))", "write read"),
        Case("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2", "write"),
        Case("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "write"),
        Case("UPDATE t SET a = 1 WHERE id = 1", "write"), Case("UPDATE t SET a = 1", "write"),
        Case("UPDATE t SET a = u.a FROM u WHERE t.id = u.id", "write read"),
        Case("UPDATE t SET a = 1 WHERE id = 1 RETURNING *", "write read"),
        Case("UPDATE t SET a = (SELECT b FROM u) WHERE id = 1", "write read"),
        Case("DELETE FROM t WHERE id = 1", "write"), Case("DELETE FROM t USING u WHERE t.id = u.id", "write read"),
        Case("/**/DELETE FROM t", "write"), Case("DELETE FROM t -- where id = 1", "write"),
        Case("delete\nfrom\tt", "write"), Case("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "write read"),
        Case("WITH x AS (SELECT 1) DELETE FROM t WHERE id IN (SELECT * FROM x)", "write read"),
        Case("WITH a AS (WITH b AS (UPDATE t SET x = 1 RETURNING *) SELECT * FROM b) SELECT * FROM a", "write read"),
        Case("MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", "write read"),
        Case("SELECT nextval('s')", "read write"), Case("SELECT setval('s', 1)", "read write"),
        Case("SELECT 1; DELETE FROM t", "read write"), Case("SELECT 1; COMMIT; DROP TABLE t", "read transaction drop"),
        Case("EXPLAIN DELETE FROM t", "read"), Case("EXPLAIN ANALYZE DELETE FROM t", "read write"),
        Case("EXPLAIN (ANALYZE) DELETE FROM t", "read write"), Case("EXPLAIN (ANALYZE false) DELETE FROM t", "read"),
        Case("EXPLAIN (ANALYZE 'on', COSTS off) DELETE FROM t", "read write"),
        Case("EXPLAIN (ANALYZE 1) INSERT INTO t VALUES (1)", "read write"), Case("EXPLAIN SELECT 1", "read"),
        Case("EXPLAIN SELECT my_function(1)", "read call"), Case("EXPLAIN CREATE TABLE x AS SELECT 1", "read"),
        Case("EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1", "read create"),
        Case("EXPLAIN ANALYZE VERBOSE UPDATE t SET a = 1", "read write"),
    ]
    static let definitions = [
        Case("CREATE TABLE t (id int)", "create"), Case("CREATE TEMP TABLE t (id int)", "create"),
        Case("CREATE TABLE t AS SELECT * FROM u", "create read"),
        Case("CREATE MATERIALIZED VIEW v AS SELECT 1", "create read"),
        Case("CREATE VIEW v AS SELECT * FROM t", "create read"), Case("CREATE INDEX ON t (a)", "create"),
        Case("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "create"), Case("CREATE SCHEMA s", "create"),
        Case("CREATE SCHEMA s CREATE TABLE t (a int)", "create"), Case("CREATE SEQUENCE s", "create"),
        Case("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "create"),
        Case(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC DELETE FROM t; SELECT 1; END",
            "create write read"),
        Case("CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()", "create"),
        Case("CREATE RULE r AS ON INSERT TO t DO INSTEAD DELETE FROM u", "create write"),
        Case("CREATE EXTENSION dblink", "create"), Case("CREATE ROLE r", "create role"),
        Case("CREATE USER u SUPERUSER", "create role"), Case("CREATE DATABASE d", "create"),
        Case("CREATE TYPE e AS ENUM ('a')", "create"), Case("CREATE DOMAIN d AS int", "create"),
        Case("CREATE AGGREGATE a (int) (sfunc = f, stype = int)", "create"),
        Case("CREATE POLICY p ON t USING (true)", "create"), Case("CREATE PUBLICATION p FOR ALL TABLES", "create"),
        Case("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "create"),
        Case("CREATE SERVER s FOREIGN DATA WRAPPER w", "create"),
        Case("CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()", "create"),
        Case("ALTER TABLE t ADD COLUMN a int", "alter"), Case("ALTER TABLE t DROP COLUMN a", "alter drop"),
        Case("ALTER TABLE t RENAME TO u", "alter"), Case("ALTER TABLE t OWNER TO u", "alter"),
        Case("ALTER TABLE t SET SCHEMA s", "alter"), Case("ALTER SYSTEM SET work_mem = '1GB'", "alter session.safe"),
        Case("ALTER ROLE r SUPERUSER", "alter role"), Case("ALTER ROLE r SET role = 'x'", "alter role"),
        Case("ALTER FUNCTION f() OWNER TO x", "alter"), Case("ALTER DATABASE d SET search_path = x", "alter session"),
        Case("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO x", "grant"),
        Case("COMMENT ON TABLE t IS 'x'", "alter"),
        Case("REASSIGN OWNED BY a TO b", "alter"), Case("DROP OWNED BY a", "drop grant"),
        Case("DROP TABLE t", "drop"), Case("drop  table if exists t cascade", "drop"),
        Case("DROP SCHEMA s CASCADE", "drop"),
        Case("DROP DATABASE d", "drop"), Case("DROP FUNCTION f()", "drop"), Case("DROP ROLE r", "drop role"),
        Case("DROP INDEX i", "drop"), Case("DROP TRIGGER g ON t", "drop"), Case("TRUNCATE t", "truncate"),
        Case("TRUNCATE TABLE ONLY t, u CASCADE", "truncate"), Case("GRANT SELECT ON t TO r", "grant"),
        Case("REVOKE ALL ON t FROM r", "grant"), Case("GRANT a TO b", "grant"),
        Case("GRANT SELECT ON ALL TABLES IN SCHEMA s TO r", "grant"),
        Case("IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", "create"),
    ]
    static let sessions = [
        Case("BEGIN", "transaction"), Case("START TRANSACTION READ ONLY", "transaction"), Case("COMMIT", "transaction"),
        Case("ROLLBACK", "transaction"), Case("SAVEPOINT a", "transaction"), Case("ROLLBACK TO a", "transaction"),
        Case("RELEASE a", "transaction"), Case("PREPARE TRANSACTION 'x'", "transaction lock"),
        Case("COMMIT PREPARED 'x'", "transaction lock"),
        Case("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "transaction"),
        Case("SET CONSTRAINTS ALL DEFERRED", "transaction"), Case("SET DateStyle = ISO", "session.safe"),
        Case("SET extra_float_digits = 3", "session.safe"), Case("SET statement_timeout TO '5s'", "session.safe"),
        Case("SET LOCAL lock_timeout = 0", "session.safe"), Case("SET TIME ZONE 'UTC'", "session.safe"),
        Case("SET NAMES 'utf8'", "session.safe"), Case("SET client_encoding = 'LATIN1'", "session.safe"),
        Case("SET client_encoding = 'SJIS'", "opaque"), Case("SET NAMES 'GBK'", "opaque"),
        Case("SET standard_conforming_strings = off", "opaque"),
        Case("SET standard_conforming_strings = on", "session.safe"),
        Case("SELECT set_config('standard_conforming_strings', 'off', false)", "read opaque"),
        Case("SET search_path = evil, public", "session"), Case("SET search_path = ''", "session.safe"),
        Case("SET SCHEMA 'evil'", "session"), Case("SET session_replication_role = replica", "session"),
        Case("RESET ALL", "session"), Case("DISCARD ALL", "session"), Case("RESET role", "role"),
        Case("SET ROLE admin", "role"),
        Case("SET LOCAL ROLE admin", "role"), Case("SET SESSION AUTHORIZATION admin", "role"),
        Case("RESET SESSION AUTHORIZATION", "role"), Case("SET \"role\" = 'admin'", "role"),
        Case("SELECT set_config('role', 'admin', false)", "read role"),
        Case("SELECT pg_catalog.set_config('ROLE', 'admin', false)", "read role"),
        Case("SELECT set_config('session_authorization', 'a', true)", "read role"),
        Case("SELECT set_config('ro' || 'le', 'admin', false)", "read opaque"),
        Case("SELECT set_config($1, $2, false)", "read opaque"),
        Case("SELECT pg_catalog.set_config('search_path', '', false)", "read session.safe"),
        Case("SELECT set_config('search_path', 'evil', false)", "read session"),
        Case("PREPARE p AS DELETE FROM t", "prepare write"), Case("PREPARE p (int) AS SELECT $1", "prepare read"),
        Case("EXECUTE p", "execute"), Case("EXECUTE p (my_function())", "execute call"),
        Case("DEALLOCATE p", "prepare"),
        Case("CREATE TABLE x AS EXECUTE p", "create execute"), Case("EXPLAIN ANALYZE EXECUTE p", "read execute"),
        Case("DECLARE c CURSOR FOR SELECT * FROM t", "cursor read"), Case("FETCH ALL FROM c", "cursor"),
        Case("DECLARE c CURSOR WITH HOLD FOR SELECT my_function()", "cursor read call"),
        Case("MOVE 5 IN c", "cursor"), Case("CLOSE c", "cursor"), Case("DELETE FROM t WHERE CURRENT OF c", "write"),
    ]
    static let reaching = [
        Case("COPY t TO STDOUT", "read copy.out"), Case("COPY t FROM STDIN", "write copy.in"),
        Case("COPY (SELECT * FROM t) TO STDOUT", "read copy.out"), Case("COPY t TO '/tmp/x'", "read copy.file"),
        Case("COPY t FROM '/etc/passwd'", "write copy.file"), Case("COPY t TO PROGRAM 'sh'", "read copy.program"),
        Case("COPY t FROM PROGRAM 'curl x'", "write copy.program"),
        Case("COPY (DELETE FROM t RETURNING *) TO STDOUT", "read write copy.out"),
        Case("COPY t TO STDOUT (ENCODING 'SJIS')", "read copy.out opaque"),
        Case("CALL p()", "call"), Case("CALL p((SELECT 1))", "call read"),
        Case("DO $$ BEGIN DELETE FROM t; END $$", "opaque"),
        Case("LOAD 'evil'", "opaque"), Case("SELECT my_function()", "read call"),
        Case("SELECT * FROM my_function()", "read call"),
        Case("SELECT public.lower('x')", "read call"),
        Case("SELECT pg_read_file('/etc/passwd')", "read call call.file"),
        Case("SELECT \"LOWER\"('x')", "read call"), Case("SELECT pg_ls_dir('.')", "read call call.file"),
        Case("SELECT pg_read_binary_file('x')", "read call call.file"),
        Case("SELECT lo_import('/etc/passwd')", "read call call.file"),
        Case("SELECT lo_export(1, '/tmp/x')", "read call call.file"),
        Case("SELECT * FROM dblink('x', 'SELECT 1') AS t (a int)", "read call call.network"),
        Case("SELECT query_to_xml('DELETE FROM t', true, true, '')", "read call call.sql"),
        Case("SELECT table_to_xml('t', true, true, '')", "read call call.sql"),
        Case("SELECT pg_terminate_backend(1)", "read call call.session"),
        Case("SELECT pg_cancel_backend(1)", "read call call.session"),
        Case("SELECT pg_reload_conf()", "read call call.session"),
        Case("SELECT pg_sleep(1)", "read call"),
        Case("SELECT pg_logical_slot_get_changes('s', NULL, NULL)", "read call call.session"),
        Case("SELECT pg_create_logical_replication_slot('s', 'p')", "read call call.session"),
        Case("SELECT pg_switch_wal()", "read call call.session"),
        Case("SELECT pg_advisory_lock(1)", "read lock"), Case("SELECT pg_try_advisory_xact_lock(1)", "read lock"),
        Case("SELECT pg_notify('a', 'b')", "read notify"), Case("NOTIFY a, 'b'", "notify"), Case("LISTEN a", "notify"),
        Case("UNLISTEN *", "notify"), Case("LOCK TABLE t", "lock"), Case("LOCK TABLE t IN ACCESS SHARE MODE", "lock"),
        Case("VACUUM t", "maintenance"), Case("ANALYZE", "maintenance"), Case("VACUUM (FULL) t", "maintenance"),
        Case("CLUSTER t USING i", "maintenance"), Case("REINDEX TABLE t", "maintenance"),
        Case("CHECKPOINT", "maintenance"),
        Case("REFRESH MATERIALIZED VIEW v", "maintenance"),
        Case("SELECT a FROM t WHERE EXISTS (SELECT my_function())", "read call"),
        Case("SELECT a FROM t ORDER BY my_function()", "read call"),
        Case("SELECT a FROM t LIMIT my_function()", "read call"),
        Case("SELECT a FROM t GROUP BY 1 HAVING my_function()", "read call"),
        Case("SELECT sum(a) FILTER (WHERE my_function()) FROM t", "read call"),
        Case("SELECT sum(a) OVER (ORDER BY my_function()) FROM t", "read call"),
        Case("SELECT CASE WHEN true THEN my_function() END", "read call"),
        Case("SELECT ARRAY[my_function()]", "read call"),
        Case("SELECT (ROW(my_function())).f1", "read call"), Case("SELECT a[my_function()] FROM t", "read call"),
        Case("SELECT xmlelement(name a, my_function())", "read call"),
        Case("SELECT * FROM a JOIN b ON my_function()", "read call"),
        Case("SELECT * FROM ROWS FROM (my_function()) x", "read call"),
        Case("SELECT my_function()::text COLLATE \"C\"", "read call"),
        Case("CREATE TABLE t (a int DEFAULT my_function())", "create call"),
        Case("VALUES (my_function())", "read call"), Case("SELECT DISTINCT ON (my_function()) 1", "read call"),
    ]

    @Test(arguments: queries + writes) func dataStatements(_ c: Case) { expect(c) }
    @Test(arguments: definitions) func definitionStatements(_ c: Case) { expect(c) }
    @Test(arguments: sessions) func sessionStatements(_ c: Case) { expect(c) }
    @Test(arguments: reaching) func reachingStatements(_ c: Case) { expect(c) }

    private func expect(_ c: Case) {
        let facts = facts(c.sql)
        #expect(Set(facts.operations) == c.operations, "\(facts.opaqueReason)")
        #expect(facts.opaque == c.operations.contains("opaque"))
    }
}
