import Contract
import Policy
import Testing

@Suite struct StyleTests {
    private func plan(_ styles: [String], detect: [String] = []) throws -> MaskPlan {
        let columns = styles.map { "{columns: [users.email], style: \($0)}" }
        let detectors = detect.map { "{detect: [email], style: \($0)}" }
        let text = "rules: [{name: a, then: allow, mask: [\((columns + detectors).joined(separator: ", "))]}]"
        return try PolicySet.parse(text, file: "p").decide(
            facts: facts(["read"]), principal: principal(), resource: "r", purpose: .execution
        ).mask
    }

    @Test(arguments: [
        ("tokenize", "tokenize"), ("shift", "shift"), ("{shift: {days: 30}}", "shift days=30"),
        ("{partial: {first: 2, last: 4}}", "partial first=2 last=4"), ("partial", "partial"),
        ("{partial: {keep_domain: true}}", "partial keep_domain=true"),
        ("{partial: {first: 1, keep_domain: false}}", "partial first=1"),
        ("{bucket: {width: 10}}", "bucket width=10"), ("{bucket: {width: \"0.250\"}}", "bucket width=0.25"),
        ("{bucket: {width: 0.000000001}}", "bucket width=0.000000001"),
        ("{bucket: {width: 1000000000, unit: month}}", "bucket width=1000000000 unit=month"),
        ("{bucket: {unit: year}}", "bucket unit=year"), ("{bucket: {unit: day}}", "bucket unit=day"),
    ])
    func whatAStyleIsTold(_ style: String, _ words: String) throws {
        let plan = try plan([style], detect: [style])
        #expect(plan.columns.map(\.styleWords) == [words])
        #expect(plan.detectors.map(\.styleWords) == [words])
        #expect(plan.lines.contains("column users.email → \(words)"))
    }

    /// A style that is not there may be one forgotten; the one whose name is YAML's own word is not.
    @Test(arguments: [("null", true), ("\"null\"", true), ("'null'", true), ("~", false), ("", false), ("Null", false)])
    func nullIsWritten(_ style: String, _ isRead: Bool) throws {
        guard isRead else {
            let error = #expect(throws: (any Error).self) { try plan([style]) }
            #expect("\(try #require(error))".contains(style == "Null" ? "“Null”" : "“style” is empty"))
            return
        }
        #expect(try plan([style]).columns.map(\.style) == [.null])
    }

    @Test(arguments: [("", false), (", on_failure: withhold", false), (", on_failure: refuse", true)])
    func whatBecomesOfWhatCannotBeMasked(_ written: String, _ refuses: Bool) throws {
        let plan = try plan(["hash\(written)"], detect: ["redact\(written)"])
        #expect(plan.columns.map(\.refuseOnFailure) == [refuses])
        #expect(plan.detectors.map(\.refuseOnFailure) == [refuses])
        #expect(plan.lines.contains("column users.email → hash" + (refuses ? ", else refused" : "")))
    }

    /// One rule's refusal is not lost to another that masks the same.
    @Test func refusingAndWithholdingMasksStandTogether() throws {
        let plan = try plan(["hash", "hash, on_failure: refuse"], detect: ["redact", "redact, on_failure: refuse"])
        #expect(Set(plan.columns.map(\.refuseOnFailure)) == [true, false])
        #expect(Set(plan.detectors.map(\.refuseOnFailure)) == [true, false])
    }

    /// Strictest first, whatever the order in the file.
    @Test func orderOfStrictness() throws {
        let ordered = [
            "null", "redact", "hash", "tokenize", "shift days=400", "shift", "shift days=30", "bucket unit=year",
            "bucket unit=month", "bucket width=100 unit=day", "bucket width=10 unit=day", "partial last=4",
            "partial first=2 last=4", "partial first=4 last=4", "partial keep_domain=true", "partial",
            "partial first=6 keep_domain=true",
        ]
        let written = ordered.map { words in
            let parts = words.split(separator: " ")
            guard parts.count > 1 else { return words }
            return "{\(parts[0]): {\(parts.dropFirst().map { $0.replacing("=", with: ": ") }.joined(separator: ", "))}}"
        }
        for styles in [written, written.reversed()] {
            #expect(try plan(styles).columns.map(\.styleWords) == ordered)
            #expect(try plan([], detect: styles).detectors.map(\.styleWords) == ordered)
        }
    }

    @Test func oneMaskTwiceCountsOnceButNotWithOtherParameters() throws {
        let styles = ["{partial: {last: 4}}", "{partial: {last: 4}}", "{partial: {last: 2}}", "partial"]
        let plan = try plan(styles, detect: styles)
        #expect(plan.columns.map(\.styleWords) == ["partial last=2", "partial last=4", "partial"])
        #expect(plan.detectors.map(\.styleWords) == ["partial last=2", "partial last=4", "partial"])
    }

    @Test func outputsCarryWhatTheStyleIsTold() throws {
        var facts = facts(["read"])
        facts.resolved = true
        facts.outputs = [output(direct: true), output(direct: false)]
        let text = """
            rules: [{name: a, then: allow, mask: [{columns: [users.email], style: {partial: {last: 4}}}]}]
            """
        let plan = try PolicySet.parse(text, file: "p").decide(
            facts: facts, principal: principal(), resource: "r", purpose: .execution
        ).mask
        #expect(plan.outputs.map(\.styleWords) == ["partial last=4", "redact"])
    }

