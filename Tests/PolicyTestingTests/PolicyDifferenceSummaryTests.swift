import Contract
import Policy
import PolicyTesting
import Testing

@Suite struct PolicyDifferenceSummaryTests {
    private static let old = """
        rules:
          - {name: reads, when: {operation: [read]}, then: allow}
          - {name: writes, when: {operation: [write]}, then: allow}
        """

    private func summary(
        _ new: String, _ texts: [String], by identities: [String] = ["agent-1"], old: String = Self.old,
        facts change: (inout Facts) -> Void = { _ in }
    ) throws -> PolicyDifferenceSummary {
        var difference = PolicyDifference(
            old: try PolicySet.parse(old, file: "old"), new: try PolicySet.parse(new, file: "new"))
        for identity in identities {
            for text in texts {
                var facts = try #require(
                    CommandClassifier.facts(of: Array(text.utf8), protocol: "postgres", catalog: nil))
                change(&facts)
                var principal = Principal()
                principal.name = identity
                difference.add(
                    RecordedCommands.Command(
                        text: text, principal: principal, resource: "orders", protocolName: "postgres",
                        session: "session of \(identity)", time: 0, facts: facts))
            }
        }
        return PolicyDifferenceSummary(difference.changes)
    }

    @Test func textsThatDifferInConstantsAreOne() throws {
        let new = Self.old + "\n  - {name: stop, when: {operation: [write]}, then: refuse}"
        let texts = [
            "DELETE FROM t WHERE id = 1", "DELETE FROM t WHERE id = 2", "DELETE FROM t WHERE id = 2", "DELETE FROM u",
        ]
        let summary = try summary(new, texts, by: ["b", "a"])
        #expect(summary.decisions.map(\.count) == [6, 2] && summary.terms.isEmpty && summary.untouched == 0)
        let group = try #require(summary.decisions.first)
        #expect(group.text == "DELETE FROM t WHERE id = $1" && group.texts == 2)
        #expect(group.identities == ["a", "b"] && group.session.hasPrefix("session of "))
        #expect(group.old.decision == "allow" && group.new.decision == "refuse" && group.new.rule == "stop")
        // A text that stands alone is shown as it was written.
        #expect(summary.decisions.last?.text == "DELETE FROM u" && summary.decisions.last?.texts == 1)
    }

    @Test func whatIsLetThroughNoMoreComesFirst() throws {
        let new = """
            rules:
              - {name: more, when: {operation: [create]}, then: allow}
              - {name: wait, when: {operation: [read]}, then: {hold: {approvers: {groups: [dba]}, expires: 5m}}}
            """
        let texts = [
            "CREATE TABLE t (i int)", "CREATE TABLE t (i int)", "SELECT 1 FROM t", "SELECT 1 FROM t", "DELETE FROM t",
        ]
        let decisions = try summary(new, texts).decisions.map { [$0.old.decision, $0.new.decision] }
        #expect(decisions == [["allow", "refuse"], ["allow", "hold"], ["refuse", "allow"]])
    }

    private static let masked = old + "\n  - {name: m, mask: [{columns: [email], style: hash}], limits: {max_rows: 5}}"

    @Test func transactionControlIsShownWhenItIsRefused() throws {
        let texts = ["BEGIN", "SET LOCAL statement_timeout = 5", "SAVEPOINT a", "COMMIT"]
        let terms = try summary(Self.masked, texts)
        #expect(terms.decisions.isEmpty && terms.terms.isEmpty && terms.untouched == 4)
        let refused = try summary("rules: []", texts)
        #expect(refused.decisions.count == 4 && refused.untouched == 0)
    }

    @Test func commandsUnderOtherTermsAreOneGroupForEachDifference() throws {
        let summary = try summary(Self.masked, ["SELECT 1 FROM t", "SELECT 2 FROM t", "SELECT a FROM u"])
        let group = try #require(summary.terms.first)
        #expect(summary.decisions.isEmpty && summary.terms.count == 1 && group.count == 3 && group.texts == 3)
        #expect(group.old.differences(to: group.new) == ["at most 5 rows", "email hash"])
        #expect(group.new.differences(to: group.old) == ["no limit on rows", "no longer email hash"])
    }

    @Test func aMaskThatReachesNoOutputIsNothing() throws {
        let mask = Self.old + "\n  - {name: m, mask: [{columns: [email], style: hash}]}"
        let other = Self.old + "\n  - {name: m, mask: [{columns: [email], style: redact}]}"
        func known(_ column: String) -> (inout Facts) -> Void {
            { facts in
                facts.resolved = true
                facts.outputsKnown = true
                var output = OutputColumn()
                output.origins = ["public.users.\(column)"]
                output.direct = true
                facts.outputs = [output]
            }
        }
        let text = ["SELECT x FROM users"]
        #expect(try summary(mask, text, facts: known("name")).untouched == 1)
        let reached = try summary(mask, text, facts: known("email"))
        #expect(reached.terms.first.map { $0.old.differences(to: $0.new) } == ["output 1 hash"])
        let restyled = try summary(other, text, old: mask, facts: known("email"))
        #expect(restyled.terms.first.map { $0.old.differences(to: $0.new) } == ["output 1 redact instead of hash"])
        // Where outputs are not known the mask may reach them.
        #expect(try summary(mask, text).terms.count == 1)
    }

    @Test func otherApproversAreTold() throws {
        func hold(_ quorum: Int) -> String {
            "rules: [{name: h, then: {hold: {approvers: {groups: [dba]}, quorum: \(quorum), expires: 5m}}}]"
        }
        let summary = try summary(hold(2), ["SELECT 1", "BEGIN"], old: hold(1))
        #expect(summary.untouched == 0 && summary.terms.map(\.count) == [2])
        #expect(
            summary.terms.first.map { $0.old.differences(to: $0.new) }
                == ["approval by 2 of group dba within 300 s"])
    }

    @Test(arguments: [
        "SELECT 'a\0b'", "not sql at all", "SELECT " + String(repeating: "(", count: 5000), "",
        "SELECT '" + String(repeating: "x", count: 20_000) + "'",
    ])
    func whatHasNoShapeStandsForItself(_ text: String) throws {
        let new = "rules: [{name: a, then: allow}]"
        #expect(try summary(new, [text], old: "rules: []").decisions.map(\.text) == [text])
    }
}
