import Contract
import Masking
import PostgresMask
import Testing

@Suite struct CopyTests {
    private let columns = [column("id", type: 23), column("email"), column("note")]
    private let rules = plan(columns: [("*.email", .partial)], detect: ["credit_card"])

    /// The copy's data, whole, from messages that each hold one whole row.
    private func run(_ batches: [(MaskBatch, [UInt8])]) throws -> (rows: [[UInt8]], count: UInt64) {
        let masker = PostgresMasker(hashKey: key)
        var rows: [[UInt8]] = []
        var count: UInt64 = 0
        var tail: MaskReply?
        for (batch, payload) in batches {
            var batch = batch
            if let tail { batch.tail = tail.tail }
            let reply = try mask(batch, payload, with: masker)
            tail = reply.reply
            count += reply.reply.rows
            for message in Wire.parse(reply.payload) {
                #expect(message.type == "d")
                rows.append(message.body)
            }
        }
        #expect(tail?.tail.isEmpty == true)
        return (rows, count)
    }

    private func everySplit(
        _ shape: MaskBatch, _ data: [UInt8], cuts: Range<Int>? = nil, expect expected: [[UInt8]], rows: UInt64
    ) throws {
        var last = shape
        last.last = true
        for cut in cuts ?? 0..<data.count + 1 {
            let parts = (Wire.message("d", Array(data[..<cut])), Wire.message("d", Array(data[cut...])))
            let oneBatch = try run([(last, parts.0 + parts.1)])
            #expect(oneBatch.rows == expected && oneBatch.count == rows, "cut at \(cut)")
            let twoBatches = try run([(shape, parts.0), (last, parts.1)])
            #expect(twoBatches.rows == expected && twoBatches.count == rows, "cut at \(cut)")
        }
        guard cuts?.contains(0) ?? true else { return }
        let bytewise = try run(data.map { (shape, Wire.message("d", [$0])) } + [(last, [])])
        #expect(bytewise.rows == expected && bytewise.count == rows)
    }

    @Test func textSplitAtEveryByte() throws {
        let data = "1\tbob@b.co\tcard\\t4111111111111111\n2\t\\N\tplain \\\\ text\n\\N\tx\\ny\t\\x41\n\\.\n"
        let expected = [
            "1\tb***@b.co\tcard\\t[redacted:credit_card]\n", "2\t\\N\tplain \\\\ text\n", "\\N\t**\t\\x41\n", "\\.\n",
        ]
        try everySplit(
            batch(rules, columns, copy: "text"), Array(data.utf8), expect: expected.map { Array($0.utf8) }, rows: 3)
    }

    @Test func csvSplitAtEveryByte() throws {
        var shape = batch(rules, columns, copy: "csv")
        shape.copy.header = true
        let data =
            "id,email,note\n1,bob@b.co,\"say \"\"4111111111111111\"\"\nnext\"\n2,,\"4111111111111111, x\"\n3,\"\",\n"
        let expected = [
            "id,email,note\n", "1,\"b***@b.co\",\"say \"\"[redacted:credit_card]\"\"\nnext\"\n",
            "2,,\"[redacted:credit_card], x\"\n",
            "3,\"\",\n",
        ]
        try everySplit(shape, Array(data.utf8), expect: expected.map { Array($0.utf8) }, rows: 3)
    }

    @Test func binarySplitAtEveryByte() throws {
        let header = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + Wire.int32(0) + Wire.int32(2) + [9, 9]
        func tuple(_ fields: [[UInt8]?]) -> [UInt8] { Array(Wire.row(fields).dropFirst(5)) }
        let data =
            header + tuple([Wire.int32(1), Array("bob@b.co".utf8), Array("4111111111111111".utf8)])
            + tuple([nil, nil, []]) + Wire.int16(-1)
        let masked = tuple([Wire.int32(1), Array("b***@b.co".utf8), Array("[redacted:credit_card]".utf8)])
        let expected = [header + masked, tuple([nil, nil, []]), Wire.int16(-1)]
        try everySplit(batch(rules, columns, copy: "binary"), data, cuts: 0..<header.count, expect: expected, rows: 2)
        // A message that carries the header alone stays one.
        let apart = [header, masked, tuple([nil, nil, []]), Wire.int16(-1)]
        try everySplit(
            batch(rules, columns, copy: "binary"), data, cuts: header.count..<header.count + 1, expect: apart, rows: 2)
        try everySplit(
            batch(rules, columns, copy: "binary"), data, cuts: header.count + 1..<data.count + 1, expect: expected,
            rows: 2)
    }