    /// A column goes where it is one; what is computed from it is redacted.
    @Test func columnsAreDropped() throws {
        let plan = try plan(["null", "drop", "redact"])
        #expect(plan.columns.map(\.styleWords) == ["drop", "null", "redact"])
        #expect(plan.lines.contains("column users.email → drop"))
        var facts = facts(["read"])
        facts.resolved = true
        facts.outputs = [output(direct: true), output(direct: false)]
        let text = "rules: [{name: a, then: allow, mask: [{columns: [users.email], style: drop}]}]"
        let decided = try PolicySet.parse(text, file: "p").decide(
            facts: facts, principal: principal(), resource: "r", purpose: .execution
        ).mask
        #expect(decided.outputs.map(\.styleWords) == ["drop", "redact"])
        #expect(decided.outputs.map(\.computed) == [false, true])
    }

    @Test func onlyColumnsAreDropped() {
        let mistakes = { (mask: String) in
            do {
                _ = try PolicySet.parse("rules:\n  - {name: a, mask: [\(mask)]}", file: "p")
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(
            mistakes("{detect: [email], style: drop}")
                == "p:2:47: “drop” is for masks of columns: a finding has none, use null or redact")
        #expect(mistakes("{columns: [a.b], style: {drop: {}}}").contains("“drop” is told nothing: write style: drop"))
    }

    /// The type of a column decides which style shows less of it.
    @Test(arguments: [
        (["partial", "tokenize"], ["tokenize", "partial", "redact"]),
        (["{bucket: {unit: year}}", "{bucket: {width: 10}}"], ["bucket width=10", "bucket unit=year", "redact"]),
        (["partial", "redact"], ["redact", "redact"]),
    ])
    func outputsCarryEveryStyle(_ styles: [String], _ expected: [String]) throws {
        var facts = facts(["read"])
        facts.resolved = true
        facts.outputs = [output(direct: true), output(direct: false)]
        let masks = styles.map { "{columns: [users.email], style: \($0)}" }.joined(separator: ", ")
        let plan = try PolicySet.parse("rules: [{name: a, then: allow, mask: [\(masks)]}]", file: "p").decide(
            facts: facts, principal: principal(), resource: "r", purpose: .execution
        ).mask
        #expect(plan.outputs.map(\.styleWords) == expected)
    }

    private func output(direct: Bool) -> OutputColumn {
        var output = OutputColumn()
        output.origins = ["public.users.email"]
        output.direct = direct
        return output
    }

    /// A copy of a masked column goes where nothing is shown that its own mask does not show.
    @Test(arguments: [
        ("{partial: {last: 4}}", "{partial: {last: 4}}", true), ("{partial: {last: 4}}", "{partial: {last: 2}}", true),
        ("{partial: {last: 2}}", "{partial: {last: 4}}", false), ("{partial: {last: 4}}", "tokenize", false),
        ("tokenize", "partial", false), ("{shift: {days: 30}}", "shift", false),
        ("shift", "{shift: {days: 30}}", false), ("shift", "shift", true),
        ("{bucket: {unit: year}}", "{shift: {days: 1}}", false), ("tokenize", "tokenize", true),
        ("{partial: {first: 8}}", "{partial: {last: 8}}", false), ("partial", "partial", true),
        ("{partial: {first: 1}}", "partial", false), ("partial", "{partial: {first: 1}}", false),
        ("{partial: {first: 2}}", "hash", true), ("hash", "redact", true), ("redact", "hash", false),
        ("{bucket: {width: 10}}", "{bucket: {width: 11}}", false), ("{bucket: {unit: day}}", "null", true),
        ("{bucket: {unit: month}}", "{bucket: {unit: year}}", true),
        ("{bucket: {unit: year}}", "{bucket: {unit: month}}", false),
        ("{bucket: {width: 10}}", "{bucket: {width: 100}}", true),
        ("{bucket: {width: 10}}", "{bucket: {unit: year}}", false),
        ("{bucket: {width: 10, unit: month}}", "{bucket: {width: 100, unit: year}}", true),
        ("{bucket: {width: 10, unit: year}}", "{bucket: {width: 100, unit: month}}", false),
        ("drop", "drop", true), ("drop", "null", true), ("drop", "redact", false), ("redact", "drop", true),
    ])
    func copiesOfMaskedColumns(_ source: String, _ target: String, _ isAllowed: Bool) throws {
        var facts = facts(["write"], written: ["archive"])
        var flow = Flow()
        flow.target = "public.archive.email"
        flow.sources = ["public.users.email"]
        flow.direct = true
        facts.flows = [flow]
        let text = """
            rules:
              - {name: a, then: allow}
              - name: masks
                mask: [{columns: [users.email], style: \(source)}, {columns: [archive.email], style: \(target)}]
            """
        let decision = try PolicySet.parse(text, file: "p").decide(
            facts: facts, principal: principal(), resource: "r", purpose: .execution)
        #expect((decision.verdict == .allow) == isAllowed)
        // What is computed goes only where nothing at all is shown.
        facts.flows[0].direct = false
        let computed = try PolicySet.parse(text, file: "p").decide(
            facts: facts, principal: principal(), resource: "r", purpose: .execution)
        let hidesAll = ["redact", "null", "drop"].contains(target)
        #expect((computed.verdict == .allow) == (isAllowed && hidesAll))
    }
}
