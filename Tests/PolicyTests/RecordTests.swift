import Contract
import Policy
import StrictYAML
import Testing

/// How much of a command is recorded.
@Suite struct RecordTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rules: [String]
        let facts: Facts
        let level: RecordingLevel
        let rule: String

        init(_ rules: [String], _ facts: Facts, _ level: RecordingLevel, _ rule: String = "") {
            (self.rules, self.facts, self.level, self.rule) = (rules, facts, level, rule)
        }

        var testDescription: String { rules.joined(separator: " ") + " " + facts.operations.joined(separator: ",") }
    }

    private static let anything = "{name: all, then: allow}"
    private static let quiet = "{name: quiet, record: metadata}"
    private static let loud = "{name: loud, when: {operation: [write]}, record: full}"
    private static let reads = "{name: reads, when: {operation: [read]}, then: allow, record: metadata}"
    private static let writes = "{name: writes, when: {operation: [write]}, then: allow, record: commands}"
    private static let salaries = "{name: salaries, when: {tables: [salaries]}, record: commands}"

    @Test(arguments: [
        Case([anything], facts(["read"]), .full),
        Case([anything, quiet], facts(["read"]), .metadata, "quiet"),
        Case(["{name: all, then: allow, record: commands}"], facts(["read"]), .commands, "all"),
        // Of several the fullest, in whatever order.
        Case([anything, quiet, loud], facts(["write"]), .full, "loud"),
        Case([loud, quiet, anything], facts(["write"]), .full, "loud"),
        Case([anything, quiet, loud], facts(["read"]), .metadata, "quiet"),
        Case([anything, quiet, salaries], facts(["read"], read: ["public.salaries"]), .commands, "salaries"),
        // One that keeps more counts as soon as a part may be meant.
        Case([anything, quiet, loud], facts(["read", "write"]), .full, "loud"),
        Case([reads, writes], facts(["read", "write"]), .commands, "writes"),
        // One that keeps less must surely mean all of it.
        Case([anything, reads], facts(["read"]), .metadata, "reads"),
        Case([anything, reads], facts(["read", "write"]), .full),
        Case([anything, salaries], facts(["read"], read: ["public.salaries"]), .commands, "salaries"),
        Case([anything, salaries], facts(["read"], read: ["public.salaries", "public.orders"]), .full),
        Case([anything, salaries], facts(["read"], read: ["other.salaries"]), .full),
        Case([anything, salaries], facts(["drop"]), .full),
        // What accompanies a statement tells nothing more of it; alone it is meant by name, or by a rule for everything.
        Case([anything, reads], facts(["read", "transaction", "prepare", "session.safe"]), .metadata, "reads"),
        Case([anything, reads], facts(["transaction"]), .full),
        Case([anything, quiet], facts(["transaction"]), .metadata, "quiet"),
        // What is not in the text is meant by no table.
        Case([anything, salaries], facts(["cursor"]), .full),
        Case([anything, reads], facts(["read", "cursor"]), .full),
        Case([anything, salaries], facts(["read", "call"], read: ["public.salaries"]), .full),
        Case(
            [anything, "{name: calls, when: {operation: [read, call]}, record: commands}"], facts(["read", "call"]),
            .commands, "calls"),
        // An empty text.
        Case([anything, quiet], facts([]), .metadata, "quiet"),
        // Rules about others.
        Case([anything, "{name: x, who: {groups: [other]}, record: metadata}"], facts(["read"]), .full),
        Case([anything, "{name: x, on: [other], record: metadata}"], facts(["read"]), .full),
    ])
    func levels(_ test: Case) throws {
        let judgement = try judge(test.rules.map { "  - \($0)\n" }.joined(), test.facts)
        #expect(judgement.verdict == .allow)
        #expect(judgement.recording == test.level && judgement.recordingRule == test.rule)
    }

    private func rules(_ rules: String...) -> String { rules.map { "  - \($0)\n" }.joined() }

    @Test func whatIsNotLetThroughIsRecordedInFull() throws {
        let quiet = Self.quiet
        let refusing = rules(Self.anything, quiet, "{name: no, when: {operation: [drop]}, then: refuse}")
        #expect(try judge(refusing, facts(["drop"])).recording == .full)
        #expect(try judge(rules(Self.reads), facts(["write"])).recording == .full)
        var opaque = facts(["opaque"])
        opaque.opaque = true
        #expect(try judge(rules(Self.anything, quiet), opaque).recording == .full)
        var revealing = facts(["reveal"])
        revealing.functions = [Facts.revealFunction]
        let reveals = rules("{name: r, when: {operation: [reveal]}, then: allow, record: metadata}")
        #expect(try judge(reveals, revealing).verdict == .allow)
        #expect(try judge(reveals, revealing).recording == .full)
    }

    @Test func whatIsHeldIsRecordedAsItsRuleSays() throws {
        let holding = rules(
            "{name: h, when: {operation: [drop]}, then: {hold: {approvers: {groups: [dba]}, expires: 5m}}, record: metadata}"
        )
        let judgement = try judge(holding, facts(["drop"]))
        #expect(judgement.verdict == .hold && judgement.recording == .metadata && judgement.recordingRule == "h")
    }

    /// Whether a rule that asks for an estimate is meant is not known before there is one.
    @Test func anEstimateThatIsOpenHasNothingLessRecorded() throws {
        let small = rules(
            Self.anything, "{name: small, when: {not: {estimated_rows: {over: 10}}}, record: metadata}")
        let open = try judge(small, facts(["read"]))
        #expect(open.wantsEstimate && open.recording == .full)
        #expect(try judge(small, facts(["read"]), rows: 5).recording == .metadata)
        #expect(try judge(small, facts(["read"]), rows: 50).recording == .full)
        #expect(try judge(small, facts(["read"]), estimateFailed: true).recording == .full)
        let large = rules(Self.anything, Self.quiet, "{name: large, when: {estimated_rows: {over: 10}}, record: full}")
        #expect(try judge(large, facts(["read"])).recording == .full)
        #expect(try judge(large, facts(["read"]), rows: 5).recording == .metadata)
    }

    @Test func theLeastIsToldWhateverTheCommand() throws {
        let policy = rules(Self.anything, Self.salaries, "{name: x, who: {groups: [other]}, record: metadata}")
        #expect(try judge(policy, facts(["read"])).leastRecording == .commands)
        #expect(try judge(policy, facts(["read"]), principal(groups: ["other"])).leastRecording == .metadata)
        #expect(try judge(rules(Self.anything, Self.loud), facts(["read"])).leastRecording == .full)
        let opened = try PolicySet.parse("rules:\n" + policy, file: "policy.yaml").decide(
            facts: Facts(), principal: principal(), resource: "orders", purpose: .session)
        #expect(opened.verdict == .allow && opened.leastRecording == .commands && opened.recording == .full)
    }

    @Test(arguments: [
        ("{name: x, then: refuse, record: metadata}", "refusals are recorded in full"),
        ("{name: x, record: nothing}", "metadata"),
        ("{name: x, record: }", "record"),
        ("{name: x, when: {columns: [ssn]}, record: commands}", "columns"),
        ("{name: x, when: {operation: [read]}}", "“record”"),
    ])
    func mistakes(_ rule: String, _ says: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try PolicySet.parse("rules:\n  - \(rule)\n", file: "policy.yaml")
        }
        #expect(error.map { "\($0)".contains(says) } ?? false, "\(String(describing: error))")
    }

    @Test func explained() throws {
        let policy = try PolicySet.parse("rules:\n" + rules(Self.anything, Self.salaries), file: "policy.yaml")
        func explain(_ facts: Facts) -> Explanation {
            policy.explain(facts: facts, principal: principal(), resource: "orders")
        }
        let less = explain(facts(["read"], read: ["public.salaries"]))
        #expect(less.text.contains("recorded: commands, by rule “salaries”"))
        #expect(less.text.contains("✓ salaries → record commands"))
        #expect(less.json.contains(#"{"type": "record", "level": "commands", "rule": "salaries"}"#))
        let whole = explain(facts(["read"], read: ["public.salaries", "public.orders"]))
        #expect(!whole.text.contains("recorded:") && !whole.text.contains("✓ salaries"))
    }
}
