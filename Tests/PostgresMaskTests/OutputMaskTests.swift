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

    // MARK: NULL

    private func computed(_ masks: [(UInt32, MaskStyle)], in plan: MaskPlan = MaskPlan()) -> MaskPlan {
        var plan = outputs(masks, in: plan)
        for index in plan.outputs.indices { plan.outputs[index].computed = true }
        return plan
    }

    @Test(arguments: [MaskStyle.redact, .hash, .tokenize, .shift, .bucket, .partial, .null])
    func nullOfAComputedOutputLooksLikeAValue(style: MaskStyle) throws {
        let columns = [id, mail, column("n", type: 23), column("j", type: 3802, format: 1), column("a", type: 1009)]
        let plan = computed([(1, style), (2, style), (3, style), (4, style)])
        let values = try row(plan, columns, ["7", "x", "8", "\u{1}{}", "{}"])
        #expect(try row(plan, columns, ["7", nil, nil, nil, nil]) == values)
        let (text, document) = style == .null ? (nil, nil) : ("[redacted]", "\u{1}\"[redacted]\"")
        #expect(values == ["7", text, nil, document, nil])
    }

    @Test func nullOfAColumnItselfStays() throws {
        let pattern = plan(columns: [("people.mail", .redact)])
        #expect(try row(pattern, [mail], [nil]) == [nil])
        #expect(try row(outputs([(0, .redact)]), [mail], [nil]) == [nil])
        #expect(try row(outputs([(0, .redact)], in: pattern), [column("mail")], [nil]) == [nil])
        // The same rule by name and by place.
        #expect(try row(computed([(0, .redact)], in: pattern), [mail], [nil]) == ["[redacted]"])
    }

    @Test func nullOfUnknownOutputsIsMasked() throws {
        var some = MaskPlan()
        some.computedOutputs = [1]
        var computed = MaskPlan()
        computed.allComputed = true
        var all = MaskPlan()
        all.allOutputs = true
        let lower = column("lower")
        #expect(try row(some, [lower, lower, id], [nil, nil, nil]) == [nil, "[redacted]", nil])
        #expect(try row(computed, [mail, lower], [nil, nil]) == [nil, "[redacted]"])
        var table = mail
        table.originIsTable = true
        #expect(try row(all, [mail, lower, table], [nil, nil, nil]) == ["[redacted]", "[redacted]", nil])
    }

    @Test func nullInCopyLooksLikeAValue() throws {
        let untyped = ResultColumn()
        let plan = computed([(1, .redact)])
        func copied(_ columns: [ResultColumn], _ format: String, _ data: [UInt8]) throws -> [UInt8] {
            let shape = batch(plan, columns, copy: format, last: true)
            return Array(try mask(shape, Wire.message("d", data)).payload.dropFirst(5))
        }
        for columns in [[untyped, untyped], [column("a"), column("b")]] {
            #expect(try copied(columns, "text", Array("x\t\\N\n".utf8)) == Array("x\t[redacted]\n".utf8))
            #expect(try copied(columns, "text", Array("\\N\ty\n".utf8)) == Array("\\N\t[redacted]\n".utf8))
            #expect(try copied(columns, "csv", Array("x,\n".utf8)) == Array("x,\"[redacted]\"\n".utf8))
            #expect(try copied(columns, "csv", Array(",y\n".utf8)) == Array(",\"[redacted]\"\n".utf8))
        }
        let numbers = [column("a", type: 23), column("b", type: 23)]
        #expect(try copied(numbers, "csv", Array("1,\n".utf8)) == copied(numbers, "csv", Array("1,2\n".utf8)))
        var start = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0]
        start += Wire.int32(0) + Wire.int32(0)
        func binary(_ last: [UInt8]?) -> [UInt8] {
            start + Wire.int16(2) + Wire.int32(1) + [0x78] + (last.map { Wire.int32($0.count) + $0 } ?? Wire.int32(-1))
        }
        func binaryColumns(_ type: UInt32) -> [ResultColumn] {
            [column("a", type: type, format: 1), column("b", type: type, format: 1)]
        }
        #expect(try copied(binaryColumns(25), "binary", binary(nil)) == binary(Array("[redacted]".utf8)))
        for type in [25, 0, 23] as [UInt32] {
            let columns = binaryColumns(type)
            #expect(
                try copied(columns, "binary", binary(nil)) == copied(columns, "binary", binary([0, 0, 0, 1])), "\(type)"
            )
        }
    }

    @Test func aNullCutBetweenMessagesIsMasked() throws {
        let untyped = ResultColumn()
        let shape = batch(computed([(1, .redact)]), [untyped, untyped], copy: "text", last: true)
        for cut in 0..<5 {
            let data = Array("x\t\\N\n".utf8)
            let parts = Wire.message("d", Array(data[..<cut])) + Wire.message("d", Array(data[cut...]))
            let rows = Wire.parse(try mask(shape, parts).payload).flatMap(\.body)
            #expect(String(decoding: rows, as: UTF8.self) == "x\t[redacted]\n", "\(cut)")
        }
    }

    @Test func lengthsBelowNullAreMalformed() {
        let body = Wire.int16(1) + Wire.int32(-2)
        for plan in [computed([(0, .redact)]), outputs([(0, .redact)])] {
            #expect(throws: MaskError.self) { try mask(batch(plan, [mail]), Wire.message("D", body)) }
        }
    }

    @Test func aFindingIsCountedAsAnOutput() throws {
        let (reply, _) = try mask(batch(outputs([(0, .redact)]), [mail]), Wire.row([Array("x".utf8)]))
        #expect(reply.counts.map(\.entity) == ["output"])
    }
}
