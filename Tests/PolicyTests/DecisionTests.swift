import Contract
import Policy
import Testing

func principal(_ name: String = "agent-1", groups: [String] = ["ai-agents"], labels: [String: String] = [:])
    -> Principal
{
    var principal = Principal()
    principal.name = name
    principal.groups = groups
    principal.labels = labels
    return principal
}

func facts(_ operations: [String], read: [String] = [], written: [String] = [], unfiltered: Bool = false) -> Facts {
    var facts = Facts()
    facts.operations = operations.sorted()
    facts.tablesRead = read
    facts.tablesWritten = written
    facts.unfiltered = unfiltered
    facts.opaque = operations.contains("opaque")
    facts.statements = 1
    facts.outputsKnown = true
    return facts
}

let orders = """
    rules:
      - name: agents may read orders
        who: {groups: [ai-agents]}
        on: [orders]
        when: {operation: [read]}
        then: allow
      - name: agents may change rows they name
        who: {groups: [ai-agents]}
        on: [orders]
        when: {operation: [write], unfiltered: false}
        then: allow
      - name: destructive statements need a dba
        when: {any: [{operation: [drop, truncate, alter, grant]}, {unfiltered: true}]}
        then: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}
      - name: personal data
        who: {groups: [ai-agents]}
        mask:
          - {columns: ["*.email"], style: partial}
          - {detect: [credit_card, us_ssn, secret], style: redact}
    """

@Suite struct DecisionTests {
    private func decide(
        _ text: String, _ facts: Facts, _ who: Principal = principal(), on resource: String = "orders",
        purpose: CommandPurpose = .statement
    ) throws -> Judgement {
        try PolicySet.parse(text, file: "policy.yaml").decide(
            facts: facts, principal: who, resource: resource, purpose: purpose)
    }

    private func verdict(_ rules: String, _ facts: Facts) throws -> Verdict {
        try decide("rules:\n" + rules, facts).verdict
    }

    @Test(arguments: [
        (["read"], false, Verdict.allow), (["write"], false, .allow), (["read", "write"], false, .allow),
        (["write"], true, .hold),
        (["drop"], false, .hold), (["read", "drop"], false, .hold), (["read", "call"], false, .refuse),
        (["create"], false, .refuse),
        (["opaque"], false, .refuse), (["opaque", "read"], false, .refuse), (["transaction"], false, .allow),
        ([], false, .allow),
        (["session.safe"], false, .allow), (["session"], false, .refuse), (["role"], false, .refuse),
        (["prepare", "read"], false, .allow),
        (["prepare", "create"], false, .refuse), (["execute"], false, .refuse), (["cursor"], false, .allow),
        (["copy.out", "read"], false, .refuse), (["future"], false, .refuse),
    ])
    func orders(_ operations: [String], _ unfiltered: Bool, _ expected: Verdict) throws {
        #expect(try decide(PolicyTests.orders, facts(operations, unfiltered: unfiltered)).verdict == expected)
    }

    @Test func others() throws {
        let stranger = principal("stranger", groups: [])
        #expect(try decide(PolicyTests.orders, facts(["read"]), stranger).verdict == .refuse)
        #expect(try decide(PolicyTests.orders, facts(["read"]), on: "billing").verdict == .refuse)
        let judgement = try decide(PolicyTests.orders, facts(["create"]))
        #expect(judgement.reason == "no policy rule allows create on orders for agent-1")
        #expect(judgement.rule.isEmpty && !judgement.hint.isEmpty)
        let hold = try decide(PolicyTests.orders, facts(["drop"]))
        #expect(hold.rule == "destructive statements need a dba")
        #expect(hold.hold?.approverGroups == ["dba"] && hold.hold?.quorum == 1 && hold.hold?.expiresSeconds == 900)
        #expect(try decide(PolicyTests.orders, facts(["read"]), purpose: .unspecified).verdict == .refuse)
    }

    @Test func strictestWins() throws {
        let text = """
              - {name: all, then: allow}
              - {name: wait, when: {operation: drop}, then: {hold: {approvers: {groups: [dba]}, expires: 5m}}}
              - {name: wait more, when: {operation: drop}, then: {hold: {approvers: {groups: [dba]}, quorum: 2, expires: 5m}}}
              - {name: never, when: {tables: [secrets]}, then: {refuse: {message: "ask security"}}}
            """
        #expect(try verdict(text, facts(["read"])) == .allow)
        #expect(try verdict(text, facts(["opaque"])) == .allow)
        #expect(try decide("rules:\n" + text, facts(["drop"])).hold?.quorum == 2)
        let refused = try decide("rules:\n" + text, facts(["drop", "read"], read: ["public.secrets"]))
        #expect(refused.verdict == .refuse && refused.reason == "refused by rule “never”: ask security")
    }

