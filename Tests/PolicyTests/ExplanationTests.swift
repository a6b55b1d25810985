import Contract
import Foundation
import Policy
import Testing

@Suite struct ExplanationTests {
    private static let policy = """
        rules:
          - {name: reads, when: {operation: [read]}, then: allow, limits: {max_rows: 7}}
          - {name: others, who: {groups: [dba]}, then: allow}
          - {name: elsewhere, on: [billing], then: allow}
          - {name: two parts, when: {operation: [drop], unfiltered: true}, then: refuse}
          - {name: one part, when: {operation: [read], statements: {over: 1}}, then: refuse}
          - {name: night, when: {time: {hours: "22:00-06:00"}}, then: refuse}
          - {name: large, when: {estimated_rows: {over: 10}}, then: refuse}
          - {name: masks, mask: [{columns: [email], style: hash, inference: refuse}]}
        """

    private func explain(_ facts: Facts, rows: UInt64? = 5) throws -> Explanation {
        var circumstances = Circumstances(time: 1_769_774_400)
        if let rows {
            var estimate = Estimate()
            estimate.rows = rows
            circumstances.estimate = estimate
        }
        return try PolicySet.parse(Self.policy, file: "p.yaml").explain(
            facts: facts, principal: principal(), resource: "orders", circumstances: circumstances)
    }

    @Test(arguments: [
        ("reads", true, false, "operation is read"), ("others", false, false, "groups are ai-agents"),
        ("elsewhere", false, false, "it is not about orders"),
        ("two parts", false, false, "operation is read; unfiltered is false"),
        ("one part", false, true, "statements is 1"), ("night", false, true, "time is fri 12:00 GMT"),
        ("large", false, true, "estimated_rows is 5"), ("masks", true, false, ""),
    ])
    func rules(_ name: String, _ matched: Bool, _ nearly: Bool, _ because: String) throws {
        let rule = try #require(try explain(facts(["read"])).rules.first { $0.name == name })
        #expect(rule.matched == matched && rule.nearly == nearly && rule.because == because)
        #expect(rule.place.hasPrefix("p.yaml:"))
    }

    @Test func text() throws {
        let text = try explain(
            facts(["read"], read: ["public.v", "public.users"]).resolvedWith {
                $0.views = ["public.v"]
                $0.columnsRead = ["public.users.email"]
                var output = OutputColumn()
                output.origins = ["public.users.email"]
                output.direct = true
                var computed = output
                computed.direct = false
                $0.outputs = [output, computed]
            }
        ).text
        for line in [
            "decision: allow", "  rule: reads", "  limit: at most 7 rows, by rule “reads”", "  views: public.v",
            "  columns read: public.users.email", "  output 1 is public.users.email",
            "  ✓ reads → allow, limit: operation is read", "  ≈ one part → refuse: nearly, but statements is 1",
            "  · elsewhere → allow: no, it is not about orders", "  column email → hash", "  output 1 → hash",
            "  output 2 → redact, NULL too",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "\(line) in \(text)")
        }
        #expect(try explain(facts(["read"]), rows: nil).text.contains("undecided: an estimate of the rows is needed"))
    }

    @Test func json() throws {
        let facts = facts(["read", "write"]).resolvedWith {
            $0.flows = [flow(["a.b.c"], to: "d.e.f")]
            $0.columnsCompared = ["a.b.c"]
            $0.unlimitable = "why"
        }
        let explanation = try explain(facts)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(explanation.json.utf8)) as? [String: Any])
        let shown = try #require(object["facts"] as? [String: Any])
        for key in [
            "resolved", "unresolved", "views", "columns_read", "columns_written", "columns_compared", "flows",
            "unlimitable", "outputs", "outputs_known",
        ] {
            #expect(shown[key] != nil, "\(key)")
        }
        let allowed = try explain(PolicyTests.facts(["read"]))
        let again = try #require(try JSONSerialization.jsonObject(with: Data(allowed.json.utf8)) as? [String: Any])
        let obligations = try #require(again["obligations"] as? [[String: Any]])
        #expect(obligations.compactMap { $0["type"] as? String } == ["limit", "mask"])
        #expect(obligations.first?["max_rows"] as? Int == 7)
        #expect((again["rules"] as? [[String: Any]])?.first?["nearly"] as? Bool == false)
    }

    @Test func partsOfAStatement() throws {
        let both = try explain(facts(["read", "drop"], unfiltered: true))
        let reads = try #require(both.rules.first)
        #expect(reads.matched && reads.because == "operation is drop, read; covers read")
        let any = "rules: [{name: a, when: {any: [{operation: [drop]}, {unfiltered: true}]}, then: refuse}]"
        let none = try PolicySet.parse(any, file: "p").explain(
            facts: facts(["read"]), principal: principal(), resource: "r")
        #expect(none.rules.first?.because == "none of any: operation is read / unfiltered is false")
        let negated = "rules: [{name: a, when: {not: {operation: [read]}}, then: refuse}]"
        let excluded = try PolicySet.parse(negated, file: "p").explain(
            facts: facts(["read"]), principal: principal(), resource: "r")
        #expect(excluded.rules.first?.because == "“not” excludes it: operation is read")
    }

    @Test func namesDoNotDriveTheTerminal() throws {
        let text = try explain(facts(["read"], read: ["a\u{1b}[2J\nrules", "\u{9b}1m"])).text
        #expect(text.contains("tables read: a?[2J?rules, ?1m\n"))
    }

    @Test func remarksAreShown() throws {
        var explanation = try explain(facts(["read"]))
        explanation.remarks = ["no account"]
        #expect(explanation.text.contains("note: no account\n"))
        #expect(explanation.json.contains("\"remarks\": [\"no account\"]"))
    }
}
