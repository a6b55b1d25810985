import Contract
import Policy
import Testing

/// Masked columns in conditions and in writes.
@Suite struct InferenceTests {
    private static let rules = """
          - {name: all, then: allow}
          - name: personal
            mask:
              - {columns: ["*.email"], style: partial, inference: refuse}
              - {columns: [users.phone], style: redact}

        """

    private func comparing(_ columns: [String]) -> Facts {
        var facts = facts(["read"])
        facts.columnsCompared = columns
        return facts
    }

    @Test(arguments: [
        (["public.users.email"], true), (["email"], true), (["EMAIL"], true), (["public.users.*"], true),
        (["public.users.id"], false), (["public.users.phone"], false), ([], false),
    ])
    func inference(_ columns: [String], _ expected: Bool) throws {
        for facts in [comparing(columns), comparing(columns).resolvedWith()] {
            let judgement = try judge(Self.rules, facts)
            #expect((judgement.verdict == .refuse) == expected)
            guard expected else { continue }
            #expect(judgement.rule == "personal" && judgement.reason.contains("masked column \(columns[0])"))
        }
    }

    @Test func inferenceIsOfTheMasksThatHold() throws {
        let rules = Self.rules.replacing("name: personal", with: "name: personal\n    who: {groups: [others]}")
        #expect(try judge(rules, comparing(["email"])).verdict == .allow)
    }

    private func copying(_ flows: [Flow]) -> Facts {
        facts(["read", "write"]).resolvedWith { $0.flows = flows }
    }

    @Test(arguments: [
        (["public.users.email"], "public.notes.text", false), (["public.users.email"], "public.archive.email", true),
        (["public.users.email"], "public.users.email", true), (["public.users.email"], "public.users.phone", false),
        // A mask that leaves more, or lets what it hides be compared, is not enough.
        (["public.users.phone"], "public.users.email", false), (["public.users.phone"], "other.users.phone", true),
        (["public.users.phone"], "public.archive.phone", false), (["public.users.id"], "public.notes.text", true),
        (["public.users.*"], "public.notes.text", false), (["public.users.email"], "public.archive.*", false),
        (["email"], "text", false), (["id"], "text", true), ([], "public.notes.text", true),
    ])
    func flows(_ sources: [String], _ target: String, _ expected: Bool) throws {
        let judgement = try judge(Self.rules, copying([flow([], to: "a.b.c"), flow(sources, to: target)]))
        #expect((judgement.verdict == .allow) == expected)
        guard !expected else { return }
        #expect(judgement.rule == "personal")
        #expect(judgement.reason.contains("it would copy masked column \(sources[0]) into \(target)"))
    }

    @Test func anythingIsAnyMaskedColumn() throws {
        #expect(try judge(Self.rules, copying([flow([], to: "public.notes.text", anything: true)])).verdict == .refuse)
        // As strict as the strictest.
        #expect(try judge(Self.rules, copying([flow([], to: "public.users.email", anything: true)])).verdict == .refuse)
        #expect(try judge(Self.rules, copying([flow([], to: "public.users.phone", anything: true)])).verdict == .refuse)
        let same = Self.rules.replacing(", inference: refuse", with: "")
        #expect(try judge(same, copying([flow([], to: "public.users.phone", anything: true)])).verdict == .allow)
        let none = "  - {name: all, then: allow, mask: [{detect: [email], style: redact}]}"
        #expect(try judge(none, copying([flow([], to: "public.notes.text", anything: true)])).verdict == .allow)
    }

    /// A target's mask that does not hold for every later read protects nothing.
    @Test func targetsAreMaskedForEveryRead() throws {
        let rules = """
              - {name: all, then: allow}
              - {name: a, when: {tables: [users]}, mask: [{columns: ["*.email"], style: partial}]}

            """
        var facts = copying([flow(["public.users.email"], to: "public.archive.email")])
        facts.tablesRead = ["public.users"]
        #expect(try judge(rules, facts).verdict == .refuse)
        let reads = rules.replacing("{tables: [users]}", with: "{operation: [read]}")
        #expect(try judge(reads, facts).verdict == .allow)
    }

    @Test func refusalsOfRulesComeFirst() throws {
        let rules = Self.rules + "  - {name: no, then: refuse}\n"
        #expect(try judge(rules, comparing(["email"])).rule == "no")
        let held = Self.rules + "  - {name: wait, then: {hold: {approvers: {groups: [x]}, expires: 5m}}}\n"
        #expect(try judge(held, comparing(["email"])).verdict == .refuse)
    }
}
