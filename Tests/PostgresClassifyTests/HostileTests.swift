import Contract
import Foundation
import PostgresClassify
import Testing

@Suite struct HostileTests {
    private func repeated(_ before: String, _ count: Int, _ middle: String, _ after: String) -> String {
        "SELECT " + String(repeating: before, count: count) + middle + String(repeating: after, count: count)
    }

    /// None of these may end the process, whatever they are seen as.
    @Test(arguments: [20, 100, 500, 900, 1500, 3000, 100_000])
    func nesting(_ count: Int) {
        let shapes = [
            ("(", "1", ")"), ("", "1", "+1"), ("", "1", "::int"), ("- ", "x", ""), ("NOT ", "x", ""),
            ("(SELECT ", "1", ")"),
            ("", "1", " UNION SELECT 1"), ("ARRAY[", "1", "]"), ("CASE WHEN x THEN ", "1", " END"), ("f(", "1", ")"),
            ("CASE WHEN a AND b THEN ", "1", " END"), ("", "1 FROM a", " JOIN b ON x AND y"),
            ("", "1, 2", " UNION SELECT 1, 2"),
            ("(SELECT 1, ", "1", ")"), ("", "a", "[1]"), ("", "a", " COLLATE \"C\""), ("", "a", " AT TIME ZONE 'x'"),
            ("", "1 FROM t WHERE a", " OR a"), ("", "1", ",1"), ("(((", "1", "+1)+1)+1)"), ("x IN (", "1", ")"),
            ("(a OR b AND ", "1", ")"), ("$a$(", "1", ""), ("E'\\'(", "1", "'"), ("/*", "1", "*/"), ("\"(", "1", "\""),
        ]
        for (before, middle, after) in shapes {
            let facts = facts(repeated(before, count, middle, after))
            #expect(facts.operations.contains("read") || facts.opaque)
        }
    }

    /// Adjacent literals are one, with the escapes of the first: what follows them is no literal.
    @Test(arguments: ["\n", " \n\n ", "\t\r\u{c}"])
    func continuedLiterals(_ space: String) {
        let text = "SELECT E'a'\(space)'b\\'', 1"
        #expect(facts(text).operations == ["read"])
        for text in [text, "SELECT E'a'\(space)'b'\(space)'c\\'', 1", "SELECT U&'a'\(space)'b\\', 1"] {
            #expect(
                facts(text + String(repeating: "+1", count: 30_000)).opaqueReason == "the text nests deeper than 2000")
        }
        // Without a line break they are two, and so they are for the parser with a comment between them.
        for text in ["SELECT E'a' 'b\\'', 1", "SELECT E'a' -- x\(space)'b\\'', 1", "SELECT E'a' -- x\(space)'b\\', 1"] {
            #expect(facts(text + String(repeating: "+1", count: 30_000)).opaque)
        }
    }

    @Test func nestedFunctionBodies() {
        for count in [10, 100, 1000, 10_000] {
            let body = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1, 2; "
            let facts = facts(
                String(repeating: body, count: count) + "SELECT 1; " + String(repeating: "END; ", count: count))
            #expect(facts.operations.contains("create") || facts.opaque)
        }
    }

    /// Long but flat statements of real programs are understood.
    @Test func longFlatStatements() {
        let rows = Array(repeating: "(-1, 'a''b', now() - interval '1 day', '{}'::jsonb)", count: 5000).joined(
            separator: ", ")
        #expect(facts("INSERT INTO t VALUES " + rows).operations == ["write"])
        let numbers = (0..<50_000).map(String.init).joined(separator: ",")
        #expect(facts("SELECT * FROM t WHERE id IN (\(numbers))").operations == ["read"])
        let terms = (0..<5000).map { "a = \($0)" }.joined(separator: " OR ")
        #expect(facts("SELECT * FROM t WHERE " + terms).operations == ["read"])
        #expect(facts(String(repeating: "SELECT 1; ", count: 5000)).statements == 5000)
    }

    /// What once ended a process: texts that run off the parser's stack, and what fuzzing found.
    @Test func replaysCrashes() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/crashes")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files {
            let facts = PostgresClassifier().facts(of: Array(try Data(contentsOf: file)))
            #expect(facts.opaque == facts.operations.contains("opaque"), "\(file.lastPathComponent)")
        }
    }

    @Test func opaque() {
        #expect(facts("SELEC 1").opaque)
        #expect(facts("SELECT 1 FROM").opaque)
        #expect(facts(String(repeating: " ", count: PostgresClassifier.maximumLength) + "DROP TABLE t").opaque)
        #expect(facts("SELECT 1\0; DROP TABLE t").opaque)
        #expect(PostgresClassifier().facts(of: [0x53, 0x27, 0xFF, 0x27]).opaque)
        #expect(facts("SELECT 'x").opaque && !facts("SELECT 'x").opaqueReason.isEmpty)
        #expect(facts("SELECT 1\0").operations == ["read"])
        #expect(facts(String(repeating: "(", count: 100_000)).opaque)
    }

    /// Swift holds canonically equal texts for the same, PostgreSQL does not.
    @Test(arguments: [
        ("SELECT lower(\"\u{212A}\".email) FROM (SELECT ''::text AS email) \"K\", users \"\u{212A}\"", true),
        ("WITH \"Api\u{212A}ey\" AS (SELECT ''::text AS token) SELECT lower(token) FROM \"ApiKey\"", true),
        ("SELECT 1 FROM cafe\u{301}", true), ("SELECT \u{1FEF}", true), ("SELECT \"a\u{37E}b\"", true),
        ("SELECT 1 FROM caf\u{E9}, \"stra\u{DF}e\", \"\u{65E5}\u{672C}\"", false),
        ("SELECT 'cafe\u{301}', $$\u{212A}$$, E'\u{212A}' -- \u{212A}\n/* \u{212A} */", false),
    ])
    func namesHaveOneForm(sql: String, isOpaque: Bool) {
        #expect(facts(sql).opaque == isOpaque)
    }

    @Test func garbage() {
        var state: UInt64 = 42
        let words = [
            "SELECT", "(", ")", "'", "\"", "$$", "$a$", "--", "/*", "*/", "E'", "\\", ",", ";", "AND", "CASE", "END",
            "FROM",
            "t", "1", "+", "\n", "UNION", "WITH", "AS", "DELETE", "::", "[", "]", "*", ".", "é", "WHERE", "=", "NOT",
            "U&'",
        ]
        for _ in 0..<3000 {
            var sql = ""
            for _ in 0..<30 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                sql += words[Int(state >> 33) % words.count] + (state >> 40 & 1 == 0 ? " " : "")
            }
            let facts = facts(sql)
            #expect(facts.opaque == facts.operations.contains("opaque"))
        }
    }

    @Test func manyThreads() async {
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    facts(
                        "SELECT " + String(repeating: "(", count: index * 20) + "1"
                            + String(repeating: ")", count: index * 20)
                    )
                    .operations == ["read"]
                }
            }
            for await isRead in group { #expect(isRead) }
        }
    }
}
