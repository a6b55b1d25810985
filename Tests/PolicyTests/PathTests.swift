import Contract
import Policy
import Testing

/// Masks of places within values.
@Suite struct PathTests {
    private func rules(_ masks: [String]) -> String {
        "  - {name: all, then: allow}\n  - {name: personal, mask: [\(masks.joined(separator: ", "))]}\n"
    }

    private static let payload = "{columns: [events.payload], paths: [$.user.email, $..ssn], style: partial}"

    @Test func travelInThePlan() throws {
        let judgement = try judge(rules([Self.payload, "{columns: [events.other], style: hash}"]), facts(["read"]))
        #expect(judgement.mask.columns.map(\.paths) == [[], ["$.user.email", "$..ssn"]])
        #expect(judgement.mask.lines.contains("column events.payload $.user.email $..ssn → partial"))
    }

    @Test(arguments: [
        ("{columns: [a], paths: [user.email], style: hash}", "3:52: “user.email”: a path begins with $"),
        ("{columns: [a], paths: [], style: hash}", "the list is empty"),
        ("{columns: [a], paths: , style: hash}", "“paths” is empty"),
        ("{detect: [email], paths: [$.a], style: hash}", "“paths” is for masks of columns"),
        ("{columns: [x], paths: [$.a], style: drop}", "“drop” takes whole columns away"),
        (
            "{columns: [a], paths: ['$', '$.a[0]'], style: hash}",
            "“$”: names the whole value: leave “paths” out (and 1 more"
        ),
        (
            "{columns: [a], paths: [\(Array(repeating: "$.a", count: 65).joined(separator: ", "))], style: hash}",
            "1 to 64"
        ),
        (
            "{columns: [a], paths: [\(Array(repeating: "$.a.b.c.d.e.f.g.h.i", count: 57).joined(separator: ", "))], style: hash}",
            "the paths have 513 steps together, and 512 is the most"
        ),
    ])
    func mistakes(_ mask: String, _ message: String) throws {
        let text = "rules:\n" + rules([mask])
        let error = #expect(throws: (any Error).self) { try PolicySet.parse(text, file: "p") }
        #expect("\(try #require(error))".contains(message), "\(error.map { "\($0)" } ?? "")")
    }

    /// The value itself is masked at its paths; what is computed from it as a whole.
    @Test(arguments: [(true, "1 $.user.email $..ssn partial"), (false, "1 redact")])
    func outputs(_ direct: Bool, _ words: String) throws {
        var output = OutputColumn()
        output.origins = ["public.events.payload"]
        output.direct = direct
        let judgement = try judge(rules([Self.payload]), facts(["read"]).resolvedWith { $0.outputs = [output] })
        #expect(judgement.mask.outputs.map { "\($0.placeWords) \($0.styleWords)" } == [words])
        #expect(judgement.mask.outputs.map(\.computed) == [!direct])
    }

    /// One that hides everything at its path does not stand for one of the whole.
    @Test func outputsHaveEveryMask() throws {
        var output = OutputColumn()
        output.origins = ["public.events.payload"]
        output.direct = true
        let masks = [
            "{columns: [events.payload], paths: [$.a], style: redact, on_failure: refuse}",
            "{columns: [events.payload], paths: [$.b], style: redact}",
            "{columns: [events.payload], style: hash, on_failure: refuse}",
        ]
        let judgement = try judge(rules(masks), facts(["read"]).resolvedWith { $0.outputs = [output] })
        #expect(judgement.mask.outputs.map(\.paths) == [["$.a"], ["$.b"], []])
        #expect(judgement.mask.outputs.map(\.refuseOnFailure) == [true, false, false])
    }

    /// A copy shows no more: the same paths or wider ones of the value itself, or a mask of all that shows nothing of a part.
    @Test(arguments: [
        ("paths: [$.user.email, $..ssn], style: partial", true, true),
        ("paths: [$.user.email, $..ssn], style: partial", false, false),
        ("paths: [$.user, $..ssn, $.x], style: redact", true, true),
        ("paths: [$.user.email], style: partial", true, false),
        ("paths: [$.user.name, $..ssn], style: partial", true, false),
        ("paths: [$.user.email, $.ssn], style: partial", true, false), ("style: redact", false, true),
        ("style: null", false, true), ("style: hash", true, true), ("style: tokenize", true, false),
        ("style: partial", true, false),
    ])
    func copies(_ target: String, _ isDirect: Bool, _ expected: Bool) throws {
        var flow = flow(["public.events.payload"], to: "public.archive.doc")
        flow.direct = isDirect
        let facts = facts(["read", "write"]).resolvedWith { $0.flows = [flow] }
        let text = rules([Self.payload, "{columns: [archive.doc], \(target)}"])
        #expect((try judge(text, facts).verdict == .allow) == expected)
        flow.anything = true
        #expect(
            try judge(text, facts.resolvedWith { $0.flows = [flow] }).verdict
                == (["style: redact", "style: null"].contains(target) ? .allow : .refuse))
    }

    /// Two masks may cover a copy's paths together.
    @Test func copiesMayHaveSeveralMasks() throws {
        var flow = flow(["public.events.payload"], to: "public.archive.doc")
        flow.direct = true
        let facts = facts(["read", "write"]).resolvedWith { $0.flows = [flow] }
        let masks = [
            "{columns: [archive.doc], paths: [$.user], style: hash}",
            "{columns: [archive.doc], paths: [$..ssn], style: null}",
        ]
        #expect(try judge(rules([Self.payload] + masks), facts).verdict == .allow)
        #expect(try judge(rules([Self.payload] + masks.dropLast()), facts).verdict == .refuse)
    }

    /// A whole mask's column is not copied to where paths alone are masked.
    @Test func pathsAreNoMaskOfAll() throws {
        var flow = flow(["public.events.other"], to: "public.events.payload")
        flow.direct = true
        let facts = facts(["read", "write"]).resolvedWith { $0.flows = [flow] }
        let judgement = try judge(rules([Self.payload, "{columns: [events.other], style: partial}"]), facts)
        #expect(judgement.reason.contains("it would copy masked column public.events.other"))
    }

    /// What is computed from a value, into its own column too, may have moved what is masked.
    @Test(arguments: [
        (["public.events.payload"], "public.events.payload", false, false),
        (["public.events.payload"], "public.events.payload", true, true), ([], "public.events.payload", false, true),
        (["public.events.id"], "public.events.payload", false, true),
        (["public.events.*"], "public.events.payload", false, false), (["payload"], "events.payload", false, false),
        (["events.payload"], "public.events.payload", false, false),
        (["public.other.payload"], "public.events.payload", false, true),
    ])
    func rewriting(_ sources: [String], _ target: String, _ isDirect: Bool, _ expected: Bool) throws {
        let facts = facts(["read", "write"]).resolvedWith {
            $0.columnsRead = sources
            $0.columnsWritten = [target]
            $0.flows = [flow(sources, to: target, direct: isDirect)]
        }
        let judgement = try judge(rules([Self.payload]), facts)
        #expect((judgement.verdict == .allow) == expected)
        #expect(
            try judge(rules([Self.payload, "{columns: [events.payload], style: redact}"]), facts).verdict == .allow)
    }

    @Test func inferenceIsRefusedAsOfAnyMask() throws {
        let facts = facts(["read"]).resolvedWith { $0.columnsCompared = ["public.events.payload"] }
        let mask = "{columns: [events.payload], paths: [$.a], style: partial, inference: refuse}"
        #expect(try judge(rules([mask]), facts).verdict == .refuse)
        #expect(try judge(rules([Self.payload]), facts).verdict == .allow)
    }
}
