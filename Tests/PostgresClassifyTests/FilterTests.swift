import Contract
import PostgresClassify
import Testing

@Suite struct FilterTests {
    @Test(arguments: [
        "DELETE FROM t", "UPDATE t SET a = 1", "TRUNCATE t", "DELETE FROM t WHERE true", "DELETE FROM t WHERE 1=1",
        "DELETE FROM t WHERE id = id", "DELETE FROM t WHERE t.id = t.id", "DELETE FROM t WHERE NOT false",
        "DELETE FROM t WHERE id = 1 OR true", "DELETE FROM t WHERE id IS NULL OR id IS NOT NULL",
        "DELETE FROM t WHERE id = 1 OR id <> 1", "DELETE FROM t WHERE id > 0 OR id <= 0",
        "DELETE FROM t WHERE id = 1 OR NOT id = 1",
        "DELETE FROM t WHERE 'a' = 'a'", "DELETE FROM t WHERE 2 > 1 AND 'x' <> 'y'", "DELETE FROM t WHERE 't'::bool",
        "DELETE FROM t WHERE id IN (id)", "DELETE FROM t WHERE id BETWEEN id AND id", "DELETE FROM t WHERE 1 IN (1, 2)",
        "DELETE FROM t WHERE name LIKE '%'", "DELETE FROM t WHERE (1=1) IS TRUE",
        "DELETE FROM t WHERE id IS NOT DISTINCT FROM id",
        "DELETE FROM t WHERE $1 = $1", "DELETE FROM t WHERE $1", "DELETE FROM t WHERE now() > '2000-01-01'",
        "DELETE FROM t WHERE random() >= 0", "DELETE FROM t WHERE 0.4::int = 0", "DELETE FROM t WHERE NULL IS NULL",
        "DELETE FROM t WHERE NULL IS UNKNOWN", "DELETE FROM t WHERE 9007199254740993 <> 9007199254740992",
        "DELETE FROM t WHERE EXISTS (SELECT 1)", "DELETE FROM t WHERE EXISTS (SELECT 1 FROM u)",
        "DELETE FROM t WHERE NOT EXISTS (SELECT 1 WHERE false)", "DELETE FROM t WHERE id IN (SELECT id FROM t)",
        "DELETE FROM t WHERE CASE WHEN id = 1 THEN true ELSE true END", "DELETE FROM t USING u WHERE u.id = 5",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "SELECT 1; UPDATE t SET a = 1",
        "EXPLAIN ANALYZE DELETE FROM t", "PREPARE p AS DELETE FROM t", "UPDATE t AS x SET a = 1 WHERE x.id = x.id",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
        "DELETE FROM t WHERE (id = 1) IS TRUE OR (id = 1) IS NOT TRUE",
    ])
    func unfiltered(_ sql: String) { #expect(facts(sql).unfiltered) }

    @Test(arguments: [
        "DELETE FROM t WHERE id = 1", "DELETE FROM t WHERE id = $1", "UPDATE t SET a = 1 WHERE id IN (1, 2)",
        "DELETE FROM t WHERE false",
        "DELETE FROM t WHERE 1 = 0", "DELETE FROM t WHERE id = 1 AND true", "DELETE FROM t WHERE name LIKE 'a%'",
        "DELETE FROM t WHERE deleted_at IS NOT NULL", "DELETE FROM t WHERE id = 1 OR id = 2",
        "DELETE FROM t WHERE CURRENT OF c",
        "DELETE FROM t USING u WHERE t.id = u.id", "DELETE FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
        "DELETE FROM t WHERE id IN (SELECT id FROM t WHERE old)",
        "DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 5)",
        "SELECT * FROM t", "INSERT INTO t VALUES (1)", "EXPLAIN DELETE FROM t", "UPDATE t x SET a = 1 WHERE x.id = 1",
        "DELETE FROM t WHERE a = b", "DELETE FROM t WHERE NOT done", "DELETE FROM t WHERE d < now()",
        "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE",
    ])
    func filtered(_ sql: String) { #expect(!facts(sql).unfiltered) }
}
