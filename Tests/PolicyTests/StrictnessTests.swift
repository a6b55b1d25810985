import Contract
import Policy
import Testing

/// Over many made-up commands and rules: what a rule that only tightens can do, and what knowing less can do.
@Suite struct StrictnessTests {
    /// Numbers that are the same in every run (Marsaglia's xorshift64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private static let conditions = [
        "{operation: [read]}", "{operation: [write, drop]}", "{tables: [users]}", "{tables_written: [\"scratch.*\"]}",
        "{columns_compared: [email]}", "{columns_written: [\"*.note\"]}", "{views: [\"*\"]}", "{resolved: true}",
        "{unfiltered: true}", "{not: {tables: [users, orders]}}", "{not: {operation: [read]}}",
        "{any: [{operation: [drop]}, {unfiltered: true}]}", "{time: {hours: \"09:00-17:00\"}}",
        "{source: [10.0.0.0/8]}", "{estimated_rows: {over: 10}}", "{not: {estimated_rows: {over: 10}}}",
        "{not: {source: [10.0.0.0/8]}}",
    ]
    private static let hold = "{hold: {approvers: {groups: [dba]}, expires: 5m}}"

    private static func facts(_ numbers: inout Numbers) -> Facts {
        func some(_ values: [String]) -> [String] { values.filter { _ in Bool.random(using: &numbers) } }
        var facts = PolicyTests.facts(
            some(["read", "write", "drop", "call", "transaction"]), read: some(["users", "public.orders"]),
            written: some(["orders", "scratch.x"]), unfiltered: .random(using: &numbers))
        facts.resolved = .random(using: &numbers)
        facts.columnsCompared = some(["public.users.email", "id"])
        facts.columnsWritten = some(["public.orders.note", "orders.*"])
        facts.views = facts.resolved ? some(["public.v"]) : []
        facts.unlimitable = Int.random(in: 0..<8, using: &numbers) == 0 ? "odd" : ""
        return facts
    }

    private static func judge(_ rules: [String], _ facts: Facts, known: Bool, excess: Bool) throws -> Judgement {
        var who = principal()
        who.sourceAddress = known ? "10.0.0.1:5" : ""
        return try PolicyTests.judge(
            rules.enumerated().map { "  - {name: r\($0.offset), \($0.element)}" }.joined(separator: "\n"), facts, who,
            time: known ? 1_769_774_400 : nil, rows: known ? 5 : nil, estimateFailed: !known,
            excess: excess ? (11, 10) : nil)
    }

    private static func strictness(_ verdict: Verdict) -> Int {
        switch verdict {
        case .allow: 0
        case .hold: 1
        case .refuse, .unspecified, .UNRECOGNIZED: 2
        }
    }

    /// A rule that refuses, holds, masks or limits beside others never lets more through, at any place; and never does
    /// knowing neither time nor address nor rows.
    @Test(arguments: 1...8) func tighteningNeverLoosens(_ seed: UInt64) throws {
        var numbers = Numbers(state: seed &* 0x9E37_79B9_7F4A_7C15)
        func condition() -> String {
            Self.conditions[Int.random(in: 0..<Self.conditions.count, using: &numbers)]
        }
        for _ in 0..<60 {
            var rules = ["then: allow, when: {operation: [read, write, drop, call]}"]
            for _ in 0..<3 {
                let outcomes = ["then: allow", "then: refuse", "then: \(Self.hold)", "limits: {max_rows: 10}"]
                rules.append("when: \(condition()), \(outcomes[Int.random(in: 0..<4, using: &numbers)])")
            }
            let facts = Self.facts(&numbers)
            let excess = Bool.random(using: &numbers)
            let before = try Self.judge(rules, facts, known: true, excess: excess)
            for more in ["then: refuse", "limits: {max_rows: 5}", "mask: [{columns: [email], style: null}]"] {
                let place = Int.random(in: 0...rules.count, using: &numbers)
                let added = rules[..<place] + ["when: \(condition()), \(more)"] + rules[place...]
                let after = try Self.judge(Array(added), facts, known: true, excess: excess)
                #expect(Self.strictness(after.verdict) >= Self.strictness(before.verdict), "\(added) \(facts)")
                guard after.verdict == .allow, let limit = before.limits?.maxRows else { continue }
                #expect((after.limits?.maxRows ?? .max) <= limit)
            }
            let unknowing = try Self.judge(rules, facts, known: false, excess: excess)
            #expect(Self.strictness(unknowing.verdict) >= Self.strictness(before.verdict), "\(rules) \(facts)")
        }
    }
}