    @Test(arguments: [
        ("{operation: [read]}", ["read", "drop"], Verdict.refuse), ("{unfiltered: false}", ["opaque"], .refuse),
        ("{operation: [opaque]}", ["opaque"], .allow), ("{opaque: true}", ["opaque"], .allow),
        ("{not: {operation: [drop]}}", ["read", "drop"], .refuse),
        ("{not: {operation: [drop]}}", ["read", "write"], .allow), ("{not: {operation: [drop]}}", ["opaque"], .refuse),
        ("{any: [{operation: [read]}, {operation: [write]}]}", ["read", "write"], .allow),
        ("{any: [{operation: [read]}, {operation: [write]}]}", ["read", "drop"], .refuse),
        ("{all: [{operation: [read, write]}, {operation: [read]}]}", ["read", "write"], .refuse),
        ("{statements: {over: 1}}", ["read"], .refuse),
    ])
    func coverage(_ when: String, _ operations: [String], _ expected: Verdict) throws {
        #expect(try verdict("  - {name: a, when: \(when), then: allow}", facts(operations)) == expected)
    }

    /// A refusal of everything but reads must not be escaped by adding a read.
    @Test func negationOfRestriction() throws {
        let text = """
              - {name: all, then: allow}
              - {name: only reads, when: {not: {operation: [read]}}, then: refuse}
            """
        #expect(try verdict(text, facts(["read"])) == .allow)
        #expect(try verdict(text, facts(["read", "transaction"])) == .allow)
        #expect(try verdict(text, facts(["read", "drop"])) == .refuse)
    }

    @Test(arguments: [
        (["orders"], Verdict.allow), (["public.orders"], .allow), (["secret.orders"], .refuse),
        (["orders", "users"], .refuse),
        (["Orders"], .refuse), (["\"public.orders\""], .refuse), ([], .allow),
    ])
    func allowedTables(_ tables: [String], _ expected: Verdict) throws {
        let rules = "  - {name: a, when: {operation: [read], tables: [orders]}, then: allow}"
        #expect(try verdict(rules, facts(["read"], read: tables)) == expected)
    }

    @Test func schemaWideStatementIsNotATable() throws {
        let rules = "  - {name: a, when: {operation: [drop], tables: [\"scratch.*\"]}, then: allow}"
        #expect(try verdict(rules, facts(["drop"])) == .refuse)
        #expect(try verdict(rules, facts(["drop"], written: ["scratch.x"])) == .allow)
        #expect(try verdict(rules, facts(["drop"], written: ["x"])) == .refuse)
    }

    @Test(arguments: ["users", "public.users", "other.users", "USERS", "db.public.users"])
    func refusedTables(_ table: String) throws {
        let rules =
            "  - {name: a, then: allow}\n  - {name: b, when: {tables: [public.users, other.users]}, then: refuse}"
        #expect(try verdict(rules, facts(["read"], read: ["orders", table])) == .refuse)
        #expect(try verdict(rules, facts(["read"], read: ["orders"])) == .allow)
    }

    @Test func functionsAndColumns() throws {
        var call = facts(["read", "call"])
        call.functions = ["my_function", "pg_catalog.lower"]
        let allow = "  - {name: a, when: {operation: [read, call], functions: [my_function, lower]}, then: allow}"
        #expect(try verdict(allow, call) == .allow)
        call.functions.append("evil.lower")
        #expect(try verdict(allow, call) == .refuse)
        var oracle = facts(["read"])
        oracle.columnsReferenced = ["id", "Email"]
        let refuse = "  - {name: a, then: allow}\n  - {name: b, when: {columns: [email]}, then: refuse}"
        #expect(try verdict(refuse, oracle) == .refuse)
        #expect(try verdict(refuse, facts(["read"])) == .allow)
    }

    @Test func who() throws {
        let text = """
            rules:
              - {name: a, who: {identities: ["ci-*"], labels: {team: data}}, then: allow}
            """
        #expect(try decide(text, facts(["read"]), principal("ci-7", labels: ["team": "data"])).verdict == .allow)
        #expect(try decide(text, facts(["read"]), principal("ci-7")).verdict == .refuse)
        #expect(try decide(text, facts(["read"]), principal("xci-7", labels: ["team": "data"])).verdict == .refuse)
    }

    @Test func session() throws {
        #expect(try decide(PolicyTests.orders, Facts(), purpose: .session).verdict == .allow)
        #expect(try decide(PolicyTests.orders, Facts(), purpose: .session).mask.allComputed)
        #expect(try decide("rules: []", Facts(), purpose: .session).verdict == .refuse)
        let masksOnly = "rules:\n  - {name: a, mask: {columns: email, style: null}}"
        #expect(try decide(masksOnly, Facts(), purpose: .session).verdict == .refuse)
        let barred = "rules:\n  - {name: a, then: allow}\n  - {name: b, who: {groups: ai-agents}, then: refuse}"
        #expect(try decide(barred, Facts(), purpose: .session).verdict == .refuse)
        #expect(try decide(barred, Facts(), principal(groups: []), purpose: .session).verdict == .allow)
    }
}
