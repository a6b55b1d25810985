import Contract
import Foundation
import Policy
import StrictYAML
import Testing

@Suite struct ParsingTests {
    private func error(_ text: String) -> String? {
        do throws(ConfigurationError) {
            _ = try PolicySet.parse(text, file: "p.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("rules:\n  - {nam: a, then: allow}", "did you mean “name”"),
        ("rules:\n  - {then: allow}", "missing key “name”"),
        ("rules:\n  - {name: a}", "needs “then” or “mask”"), ("rules:\n  - {name: a, then: deny}", "allow, refuse"),
        ("rules:\n  - {name: a, when: {operation: [reed]}, then: allow}", "read, write, create"),
        ("rules:\n  - {name: a, when: {operations: [read]}, then: allow}", "did you mean “operation”"),
        ("rules:\n  - {name: a, mask: [{detect: [iban], style: redact}]}", "email, credit_card, us_ssn, secret"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: blur}]}", "redact, partial, hash, null"),
        ("rules:\n  - {name: a, mask: [{columns: [x]}]}", "missing key “style”"),
        ("rules:\n  - {name: a, mask: [{columns: [a.b.c.d], style: hash}]}", "schema.table.column"),
        ("rules:\n  - {name: a, then: allow}\n  - {name: a, then: allow}", "3:5: a rule named “a”"),
        ("rules:\n  - name: a\n    who:\n    then: allow", "“who” is empty"),
        ("rules:\n  - {name: a, who: {}, then: allow}", "“who” needs"),
        ("rules:\n  - {name: a, who: {groups: []}, then: allow}", "the list is empty"),
        ("rules:\n  - name: a\n    when:\n    then: refuse", "“when” is empty"),
        ("rules:\n  - {name: a, when: {}, then: allow}", "at least one key"),
        ("rules:\n  - {name: a, on: [], then: allow}", "the list is empty"),
        ("rules:\n  - {name: a, then: hold}", "approvers"),
        ("rules:\n  - {name: a, then: {hold: {approvers: {}, expires: 5m}}}", "groups or identities"),
        ("rules:\n  - {name: a, then: {hold: {approvers: {groups: [d]}}}}", "missing key “expires”"),
        ("rules:\n  - {name: a, then: {hold: {approvers: {groups: [d]}, quorum: 0, expires: 5m}}}", "out of range"),
        (
            "rules:\n  - {name: a, then: {refuse: {message: x}, hold: {approvers: {groups: [d]}, expires: 5m}}}",
            "use one of"
        ),
        ("rules:\n  - {name: a, when: {columns: [x]}, then: allow}", "“columns” is for rules"),
        ("rules:\n  - {name: a, when: {not: {columns: [x]}}, then: refuse}", "within “not”"),
        ("rules:\n  - {name: a, when: {unfiltered: yes}, then: allow}", "true or false"), ("rule: []", "rule"),
        ("rules: 5", "expected a list"),
        ("", "empty"),
    ])
    func mistakes(_ text: String, _ expected: String) {
        let message = error(text) ?? "none"
        #expect(message.contains(expected), "\(message)")
        #expect(message.hasPrefix("p.yaml:"))
    }

    @Test func epochFollowsTheBytes() throws {
        let first = try PolicySet.parse(orders, file: "p")
        #expect(first.epoch.count == PolicySet.epochLength)
        #expect(try PolicySet.parse(orders, file: "q").epoch == first.epoch)
        #expect(try PolicySet.parse(orders + "\n", file: "p").epoch != first.epoch)
        #expect(first.ruleNames.count == 4)
    }

    @Test(arguments: ["read-only", "orders", "allow-all"]) func examples(_ name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let policy = try PolicySet.load(path: root.appending(path: "examples/policies/\(name).yaml").path)
        let who = principal()
        #expect(
            policy.decide(facts: facts(["read"]), principal: who, resource: "orders", purpose: .statement).verdict
                == .allow)
        #expect(
            policy.decide(facts: facts(["opaque"]), principal: who, resource: "orders", purpose: .statement).verdict
                == (name == "allow-all" ? .allow : .refuse))
    }

    @Test(arguments: ["null", "\"null\""]) func nullStyle(_ style: String) throws {
        let text = "rules:\n  - {name: a, then: allow, mask: [{columns: [x], style: \(style)}]}"
        let plan = try PolicySet.parse(text, file: "p").decide(
            facts: facts(["read"]), principal: principal(), resource: "r", purpose: .statement
        ).mask
        #expect(plan.columns.map(\.style) == [.null])
    }

    @Test func missingFile() {
        #expect(throws: ConfigurationError.self) { try PolicySet.load(path: "/nonexistent/policy.yaml") }
    }

    @Test func explanation() throws {
        var held = facts(["drop"], written: ["a\"b\n"])
        held.functions = ["\u{1}"]
        let explanation = try PolicySet.parse(orders, file: "p").explain(
            facts: held, principal: principal(), resource: "orders")
        let object = try JSONSerialization.jsonObject(with: Data(explanation.json.utf8)) as? [String: Any]
        #expect(object?["decision"] as? String == "hold")
        #expect(object?["rule"] as? String == "destructive statements need a dba")
        for key in ["facts", "mask", "obligations"] { #expect(object?[key] != nil) }
        #expect(explanation.text.hasPrefix("decision: hold\n"))
        #expect(explanation.text.contains("✓ destructive statements need a dba → hold"))
        #expect(explanation.text.contains("· agents may read orders → allow: no, operation is drop"))
        #expect(explanation.judgement.verdict == .hold)
    }
}
