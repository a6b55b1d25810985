import Contract
import Policy
import Testing

@Suite struct MaskTests {
    private func output(_ columns: [String], star: Bool = false, whole: Bool = false) -> OutputColumn {
        var output = OutputColumn()
        output.columns = columns
        output.star = star
        output.wholeRow = whole
        return output
    }

    private func plan(_ facts: Facts, _ rules: String = orders) throws -> MaskPlan {
        try PolicySet.parse(rules, file: "p").decide(
            facts: facts, principal: principal(), resource: "orders", purpose: .execution
        ).mask
    }

    @Test func computedOutputs() throws {
        var facts = facts(["read"])
        facts.outputs = [output(["id"]), output(["lower", "Email"]), output([], whole: true)]
        #expect(try plan(facts).computedOutputs == [1, 2])
        #expect(try !plan(facts).allComputed)
        facts.outputs = [output([], star: true), output(["email"])]
        #expect(try plan(facts).allComputed)
        facts.outputs = [output(["email"]), output([], star: true)]
        #expect(try plan(facts).computedOutputs == [0] && !plan(facts).allComputed)
        facts.outputs = [output([], star: true, whole: true)]
        #expect(try plan(facts).allComputed)
        facts.outputsKnown = false
        #expect(try plan(facts).allComputed)
    }

    @Test func copyOfQuery() throws {
        var facts = facts(["read"])
        facts.outputs = [output([], star: true)]
        facts.copy.out = true
        #expect(try plan(facts).allComputed)
    }

    @Test func unionInStrictOrder() throws {
        let rules = """
            rules:
              - {name: a, then: allow}
              - {name: b, mask: [{columns: ["*.email", "users.phone"], style: partial}, {detect: [email], style: hash}]}
              - {name: c, mask: [{columns: ["*.email"], style: redact}, {columns: ["*.email"], style: partial}]}
              - {name: d, when: {operation: [write]}, mask: [{columns: [secret], style: hash}]}
            """
        let plan = try plan(facts(["read"]), rules)
        #expect(plan.columns.map(\.pattern) == ["*.email", "*.email", "users.phone"])
        #expect(plan.columns.map(\.style) == [.redact, .partial, .partial])
        #expect(plan.columns.map(\.rule) == ["c", "b", "b"])
        #expect(plan.detectors.map(\.entities) == [["email"]])
        #expect(try self.plan(facts(["read", "write"]), rules).columns.count == 4)
    }

    @Test func withoutColumnRules() throws {
        var facts = facts(["read"])
        facts.outputsKnown = false
        let rules = "rules:\n  - {name: a, then: allow, mask: [{detect: [secret], style: redact}]}"
        #expect(try !plan(facts, rules).allComputed)
        #expect(try plan(facts, rules).detectors.count == 1)
    }
}
