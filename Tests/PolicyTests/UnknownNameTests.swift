import Policy
import StrictYAML
import Testing

@Suite struct UnknownNameTests {
    private static let accounts = [
        Surroundings.Account(name: "agent-1", groups: ["ai-agents"]),
        Surroundings.Account(name: "alice", groups: ["dba", "staff"]),
    ]

    private func warnings(
        _ rules: String, accounts: [Surroundings.Account]? = Self.accounts
    ) throws -> [String] {
        try PolicySet.parse("vars: {all: [orders, ordrs]}\nrules:\n" + rules, file: "p.yaml")
            .unknownNames(in: Surroundings(resources: ["orders", "billing"], accounts: accounts)).map(\.warning)
    }

    @Test(arguments: [
        ("  - {name: a, on: [orders, billing], then: allow}", []),
        (
            "  - {name: a, on: [ordrs], then: allow}",
            ["3:20: warning: no resource is named “ordrs”; did you mean “orders”?"]
        ),
        (
            "  - {name: a, on: [Orders], then: allow}",
            ["3:20: warning: no resource is named “Orders”; did you mean “orders”?"]
        ),
        ("  - {name: a, on: {names: elsewhere}, then: allow}", ["3:27: warning: no resource is named “elsewhere”"]),
        (
            "  - {name: a, on: [$all], then: allow}",
            ["3:20: warning: no resource is named “ordrs”; did you mean “orders”?"]
        ),
        ("  - {name: a, on: [\"prod-*\"], then: allow}", []),
        ("  - {name: a, on: {labels: {env: prod}}, then: allow}", []),
        ("  - {name: a, who: {identities: [agent-1, \"ci-*\"]}, then: allow}", []),
        (
            "  - {name: a, who: {identities: [agent-2]}, then: allow}",
            ["3:34: warning: no account is named “agent-2”; did you mean “agent-1”?"]
        ),
        (
            "  - {name: a, who: {groups: [ai-agent]}, then: allow}\n  - {name: b, who: {groups: [ai-agent]}, then: allow}",
            ["3:30: warning: no account is in group “ai-agent”; did you mean “ai-agents”? (written 2 times)"]
        ),
        ("  - {name: a, then: {hold: {approvers: {groups: [dba], identities: [alice]}, expires: 5m}}}", []),
        (
            "  - {name: a, then: {hold: {approvers: {groups: [dbas], identities: [bob]}, expires: 5m}}}",
            [
                "3:50: warning: no account is in group “dbas”, which is to approve; did you mean “dba”?",
                "3:70: warning: no account is named “bob”, which is to approve",
            ]
        ),
        // The operator can approve too.
        ("  - {name: a, then: {hold: {approvers: {groups: [dba]}, quorum: 2, expires: 5m}}}", []),
        (
            "  - {name: a, then: {hold: {approvers: {groups: [dba]}, quorum: 3, expires: 5m}}}",
            ["3:28: warning: 3 have to approve, and there is 1 account that can, beside the operator"]
        ),
        (
            "  - {name: a, limits: {max_rows: 1, beyond: {hold: {approvers: {groups: [x]}, expires: 5m}}}}",
            ["3:74: warning: no account is in group “x”, which is to approve"]
        ),
    ])
    func namesThatStandForNothing(_ rules: String, _ expected: [String]) throws {
        #expect(try warnings(rules) == expected.map { "p.yaml:" + $0 })
    }

    @Test func accountsThatAreNotKnownAreNotCompared() throws {
        let rules = """
              - {name: a, who: {identities: [x], groups: [y]}, on: [z], then: allow}
              - {name: b, then: {hold: {approvers: {groups: [g]}, quorum: 9, expires: 5m}}}
            """
        #expect(try warnings(rules, accounts: nil) == ["p.yaml:3:57: warning: no resource is named “z”"])
        #expect(try PolicySet.parse("rules:\n" + rules, file: "p").namesAccounts)
        #expect(try !PolicySet.parse("rules: [{name: a, on: [z], then: allow}]", file: "p").namesAccounts)
    }

    @Test func warningsComeInTheOrderOfTheFile() throws {
        let rules = "  - {name: a, on: [x], who: {identities: [b], groups: [c]}, then: allow}"
        #expect(try warnings(rules).map { $0.split(separator: ":")[2] } == ["20", "43", "56"])
    }
}
