import Contract
import FoundationEssentials
import Masking
import PostgresMask
import TestKit
import Testing

/// Columns that the client does not get: those that ingress marked are left out of every row, and no others.
@Suite struct DropTests {
    private let ssn = column("ssn", origin: ("public", "people", "ssn"))
    private let id = column("id", type: 23, origin: ("public", "people", "id"))
    private let note = column("note", origin: ("public", "people", "note"))
    private let rules = plan(columns: [("*.ssn", .drop)], detect: ["email"])

    private func marked(_ columns: [ResultColumn], by plan: MaskPlan? = nil) -> [ResultColumn] {
        (plan ?? rules).markingDropped(columns)
    }

    private func row(_ columns: [ResultColumn], _ values: [String?], _ plan: MaskPlan? = nil) throws -> [String?] {
        let (_, payload) = try mask(
            batch(plan ?? rules, columns), Wire.row(values.map { $0.map { Array($0.utf8) } }))
        let message = try #require(Wire.parse(payload).first)
        let fields = Wire.fields(message.body)
        #expect(Array(message.body.prefix(2)) == Wire.int16(fields.count))
        return fields.map { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    private func copied(_ columns: [ResultColumn], _ format: String, _ data: String, header: Bool = false) throws
        -> String
    {
        var shape = batch(rules, columns, copy: format, last: true)
        shape.copy.header = header
        let whole = String(
            decoding: Wire.parse(try mask(shape, Wire.copy(data)).payload).flatMap(\.body), as: UTF8.self)
        for cut in 0...data.utf8.count {
            let parts = [Array(data.utf8.prefix(cut)), Array(data.utf8.dropFirst(cut))].flatMap {
                Wire.message("d", $0)
            }
            let cutUp = Wire.parse(try mask(shape, parts).payload).flatMap(\.body)
            #expect(String(decoding: cutUp, as: UTF8.self) == whole, "\(cut)")
        }
        return whole
    }

    // MARK: Which

    @Test func namesAndOriginsAndPlacesMark() {
        let alias = column("x", origin: ("public", "people", "ssn"))
        #expect(marked([id, ssn, alias, note]).droppedPlaces == [1, 2])
        #expect(marked([column("SSN"), column("ssn2")]).droppedPlaces == [0])
        #expect(marked([ssn], by: plan(columns: [("other.ssn", .drop), ("*.ssn", .null)])).droppedPlaces == [])
        var output = OutputMask()
        (output.index, output.style) = (1, .drop)
        var places = MaskPlan()
        places.outputs = [output]
        #expect(places.drops && marked([id, note], by: places).droppedPlaces == [1])
        // What is computed from such a column is redacted, and so is what only may be one.
        places.outputs[0].computed = true
        #expect(!places.drops && marked([id, note], by: places).droppedPlaces == [])
        var table = note
        table.originIsTable = true
        (places.outputs[0].computed, places.outputs[0].unlessTable) = (false, true)
        #expect(marked([id, table], by: places).droppedPlaces == [])
    }

    @Test func plansThatDropTheSameAreEqualInThat() {
        var other = plan(columns: [("*.email", .redact), ("*.ssn", .drop)])
        other.columns[1].rule = "another"
        #expect(rules.droppingMasks == other.droppingMasks)
        other.columns[1].pattern = "*.id"
        #expect(rules.droppingMasks != other.droppingMasks)
        #expect(plan(columns: [("*.ssn", .null)]).droppingMasks == MaskPlan())
    }

    // MARK: Rows

    @Test func markedColumnsGo() throws {
        #expect(try row(marked([id, ssn, note]), ["7", "1", "a@b.co"]) == ["7", "[redacted:email]"])
        #expect(try row(marked([ssn, id]), [nil, "7"]) == ["7"])
        #expect(try row(marked([id, ssn]), [nil, "1"]) == [nil])
        #expect(try row(marked([ssn, ssn]), ["1", nil]) == [])
    }

    /// The client was told of it: what cannot go is empty.
    @Test func othersThatTheRuleMeansAreNull() throws {
        #expect(try row([id, ssn], ["7", "1"]) == ["7", nil])
        #expect(try row([ssn], [nil]) == [nil])
        var computed = rules
        computed.allComputed = true
        #expect(try row(marked([column("upper")], by: computed), ["x"], computed) == ["[redacted]"])
    }

    /// What ingress left out of the description goes, whatever this plan says of it.
    @Test func whatIsMarkedGoesUnderAnyPlan() throws {
        var marked = note
        marked.dropped = true
        #expect(try row([id, marked], ["7", "x"]) == ["7"])
    }

    @Test func unknownColumnsAreWithheld() throws {
        let (_, payload) = try mask(batch(rules), Wire.row([Array("x".utf8), nil]))
        #expect(Wire.fields(try #require(Wire.parse(payload).first).body) == [nil, nil])
    }

    @Test func aDetectorThatDropsMakesNull() throws {
        #expect(try maskText(plan(detect: ["email"], .drop), note, "x a@b.co") == nil)
    }

    @Test func droppedValuesAreCounted() throws {
        let payload = Wire.row([Array("7".utf8), Array("1".utf8)]) + Wire.row([nil, nil])
        let (reply, _) = try mask(batch(rules, marked([id, ssn])), payload)
        #expect(reply.rows == 2)
        #expect(reply.counts.map { "\($0.count) \($0.entity)" } == ["2 *.ssn"])
    }

    @Test func rowsThatAreNoneAreRefused() {
        let columns = marked([id, ssn])
        for body in [
            Wire.int16(1) + Wire.int32(-1), Wire.int16(2) + Wire.int32(-1) + Wire.int32(5) + [0x78],
            Wire.int16(2) + Wire.int32(-1) + Wire.int32(-2),
        ] {
            #expect(throws: MaskError.self) { try mask(batch(rules, columns), Wire.message("D", body)) }
        }
    }

    // MARK: COPY

    @Test func textFieldsGo() throws {
        let columns = marked([ssn, id, ssn, note])
        #expect(try copied(columns, "text", "1\t7\t\\N\tx\\ty\n\\N\t\\N\ta\t\n\\.\n") == "7\tx\\ty\n\\N\t\n\\.\n")
        #expect(try copied(columns, "text", "a\tid\tb\tnote\n1\t7\t2\tz\n", header: true) == "id\tnote\n7\tz\n")
        #expect(try copied(marked([ssn]), "text", "1\n\\N\n") == "\n\n")
        #expect(try copied(marked([ssn, ssn]), "text", "1\t2\n") == "\n")
        #expect(try copied(marked([id, ssn]), "text", "1\t\n") == "1\n")
        #expect(try copied(marked([ssn, id]), "text", "\t1\r\n") == "1\r\n")
    }

    @Test func csvFieldsGo() throws {
        let columns = marked([id, ssn, note])
        #expect(
            try copied(columns, "csv", "id,ssn,note\n7,\"1,\n\"\"2\",\"a\"\"b\"\n8,,\n", header: true)
                == "id,note\n7,\"a\"\"b\"\n8,\n")
        #expect(try copied(columns, "csv", "7,1,mail a@b.co\n") == "7,\"mail [redacted:email]\"\n")
        #expect(try copied(marked([ssn]), "csv", "ssn\n1\n\"\"\n", header: true) == "\n\n\n")
    }

    /// The one value that ends a CSV of one column stays what it is.
    @Test func anEndMarkIsQuoted() throws {
        #expect(try copied(marked([ssn, note]), "csv", "1,\\.\n2,x\n") == "\"\\.\"\nx\n")
        #expect(try copied(marked([note, ssn]), "csv", "\\.,1\n") == "\"\\.\"\n")
        #expect(try copied(marked([note, id, ssn]), "csv", "\\.,1,2\n") == "\\.,1\n")
    }

    @Test func otherColumnsThanDescribedAreRefused() {
        for data in ["1\n", "1\t2\t3\n"] {
            #expect(throws: MaskError.self) {
                try mask(batch(rules, marked([id, ssn]), copy: "text", last: true), Wire.copy(data))
            }
        }
        var shape = batch(rules, marked([id, ssn]), copy: "csv", last: true)
        shape.copy.header = true
        #expect(throws: MaskError.self) { try mask(shape, Wire.copy("id\n")) }
    }

