import Contract
import PostgresClassify
import Testing

@Suite struct ObjectTests {
    @Test(
        arguments: [
            ("SELECT * FROM public.t JOIN u USING (id)", ["public.t", "u"], []),
            ("WITH x AS (SELECT * FROM t) SELECT * FROM x", ["t"], []),
            ("WITH x AS (SELECT * FROM x) SELECT * FROM x", ["x"], []),
            ("WITH RECURSIVE x AS (SELECT 1 UNION SELECT * FROM x) SELECT * FROM x", [], []),
            ("WITH x AS (SELECT 1) SELECT * FROM public.x", ["public.x"], []),
            ("SELECT (SELECT a FROM (WITH y AS (SELECT 1) SELECT * FROM y) z), b FROM y", ["y"], []),
            ("WITH x AS (SELECT 1) INSERT INTO x SELECT * FROM x", [], ["x"]),
            ("INSERT INTO s.t SELECT * FROM u", ["u"], ["s.t"]), ("DELETE FROM T WHERE id = 1", [], ["t"]),
            ("DELETE FROM \"T\" WHERE id = 1", [], ["T"]), ("SELECT * FROM \"a.b\"", ["\"a.b\""], []),
            ("DROP TABLE a, s.b", [], ["a", "s.b"]), ("DROP TRIGGER g ON s.t", [], ["s.t"]),
            ("TRUNCATE a, b", [], ["a", "b"]),
            ("ALTER TABLE t ADD COLUMN x int REFERENCES u (id)", ["u"], ["t"]),
            ("CREATE TABLE n AS SELECT * FROM t", ["t"], ["n"]),
            ("COPY t TO STDOUT", ["t"], []), ("COPY s.t FROM STDIN", [], ["s.t"]),
            ("GRANT SELECT ON t TO r", [], ["t"]),
            ("EXPLAIN DELETE FROM t", ["t"], []), ("DELETE FROM t WHERE id = 1 RETURNING *", ["t"], ["t"]),
            ("CREATE INDEX ON t (a)", [], ["t"]), ("LOCK TABLE t", ["t"], []), ("COMMENT ON TABLE t IS 'x'", [], ["t"]),
        ] as [(String, [String], [String])])
    func tables(_ sql: String, _ read: [String], _ written: [String]) {
        let facts = facts(sql)
        #expect(facts.tablesRead == read)
        #expect(facts.tablesWritten == written)
    }

    @Test func names() {
        let facts = facts(
            "SELECT pg_catalog.lower(u.Email), s.f(1), (u).phone FROM users u WHERE ssn LIKE 'a%'; COMMIT")
        #expect(facts.functions == ["pg_catalog.lower", "s.f"])
        #expect(Set(facts.columnsReferenced) == ["email", "phone", "ssn", "u"])
        #expect(facts.statements == 2)
        #expect(facts.statementTags == ["SELECT", "TRANSACTION"])
    }

    @Test func copyShape() {
        let text = facts("COPY s.t (a, b) TO STDOUT").copy
        #expect(text.out && !text.in && text.table == "s.t" && text.columns == ["a", "b"])
        #expect(text.format == "text" && text.delimiter == "\t" && text.nullString == "\\N")
        let csv = facts("COPY t FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER ';', QUOTE '''')").copy
        #expect(
            csv.in && csv.format == "csv" && csv.header && csv.delimiter == ";" && csv.quote == "'" && csv.escape == "'"
        )
        #expect(csv.nullString.isEmpty)
        #expect(facts("COPY t TO STDOUT BINARY").copy.format == "binary")
        #expect(facts("COPY t TO STDOUT CSV HEADER NULL 'x'").copy.nullString == "x")
        #expect(!facts("SELECT 1").hasCopy)
        #expect(!facts("COPY t TO '/tmp/x'").hasCopy)
    }
}
