import Contract
import Policy
import StrictYAML
import Testing

/// Which resources a rule is about: by name, by labels, by both.
@Suite struct ResourceTests {
    private func judgement(_ on: String, _ resource: String, _ labels: [String: String]) throws -> Judgement {
        try PolicySet.parse("rules:\n  - {name: a, on: \(on), then: allow}", file: "policy.yaml").decide(
            facts: facts(["read"]), principal: principal(), resource: resource, purpose: .execution,
            circumstances: Circumstances(resourceLabels: labels))
    }

    @Test(
        arguments: [
            ("[orders]", ["env": "prod"], true), ("{names: [orders]}", [:], true), ("{names: [other]}", [:], false),
            ("{labels: {env: prod}}", ["env": "prod"], true), ("{labels: {env: prod}}", ["env": "test"], false),
            ("{labels: {env: prod}}", [:], false), ("{labels: {env: \"*\"}}", ["env": "x"], true),
            ("{labels: {env: prod, tier: \"1\"}}", ["env": "prod"], false),
            ("{names: [\"or*\"], labels: {env: prod}}", ["env": "prod"], true),
            ("{names: [other], labels: {env: prod}}", ["env": "prod"], false),
        ] as [(String, [String: String], Bool)])
    func byNameAndLabels(_ on: String, _ labels: [String: String], _ expected: Bool) throws {
        #expect(try judgement(on, "orders", labels).verdict == (expected ? .allow : .refuse))
    }

    @Test func sessionsOpenByLabelsToo() throws {
        let policy = try PolicySet.parse(
            "rules:\n  - {name: a, on: {labels: {env: test}}, then: allow}", file: "policy.yaml")
        func admitted(_ labels: [String: String]) -> Bool {
            policy.decide(
                facts: Facts(), principal: principal(), resource: "orders", purpose: .session,
                circumstances: Circumstances(resourceLabels: labels)
            ).verdict == .allow
        }
        #expect(admitted(["env": "test"]))
        #expect(!admitted(["env": "prod"]))
    }

    @Test(arguments: ["{}", "{label: {env: prod}}", "{names: []}", "{labels: {env: [a]}}"])
    func mistakes(_ on: String) {
        #expect(throws: ConfigurationError.self) { try judgement(on, "orders", [:]) }
    }
}
