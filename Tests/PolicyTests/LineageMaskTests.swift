import Contract
import Policy
import Testing

/// Mask plans from the columns that outputs carry.
@Suite struct LineageMaskTests {
    private static let rules = """
        rules:
          - {name: a, then: allow}
          - name: personal
            mask:
              - {columns: ["*.email"], style: partial}
              - {columns: [users.phone], style: hash}
              - {columns: ["public.users.ssn"], style: null}
        """

    private func output(
        _ origins: [String], direct: Bool = false, columns: [String] = [], whole: Bool = false, star: Bool = false
    ) -> OutputColumn {
        var output = OutputColumn()
        output.origins = origins
        output.direct = direct
        output.columns = columns
        output.wholeRow = whole
        output.star = star
        return output
    }

    private func plan(_ outputs: [OutputColumn], _ change: (inout Facts) -> Void = { _ in }) throws -> MaskPlan {
        try PolicySet.parse(Self.rules, file: "p").decide(
            facts: facts(["read"]).resolvedWith {
                $0.outputs = outputs
                change(&$0)
            }, principal: principal(), resource: "orders", purpose: .execution
        ).mask
    }

    @Test(arguments: [
        (["public.users.email"], true, MaskStyle.partial), (["public.users.email"], false, .redact),
        (["public.users.phone"], true, .hash), (["public.users.ssn"], true, .null),
        (["public.users.ssn"], false, .redact), (["other.users.ssn"], true, nil), (["public.users.id"], true, nil),
        (["public.users.id", "public.users.phone"], false, .redact), (["tmp.email"], true, .partial),
        (["public.users.*"], false, .redact),
    ])
    func outputsByOrigin(_ origins: [String], _ direct: Bool, _ style: MaskStyle?) throws {
        let plan = try plan([output(["public.orders.id"], direct: true), output(origins, direct: direct)])
        #expect(plan.outputs.map(\.index) == (style == nil ? [] : [1]))
        #expect(plan.outputs.map(\.style) == [style].compactMap { $0 })
        #expect(plan.outputs.allSatisfy { $0.rule == "personal" && $0.computed == !direct && !$0.unlessTable })
        #expect(plan.columns.count == 3)
        #expect(plan.computedOutputs.isEmpty && !plan.allComputed && !plan.allOutputs)
    }

    /// A column that is only called like a masked one carries nothing.
    @Test func namesCountOnlyWhereNothingElseIsKnown() throws {
        let named = output([], columns: ["email"])
        #expect(try plan([named]).computedOutputs.isEmpty)
        #expect(try plan([named]) { $0.unresolved = ["tmp"] }.computedOutputs == [0])
        #expect(try plan([named]) { $0.operations = ["call", "read"] }.computedOutputs == [0])
        #expect(try plan([output(["public.users.email"], columns: ["email"])]) { $0.resolved = false }.outputs.isEmpty)
    }

    @Test func unknownOutputs() throws {
        let unknown = try plan([]) { $0.outputsKnown = false }
        #expect(unknown.allComputed && !unknown.allOutputs)
        for change: (inout Facts) -> Void in [{ $0.views = ["public.v"] }, { $0.unresolved = ["t"] }] {
            let plan = try plan([]) {
                $0.outputsKnown = false
                change(&$0)
            }
            #expect(plan.allComputed && plan.allOutputs)
        }
        let unresolved = try plan([]) {
            $0.outputsKnown = false
            $0.unresolved = ["t"]
            $0.resolved = false
        }
        #expect(unresolved.allComputed && !unresolved.allOutputs)
    }

    /// What may carry anything is masked, whatever else it carries.
    @Test func anythingIsMasked() throws {
        let plan = try plan([output(["public.orders.id"], whole: true), output(["public.orders.id"])])
        #expect(plan.outputs.map(\.index) == [0] && plan.outputs.map(\.style) == [.redact])
        #expect(plan.outputs.allSatisfy { $0.computed && !$0.unlessTable })
        let doubtful = try self.plan([output(["tmp.a"], direct: true)]) { $0.unresolved = ["tmp"] }
        #expect(doubtful.outputs.map(\.unlessTable) == [true] && doubtful.outputs.map(\.computed) == [true])
    }

    /// Behind a star that stayed one, positions are not known.
    @Test func starsThatStay() throws {
        let plan = try plan([output([], star: true), output(["public.users.email"], direct: true)]) {
            $0.unresolved = ["t"]
        }
        #expect(plan.allOutputs && plan.outputs.isEmpty)
    }
}
