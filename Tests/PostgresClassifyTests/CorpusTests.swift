import Contract
import Testing

@testable import PostgresClassify

/// Statements with the exact facts that they must have.
@Suite struct CorpusTests {
    static let statements = CorpusLine.all(of: "statements.txt")
    static let threats = CorpusLine.all(of: "threats.txt")
    static let lookalikes = CorpusLine.all(of: "lookalikes.txt")
    static let breadth = CorpusLine.all(of: "breadth.txt")
    static let breadthByCatalog = CorpusLine.all(of: "breadth-catalog.txt")

    @Test func isWhole() {
        #expect(Self.statements.count >= 400)
        #expect(Self.threats.count >= 50)
        #expect(Self.lookalikes.count >= 100)
        #expect(Self.breadth.count >= 350)
        #expect(Self.breadthByCatalog.count >= 50)
    }

    @Test(arguments: statements) func statement(_ line: CorpusLine) { expectFacts(line) }
    @Test(arguments: threats) func threat(_ line: CorpusLine) { expectFacts(line) }
    @Test(arguments: lookalikes) func lookalike(_ line: CorpusLine) { expectFacts(line) }

    @Test(arguments: breadth) func tellsRowsApart(_ line: CorpusLine) {
        #expect(facts(line.sql).unfiltered == (line.expected == "unfiltered"))
        #expect(["unfiltered", "filtered"].contains(line.expected))
    }

    @Test(arguments: breadthByCatalog) func tellsRowsApartByTheCatalogue(_ line: CorpusLine) {
        let facts = resolved(line.sql, SampleCatalog.keys)
        #expect(facts.unfiltered == (line.expected == "unfiltered"))
        #expect(["unfiltered", "filtered"].contains(line.expected))
        #expect(facts.resolved && !facts.opaque)
    }

    private func expectFacts(_ line: CorpusLine) {
        let facts = facts(line.sql)
        #expect(facts.compact == Set(line.expected.split(separator: " ").map(String.init)), "\(facts.opaqueReason)")
        #expect(facts.opaque == facts.operations.contains("opaque"))
        #expect(facts.opaque == !facts.opaqueReason.isEmpty)
    }

    /// Every statement type that the parser can make is listed by hand, and nothing else is.
    @Test func everyStatementTypeIsKnown() {
        let types = Set(Shapes.all.values.map(\.name).filter { $0.hasSuffix("Stmt") })
        #expect(types.count > 100)
        #expect(types.symmetricDifference(StatementEffect.byType.keys).isEmpty)
    }

    /// Operations of statement types are among those that policies may name.
    @Test func everyOperationIsKnown() {
        let known: Set<String> = [
            "read", "write", "create", "alter", "drop", "truncate", "grant", "role", "session", "session.safe",
            "transaction", "copy.in", "copy.out", "copy.file", "copy.program", "call", "call.file", "call.network",
            "call.session", "call.sql", "lock", "maintenance", "notify", "prepare", "execute", "cursor", "opaque",
        ]
        for line in Self.statements + Self.threats + Self.lookalikes {
            #expect(known.isSuperset(of: facts(line.sql).operations), "\(line.sql)")
        }
        #expect(known.isSuperset(of: Reach.allCases.map(\.rawValue)))
    }
}
