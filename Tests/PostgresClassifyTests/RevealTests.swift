import Contract
import PostgresClassify
import Testing

/// Which texts ask what tokens stand for.
@Suite struct RevealTests {
    @Test(arguments: [
        ("SELECT sluice.reveal('a')", ["a"]), ("select SLUICE.Reveal ( 'a' , 'it''s' ) ;", ["a", "it's"]),
        ("/* why */ SELECT \"sluice\".\"reveal\"(E'a\\\\b', $$c$$)", ["a\\b", "c"]),
        ("SELECT sluice.reveal('')", [""]),
    ])
    func aloneWithTexts(_ sql: String, _ tokens: [String]) {
        let facts = facts(sql)
        #expect(facts.operations == ["reveal"] && facts.revealedTokens == tokens)
        #expect(facts.functions == ["sluice.reveal"] && facts.unlimitable.isEmpty && !facts.opaque)
    }

    @Test(arguments: [
        "SELECT sluice.reveal()", "SELECT sluice.reveal(1)", "SELECT sluice.reveal(NULL)", "SELECT sluice.reveal($1)",
        "SELECT sluice.reveal('a'::text)", "SELECT sluice.reveal('a' || 'b')", "SELECT sluice.reveal('a'), 1",
        "SELECT sluice.reveal('a') FROM t", "SELECT sluice.reveal('a') WHERE true",
        "SELECT sluice.reveal('a') ORDER BY 1", "SELECT sluice.reveal('a') LIMIT 1",
        "SELECT DISTINCT sluice.reveal('a')", "SELECT sluice.reveal(DISTINCT 'a')", "SELECT sluice.reveal(*)",
        "SELECT sluice.reveal('a') INTO t", "WITH x AS (SELECT 1) SELECT sluice.reveal('a')",
        "SELECT sluice.reveal('a') UNION SELECT 'b'", "SELECT sluice.reveal('a') FILTER (WHERE true)",
        "SELECT sluice.reveal('a') OVER ()", "SELECT sluice.reveal('a' ORDER BY 1)",
        "SELECT sluice.reveal(VARIADIC ARRAY['a'])", "SELECT (sluice.reveal('a')).x",
        "SELECT sluice.reveal('a'); SELECT 1", "SELECT 1; SELECT sluice.reveal('a')",
        "EXPLAIN SELECT sluice.reveal('a')", "PREPARE p AS SELECT sluice.reveal('a')", "VALUES (sluice.reveal('a'))",
        "SELECT sluice.reveal(t => 'a')", "SELECT sluice.reveal('a') FOR UPDATE",
        "CREATE TABLE t AS SELECT sluice.reveal('a')", "DECLARE c CURSOR FOR SELECT sluice.reveal('a')",
    ])
    func anythingElseIsACall(_ sql: String) {
        let facts = facts(sql)
        #expect(facts.revealedTokens.isEmpty && !facts.operations.contains("reveal"))
        #expect(facts.functions.contains("sluice.reveal") && facts.operations.contains("call"))
    }

    @Test(arguments: ["SELECT reveal('a')", "SELECT public.reveal('a')", "SELECT x.sluice.reveal('a')"])
    func otherFunctionsAreNone(_ sql: String) {
        #expect(facts(sql).revealedTokens.isEmpty && !facts(sql).functions.contains("sluice.reveal"))
    }

    @Test func tokensAreBounded() {
        func sql(_ count: Int) -> String {
            "SELECT sluice.reveal(" + Array(repeating: "'a'", count: count).joined(separator: ",") + ")"
        }
        #expect(facts(sql(1000)).revealedTokens.count == 1000)
        #expect(facts(sql(1001)).revealedTokens.isEmpty && facts(sql(1001)).operations.contains("call"))
    }
}