    @Test func otherDelimitersQuotesAndNullStrings() throws {
        var shape = batch(rules, columns, copy: "csv", last: true)
        shape.copy.delimiter = ";"
        shape.copy.quote = "'"
        shape.copy.escape = "\\"
        shape.copy.nullString = "NULL"
        let data = "1;bob@b.co;'it\\'s 4111111111111111;\n'\nNULL;NULL;NULL\n"
        #expect(
            try run([(shape, Wire.copy(data))]).rows.map { String(decoding: $0, as: UTF8.self) } == [
                "1;'b***@b.co';'it\\'s [redacted:credit_card];\n'\n", "NULL;NULL;NULL\n",
            ])
    }

    @Test func nullIsTheNullString() throws {
        let rules = plan(columns: [("*.id", .redact), ("*.email", .null)])
        #expect(
            try run([(batch(rules, columns, copy: "text", last: true), Wire.copy("1\ta\tb\n"))]).rows == [
                Array("\\N\t\\N\tb\n".utf8)
            ])
        #expect(
            try run([(batch(rules, columns, copy: "csv", last: true), Wire.copy("1,a,b\n"))]).rows == [
                Array(",,b\n".utf8)
            ])
    }

    @Test func unknownColumnsWithColumnRulesAreWithheld() throws {
        for columns in [nil, []] as [[ResultColumn]?] {
            let shape = batch(plan(columns: [("*.email", .partial)]), columns, copy: "text", last: true)
            #expect(try run([(shape, Wire.copy("1\ta\\tb\t\n"))]).rows == [Array("\\N\t\\N\t\\N\n".utf8)])
        }
        let detecting = batch(plan(detect: ["email"]), nil, copy: "text", last: true)
        #expect(try run([(detecting, Wire.copy("1\ta@b.co\n"))]).rows == [Array("1\t[redacted:email]\n".utf8)])
        let columns = [column("email", type: 0)]
        #expect(
            try run([
                (
                    batch(plan(columns: [("*.email", .partial)]), columns, copy: "text", last: true),
                    Wire.copy("bob@b.co\n")
                )
            ]).rows == [
                Array("b***@b.co\n".utf8)
            ])
    }

    @Test func untouchedRowsPassAsTheyAre() throws {
        let data = "1\tb\\x\tc\\011\n"
        #expect(
            try run([(batch(plan(detect: everyEntity), columns, copy: "text", last: true), Wire.copy(data))]).rows == [
                Array(data.utf8)
            ])
    }

    @Test func wrongCopyDataThrows() throws {
        func attempt(_ shape: MaskBatch, _ payload: [UInt8]) {
            #expect(throws: MaskError.self) { try mask(shape, payload) }
        }
        attempt(batch(rules, columns, copy: "text", last: true), Wire.copy("1\ta"))
        attempt(batch(rules, columns, copy: "text"), Wire.copy("1\ta") + Wire.message("c", []))
        attempt(batch(rules, columns, copy: "text"), Wire.copy("1\ta\n"))
        attempt(batch(rules, columns, copy: "text"), Wire.copy("1\ta\tb\tc\n"))
        attempt(batch(rules, columns, copy: "text"), Wire.message("H", [1, 0, 0]))
        attempt(batch(rules, columns, copy: "binary"), Wire.message("H", [0, 0, 0]))
        attempt(batch(rules, columns, copy: "json"), Wire.copy("{}\n"))
        attempt(batch(rules, columns, copy: "binary"), Wire.message("d", [UInt8](repeating: 1, count: 19)))
        let header = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + Wire.int32(0) + Wire.int32(0)
        for rest in [
            Wire.int16(-2), Wire.int16(1) + Wire.int32(-2), Wire.int16(2) + Wire.int32(-1) + Wire.int32(-1),
            Wire.int16(-1) + [0],
        ]
            as [[UInt8]]
        {
            attempt(batch(rules, columns, copy: "binary"), Wire.message("d", header + rest))
        }
        var wide = batch(rules, columns, copy: "csv")
        wide.copy.delimiter = "ab"
        attempt(wide, Wire.copy("1\n"))
        var forged = batch(rules, columns, copy: "text")
        forged.tail.append(0xff)
        attempt(forged, [])
    }

    @Test func anErrorEndsTheCopyAndTheCarriedRow() throws {
        let shape = batch(rules, columns, copy: "text", last: true)
        let reply = try mask(shape, Wire.copy("1\ta") + Wire.error([("C", "57014"), ("M", "canceling statement")]))
        #expect(Wire.parse(reply.payload).map(\.type) == ["E"] && reply.reply.tail.isEmpty)
    }
}