    /// COPY in its three formats and rows say the same, and all but what is dropped is as it was.
    @Test(arguments: UInt64(1)...40)
    func randomTablesLoseTheColumnsAndNothingElse(number: UInt64) throws {
        let table = PropertyTests.Table(number, columns: 5, rows: 4)
        var seed = Seed(number)
        let dropped = table.shapes.indices.filter { _ in Int.random(in: 0..<3, using: &seed) == 0 }
        let plan = plan(columns: dropped.map { ("*.c\($0)", .drop) } + [("*.none", .drop)])
        for format in ["", "text", "csv", "binary"] {
            let isBinary = format.isEmpty ? number % 2 == 0 : format == "binary"
            let columns = plan.markingDropped(table.columns(binary: isBinary))
            #expect(columns.droppedPlaces == dropped)
            let rows = table.rows.indices.map { table.fields($0, binary: isBinary) }
            let expected = rows.map { row in row.indices.filter { !dropped.contains($0) }.map { row[$0] } }
            let found: [[[UInt8]?]]
            if format.isEmpty {
                let payload = try mask(batch(plan, columns), rows.flatMap(Wire.row)).payload
                found = Wire.parse(payload).map { Wire.fields($0.body) }
                #expect(Wire.parse(payload).allSatisfy { Array($0.body.prefix(2)) == Wire.int16(5 - dropped.count) })
            } else {
                let shape = batch(plan, columns, copy: format, last: true)
                let data = Wire.parse(try mask(shape, Wire.message("d", Copies.data(rows, format))).payload).flatMap(
                    \.body)
                // A line without columns reads as one empty field.
                guard dropped.count < 5 || format == "binary" else {
                    #expect(data == Array(repeating: 0x0a, count: rows.count))
                    continue
                }
                found = try Copies.rows(data, format)
            }
            #expect(found == expected, "\(format)")
        }
    }
}
