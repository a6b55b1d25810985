import Contract
import PostgresClassify
import TestKit
import Testing

/// How a statement is written does not change what it is seen to do.
@Suite struct RewriteTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

    static let lines = ["statements.txt", "threats.txt", "lookalikes.txt", "breadth.txt"].flatMap(CorpusLine.all)

    @Test(arguments: seeds) func spellingAndNesting(_ seed: UInt64) {
        var rewrite = Rewrite(generator: Seed(seed))
        for line in Self.lines {
            let original = facts(line.sql)
            guard !original.opaqueReason.hasPrefix("not understood") else { continue }
            let sql = rewrite.rewritten(line.sql)
            #expect(facts(sql).compact == original.compact, "seed \(seed): \(sql)")
        }
    }

    /// EXPLAIN ANALYZE does all that its statement does.
    @Test func explained() {
        for line in Self.lines {
            let original = facts(line.sql)
            let first = line.sql.split(separator: " ").first.map { $0.uppercased() } ?? ""
            guard ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE"].contains(first), original.statements == 1,
                !original.opaqueReason.hasPrefix("not understood")
            else { continue }
            let explained = facts("EXPLAIN (ANALYZE, VERBOSE) " + line.sql)
            #expect(explained.compact == original.compact.union(["read"]), "\(line.sql)")
        }
    }

    /// A prepared statement does the same later, and is told so when it is prepared.
    @Test func prepared() {
        for line in Self.lines {
            let original = facts(line.sql)
            let first = line.sql.split(separator: " ").first.map { $0.uppercased() } ?? ""
            guard ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "VALUES"].contains(first),
                original.statements == 1, !original.opaqueReason.hasPrefix("not understood")
            else { continue }
            #expect(facts("PREPARE p AS " + line.sql).compact == original.compact.union(["prepare"]), "\(line.sql)")
        }
    }

    /// Another name for the target changes nothing.
    @Test func aliases() {
        for line in Self.lines where line.sql.hasPrefix("DELETE FROM t WHERE") && !line.sql.contains("t.") {
            let original = facts(line.sql)
            let words = line.sql.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            guard words.filter({ $0 == "t" }).count == 1, !original.opaque else { continue }
            let aliased = "DELETE FROM t AS other WHERE" + line.sql.dropFirst("DELETE FROM t WHERE".count)
            #expect(facts(aliased).compact == original.compact, "\(aliased)")
        }
    }
}
