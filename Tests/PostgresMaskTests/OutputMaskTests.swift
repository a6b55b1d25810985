import Contract
import Masking
import PostgresMask
import Testing

/// Masks by place, whatever a column's origin: through views, subqueries, CTEs.
@Suite struct OutputMaskTests {
    private func outputs(_ masks: [(UInt32, MaskStyle)], in plan: MaskPlan = MaskPlan()) -> MaskPlan {
        var plan = plan
        plan.outputs = masks.map { index, style in
            var mask = OutputMask()
            mask.index = index
            mask.style = style
            mask.rule = "r"
            return mask
        }
        return plan
    }

    private func row(_ plan: MaskPlan, _ columns: [ResultColumn], _ values: [String?]) throws -> [String?] {
        let (_, payload) = try mask(batch(plan, columns), Wire.row(values.map { $0.map { Array($0.utf8) } }))
        let message = try #require(Wire.parse(payload).first)
        return Wire.fields(message.body).map { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    private let mail = column("mail", origin: ("public", "people", "mail"))
    private let id = column("id", type: 23, origin: ("public", "people", "id"))

    @Test(
        arguments: [
            (MaskStyle.partial, "b***@example.com"), (.redact, "[redacted]"), (.null, nil),
        ] as [(MaskStyle, String?)])
    func masksByPlaceWhateverTheOrigin(style: MaskStyle, expected: String?) throws {
        let masked = try row(outputs([(1, style)]), [id, mail], ["7", "bob@example.com"])
        #expect(masked == ["7", expected])
    }

    @Test func computedColumnsToo() throws {
        #expect(try row(outputs([(0, .redact)]), [column("lower")], ["bob@example.com"]) == ["[redacted]"])
    }

    @Test func numbersBecomeNull() throws {
        #expect(try row(outputs([(0, .redact)]), [id, mail], ["7", "x"]) == [nil, "x"])
    }

    @Test func theStrictestOfAllCounts() throws {
        let pattern = plan(columns: [("people.mail", .redact)])
        #expect(try row(outputs([(0, .partial)], in: pattern), [mail], ["bob@example.com"]) == ["[redacted]"])
        #expect(try row(outputs([(0, .null)], in: pattern), [mail], ["bob@example.com"]) == [nil])
        #expect(try row(outputs([(0, .partial), (0, .redact)]), [mail], ["bob@example.com"]) == ["[redacted]"])
        var computed = outputs([(0, .partial)])
        computed.computedOutputs = [0]
        #expect(try row(computed, [column("lower")], ["bob@example.com"]) == ["[redacted]"])
    }

    @Test func allOutputsMaskEveryColumn() throws {
        var plan = MaskPlan()
        plan.allOutputs = true
        #expect(try row(plan, [id, mail, column("lower")], ["7", "x", "y"]) == [nil, "[redacted]", "[redacted]"])
        #expect(try row(outputs([(1, .null)], in: plan), [id, mail], ["7", "x"]) == [nil, nil])
    }

    @Test func aPlaceBeyondTheColumnsMasksAllOfThem() throws {
        #expect(try row(outputs([(5, .partial)]), [id, mail], ["7", "x"]) == [nil, "[redacted]"])
    }

    @Test func unknownColumnsAreWithheld() throws {
        var all = MaskPlan()
        all.allOutputs = true
        for plan in [outputs([(0, .partial)]), all] {
            let (_, payload) = try mask(batch(plan), Wire.row([Array("x".utf8), Array("y".utf8)]))
            #expect(Wire.fields(try #require(Wire.parse(payload).first).body) == [nil, nil])
        }
    }

    @Test func copyOfAQueryAndOfATable() throws {
        let untyped = ResultColumn()
        var all = MaskPlan()
        all.allOutputs = true
        for columns in [[untyped, untyped], [id, mail]] {
            let first = columns[0].type == 0 ? "[redacted]" : "\\N"
            let placed = try mask(
                batch(outputs([(1, .redact)]), columns, copy: "text", last: true), Wire.copy("7\tb@c.de\n"))
            #expect(String(decoding: placed.payload.dropFirst(5), as: UTF8.self) == "7\t[redacted]\n")
            let whole = try mask(batch(all, columns, copy: "text", last: true), Wire.copy("7\tb@c.de\n"))
            #expect(String(decoding: whole.payload.dropFirst(5), as: UTF8.self) == "\(first)\t[redacted]\n")
        }
    }

    @Test func aFindingIsCountedAsAnOutput() throws {
        let (reply, _) = try mask(batch(outputs([(0, .redact)]), [mail]), Wire.row([Array("x".utf8)]))
        #expect(reply.counts.map(\.entity) == ["output"])
    }
}
