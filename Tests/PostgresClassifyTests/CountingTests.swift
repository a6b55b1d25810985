import Contract
import PostgresClassify
import Testing

/// Whether the rows that a command changes are in the tags of its replies.
@Suite struct CountingTests {
    @Test(arguments: [
        "", "SELECT 1", "SELECT * FROM t", "BEGIN; SELECT 1; COMMIT", "INSERT INTO t VALUES (1)", "DELETE FROM t",
        "UPDATE t SET a = 1 WHERE id = 1 RETURNING *", "INSERT INTO t SELECT * FROM u", "COPY t FROM STDIN",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "UPDATE t SET a = 1; DELETE FROM u",
        "WITH x AS (SELECT 1) DELETE FROM t", "PREPARE p AS DELETE FROM t", "EXPLAIN DELETE FROM t", "BEGIN", "SHOW x",
        "INSERT INTO t VALUES (nextval('s'))", "SET work_mem = '1MB'", "VACUUM t", "SELECT * FROM t FOR UPDATE",
        "EXPLAIN ANALYZE SELECT 1",
    ])
    func counted(_ sql: String) { #expect(facts(sql).unlimitable.isEmpty) }

    @Test(arguments: [
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x", "CALL p()", "DO 'BEGIN END'",
        "SELECT my_function()", "INSERT INTO t SELECT my_function()", "BEGIN; DELETE FROM t; COMMIT",
        "UPDATE t SET a = 1; COMMIT; SELECT 1", "EXECUTE p", "EXPLAIN ANALYZE DELETE FROM t", "not sql", "TRUNCATE t",
        "DROP TABLE t", "ALTER TABLE t ADD COLUMN a int DEFAULT 1", "CREATE TABLE n AS SELECT 1",
        "SELECT * INTO n FROM t",
        "REFRESH MATERIALIZED VIEW v", "COPY (DELETE FROM t RETURNING *) TO STDOUT", "SELECT lo_unlink(1)",
        "SELECT pg_read_file('x')", "PREPARE p AS WITH x AS (DELETE FROM t) SELECT 1",
    ])
    func uncounted(_ sql: String) { #expect(!facts(sql).unlimitable.isEmpty) }
}
