import Contract
import Policy
import Testing

@Suite struct LimitTests {
    private static let rules = """
          - {name: writes, when: {operation: [write]}, then: allow, limits: {max_rows: 100}, message: "a hundred at most"}
          - {name: reads, when: {operation: [read]}, then: allow}
          - {name: small, who: {groups: [small]}, limits: {max_rows: 10}}

        """
    private static let approved = """
          - name: writes
            when: {operation: [write]}
            then: allow
            limits: {max_rows: 100, beyond: {hold: {approvers: {groups: [dba]}, quorum: 2, expires: 15m}}}

        """

    @Test func smallestCounts() throws {
        let judgement = try judge(Self.rules, facts(["write"]))
        #expect(judgement.verdict == .allow && judgement.isPure)
        #expect(judgement.limits?.maxRows == 100 && judgement.limits?.rule == "writes")
        #expect(judgement.limits?.message == "a hundred at most" && judgement.limits?.holds == false)
        let small = principal(groups: ["ai-agents", "small"])
        #expect(try judge(Self.rules, facts(["write"]), small).limits?.maxRows == 10)
        #expect(try judge(Self.rules, facts(["read"]), small).limits?.maxRows == 10)
        #expect(try judge(Self.rules, facts(["read"])).limits == nil)
    }

    /// What a cursor reads is told elsewhere: limits of reads hold for what it gives.
    @Test func cursorsAreRead() throws {
        let rules = """
              - {name: reads, when: {operation: [read]}, then: allow}
              - {name: few, when: {operation: [read], tables: [users]}, limits: {max_rows: 7}}
              - {name: writes, when: {operation: [write]}, then: allow, limits: {max_rows: 1}}
            """
        #expect(try judge(rules, facts(["cursor"])).limits?.maxRows == 7)
    }

    /// A statement that another rule permits as a whole still keeps to the limit of its part.
    @Test func partOfAStatementIsEnough() throws {
        let rules = """
              - {name: orders, when: {operation: [write], tables: [orders]}, then: allow, limits: {max_rows: 5}}
              - {name: all, then: allow}
            """
        let both = facts(["write"], written: ["public.orders", "public.items"])
        #expect(try judge(rules, both).limits?.maxRows == 5)
        #expect(try judge(rules, facts(["write"], written: ["public.items"])).limits == nil)
    }

    @Test func beyondIsRefused() throws {
        let refused = try judge(Self.rules, facts(["write"]), excess: (101, 100))
        #expect(refused.verdict == .refuse && refused.rule == "writes" && !refused.isPure && refused.limits == nil)
        #expect(
            refused.reason
                == "refused by rule “writes”: it would change more than 100 rows: a hundred at most")
        // The policy allows more by now.
        let more = Self.rules.replacing("max_rows: 100", with: "max_rows: 1000")
        let again = try judge(more, facts(["write"]), excess: (101, 100))
        #expect(again.verdict == .allow && again.limits?.maxRows == 1000 && !again.isPure)
        #expect(try judge(more, facts(["write"]), excess: (1001, 100)).verdict == .refuse)
    }

    @Test func beyondIsHeld() throws {
        let limits = try judge(Self.approved, facts(["write"])).limits
        #expect(limits?.maxRows == 100 && limits?.holds == true)
        let held = try judge(Self.approved, facts(["write"]), excess: (101, 100))
        #expect(held.verdict == .hold && held.rule == "writes" && held.limits == nil)
        #expect(held.hold?.quorum == 2 && held.hold?.expiresSeconds == 900)
        // A rule that lets nobody approve more is stricter.
        let both = Self.approved + "  - {name: never, limits: {max_rows: 50}}\n"
        #expect(try judge(both, facts(["write"]), excess: (51, 50)).verdict == .refuse)
        // One that is not exceeded says nothing.
        let far = Self.approved + "  - {name: never, limits: {max_rows: 5000}}\n"
        #expect(try judge(far, facts(["write"]), excess: (101, 100)).verdict == .hold)
        #expect(try judge(far, facts(["write"]), excess: (9000, 100)).verdict == .refuse)
    }

    @Test func whatCannotBeCounted() throws {
        var write = facts(["write"])
        write.unlimitable = "a trigger may change more"
        let refused = try judge(Self.rules, write)
        #expect(refused.verdict == .refuse && refused.rule == "writes")
        #expect(refused.reason.contains("a trigger may change more"))
        #expect(try judge(Self.approved, write).verdict == .hold)
        var read = facts(["read"])
        read.unlimitable = "odd"
        let small = principal(groups: ["ai-agents", "small"])
        #expect(try judge(Self.rules, read, small).verdict == .allow)
        // Without a limit it is nobody's concern.
        #expect(try judge("  - {name: a, then: allow}", write).verdict == .allow)
        // What no rule allows is not held.
        var drop = facts(["write", "drop"])
        drop.unlimitable = "odd"
        let uncovered = try judge(Self.approved, drop)
        #expect(uncovered.verdict == .refuse && uncovered.rule.isEmpty)
    }

    @Test func heldStatementsHaveNoLimit() throws {
        let hold = "  - {name: wait, when: {unfiltered: true}, then: {hold: {approvers: {groups: [x]}, expires: 5m}}}\n"
        var write = facts(["write"], unfiltered: true)
        write.unlimitable = "odd"
        let held = try judge(Self.rules + hold, write)
        #expect(held.verdict == .hold && held.rule == "wait" && held.limits == nil)
        // The larger quorum of both.
        let stricter = try judge(Self.approved + hold, write, excess: (101, 100))
        #expect(stricter.verdict == .hold && stricter.rule == "writes" && stricter.hold?.quorum == 2)
        #expect(try judge(Self.rules + hold, write, excess: (101, 100)).verdict == .refuse)
    }

    /// What such statements change is not in their text.
    @Test(arguments: [("execute", 10), ("opaque", 10), ("cursor", 0)])
    func indirectStatements(_ operation: String, _ expected: UInt64) throws {
        let rules = "  - {name: all, then: allow}\n  - {name: b, when: {operation: [write]}, limits: {max_rows: 10}}"
        #expect(try judge(rules, facts([operation])).limits?.maxRows ?? 0 == expected)
    }
}
