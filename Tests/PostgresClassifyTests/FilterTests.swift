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
        "DELETE FROM t WHERE id = 1 OR (id = 1) IS NOT TRUE", "DELETE FROM t WHERE id = 1 OR (id = 1) IS FALSE",
        "DELETE FROM t WHERE (id = 1) IS UNKNOWN OR (id = 1) IS NOT UNKNOWN",
        "DELETE FROM t WHERE id IS DISTINCT FROM 1 OR id IS NOT DISTINCT FROM 1",
        "DELETE FROM t WHERE id IS DISTINCT FROM v OR id IS NOT DISTINCT FROM v",
        "DELETE FROM t WHERE id IS DISTINCT FROM 1 OR id = 1",
        "DELETE FROM t WHERE id BETWEEN 1 AND 2 OR id NOT BETWEEN 1 AND 2",
        "DELETE FROM t WHERE id BETWEEN v AND w OR id NOT BETWEEN v AND w",
        "DELETE FROM t WHERE id NOT BETWEEN 3 AND 4 OR id BETWEEN 2 AND 5",
        "DELETE FROM t WHERE id > 3000000000 OR id < 4000000000",
        "DELETE FROM t a USING t b(k) WHERE a.id = b.k", "DELETE FROM t a USING t b WHERE (a.id, a.v) = (b.id, b.v)",
        "DELETE FROM t a USING t b WHERE a = b", "DELETE FROM t a USING t b WHERE a.* = b.*",
        "DELETE FROM t a USING (SELECT id FROM t) b(k) WHERE a.id = b.k",
        "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t TABLE t ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t AS x SELECT y.* FROM t y, u WHERE true ON CONFLICT (id) DO UPDATE SET v = 1 WHERE x.id = x.id",
        "INSERT INTO t SELECT id FROM (SELECT * FROM s.t) x ON CONFLICT (id) DO UPDATE SET v = 1",
        "WITH t AS (SELECT * FROM t) INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t SELECT * FROM u UNION SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 1",
        "EXPLAIN ANALYZE INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 1",
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
        "DELETE FROM t WHERE id IS DISTINCT FROM 1", "DELETE FROM t WHERE id = 1 OR (id = 2) IS NOT TRUE AND v = 1",
        "DELETE FROM t WHERE id NOT BETWEEN 1 AND 2", "DELETE FROM t WHERE id < 3000000000 OR id > 4000000000",
        "DELETE FROM t a USING u b(k) WHERE a.id = b.k", "DELETE FROM t a USING u b WHERE (a.id, a.v) = (b.id, b.v)",
        "DELETE FROM t WHERE (id, v) = (1, 2)", "DELETE FROM t a USING t b WHERE (a.id, a.v) = (b.id, 2)",
        "DELETE FROM t a USING u b WHERE a = b",
        "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO NOTHING", "INSERT INTO t SELECT * FROM t",
        "INSERT INTO t SELECT * FROM u ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t SELECT * FROM t WHERE id = 1 ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t SELECT * FROM t x WHERE x.id = 1 ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t SELECT * FROM t LIMIT 5 ON CONFLICT (id) DO UPDATE SET v = 1",
        "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 1 WHERE t.id = 5",
        "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET v = 1 WHERE excluded.v = 5",
        "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET v = 1",
    ])
    func filtered(_ sql: String) { #expect(!facts(sql).unfiltered) }

    /// Conditions that are many hide nothing, and are no reason for an alarm.
    @Test func manyTerms() {
        let values = (0..<3000).map { "id = \($0)" }.joined(separator: " OR ")
        let ranges = (0..<1000).map { "id BETWEEN \($0 * 10) AND \($0 * 10 + 5)" }.joined(separator: " OR ")
        let keys = (0..<1000).map { "(a = \($0) AND b = 'x\($0)')" }.joined(separator: " OR ")
        let names = (0..<1000).map { "c\($0) = 'x'" }.joined(separator: " OR ")
        for terms in [values, ranges, keys, names] {
            #expect(!facts("DELETE FROM t WHERE \(terms)").unfiltered)
            #expect(facts("DELETE FROM t WHERE v = w OR \(terms) OR v <> w").unfiltered)
            #expect(facts("DELETE FROM t WHERE v < 5 OR \(terms) OR v > 3").unfiltered)
            #expect(facts("DELETE FROM t WHERE \(terms) OR (v = 1 AND NOT w) OR NOT (v = 1 AND NOT w)").unfiltered)
        }
        #expect(facts("DELETE FROM t WHERE \(values) OR id < 5 OR id >= 3").unfiltered)
        #expect(!facts("DELETE FROM t WHERE id > 0 AND (\(values))").unfiltered)
    }

    private func nested(_ before: String, _ middle: String, _ after: String, _ count: Int) -> Facts {
        facts(
            "DELETE FROM t WHERE " + String(repeating: before, count: count) + middle
                + String(repeating: after, count: count))
    }

    /// Each level doubles what there is to find out: what takes too long is taken for no condition.
    @Test func whatTakesTooLongIsDecided() {
        let shapes = [
            ("(", "done", " IN (true, true))"), ("(", "done", " = ANY (ARRAY[true, true]))"),
            ("id IN (SELECT id FROM t WHERE ", "id = 5", ")"),
        ]
        for (before, middle, after) in shapes {
            #expect(!nested(before, middle, after, 4).unfiltered, "\(before)\(middle)\(after)")
            #expect(nested(before, middle, after, 100).unfiltered, "\(before)\(middle)\(after)")
        }
    }

    /// None of these takes long, or ends the process, and none is an alarm.
    @Test(arguments: [1, 10, 100, 400, 1900])
    func deepConditions(_ count: Int) {
        let shapes = [
            ("", "id = a", " + b"), ("(- ", "id", ") = 5"), ("", "name = a", " || b"), ("NOT (a = 1 OR ", "b = 2", ")"),
            ("EXISTS (SELECT 1 FROM u WHERE a = t.id OR ", "b = 2", ")"),
            ("(a = 1 AND (EXISTS (SELECT 1 FROM u WHERE a = t.id AND ", "b = 2", ") OR c = 1))"),
            ("CASE WHEN a = 1 THEN ", "b = 2", " ELSE c = 1 END"), ("lower(", "name", ") = 'a'"),
            ("coalesce(", "name", ", 'x') = 'a'"), ("(", "done", " = c)"), ("greatest(", "a", ", 1) = 7"),
            ("(", "a", " % 3)"), ("(", "a = b", ") IS NOT TRUE"), ("a = 1 OR (b = 2 AND ", "c = 3", ")"),
            ("(", "a", ")::text"), ("(SELECT ", "a", " FROM u)"),
        ]
        for (before, middle, after) in shapes {
            let facts = nested(before, middle, after, count)
            #expect(facts.opaque || !facts.unfiltered, "\(before)\(middle)\(after)")
        }
    }

    /// Many alternatives that differ in their parameters or literals alone are as many conditions.
    @Test(arguments: [64, 65, 66, 300]) func manyAlternatives(_ count: Int) {
        let numbers = 1...count
        let conditions = [
            numbers.map { "id = $\($0)" }, numbers.map { "(a = $\(2 * $0 - 1) AND b = $\(2 * $0))" },
            numbers.map { "(a = \($0) AND b = $1)" }, numbers.map { "(a = \(9_000_000_000 + $0) AND b = 1)" },
            numbers.map { "id = \(9_000_000_000 + $0)" }, numbers.map { "v = \($0).5" },
        ]
        for condition in conditions {
            let sql = "DELETE FROM t WHERE " + condition.joined(separator: " OR ")
            #expect(!facts(sql).unfiltered, "\(sql.prefix(60))")
        }
    }
}
