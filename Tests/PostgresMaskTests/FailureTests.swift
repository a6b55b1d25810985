import Contract
import Masking
import PostgresMask
import Testing

/// `on_failure: refuse`, and what is withheld without it.
@Suite struct FailureTests {
    private func rules(columns: Bool = false, refuse: Bool) -> MaskPlan {
        var rules = columns ? plan(columns: [("*.email", .redact)]) : plan(detect: everyEntity)
        for index in rules.columns.indices {
            rules.columns[index].rule = "people"
            rules.columns[index].refuseOnFailure = refuse
        }
        for index in rules.detectors.indices {
            rules.detectors[index].rule = "people"
            rules.detectors[index].refuseOnFailure = refuse
        }
        return rules
    }

    /// Each with a value that nobody can read: a number of two bytes, half a JSON text, half an array, a type without structure.
    @Test(
        arguments: [
            (20, 1, [1, 2]), (114, 0, Array("{".utf8)), (1007, 1, [0, 0]), (16_999, 1, [0, 1, 2]),
            (1009, 0, Array("{a@b.co".utf8)),
        ] as [(UInt32, Int32, [UInt8])])
    func unreadableValuesRefuseTheReply(type: UInt32, format: Int32, bytes: [UInt8]) throws {
        let columns = [column("id", type: 23), column("amount", type: type, format: format)]
        let payload = Wire.row([[0x31], bytes])
        let refused = try mask(batch(rules(refuse: true), columns), payload)
        #expect(refused.payload.isEmpty && refused.reply.refusal.rule == "people")
        #expect(refused.reply.refusal.reason.contains("“amount”") && refused.reply.refusal.reason.contains("“people”"))
        let withheld = try mask(batch(rules(refuse: false), columns), payload)
        #expect(!withheld.reply.hasRefusal && !withheld.payload.isEmpty)
        #expect(Wire.fields(Wire.parse(withheld.payload)[0].body)[1] != bytes)
    }

    @Test func unknownColumnsRefuseTheReply() throws {
        let row = Wire.row([nil, [0x61]])
        let refused = try mask(batch(rules(columns: true, refuse: true)), row)
        #expect(refused.payload.isEmpty && refused.reply.refusal.reason.contains("columns are not known"))
        #expect(!(try mask(batch(rules(columns: true, refuse: false)), row)).reply.hasRefusal)
        let known = try mask(batch(rules(columns: true, refuse: true), [column("a"), column("email")]), row)
        #expect(Wire.fields(Wire.parse(known.payload)[0].body) == [nil, Array("[redacted]".utf8)])
    }

    @Test(arguments: ["text", "csv"])
    func copiesAreRefusedAsRowsAre(format: String) throws {
        let columns = [column("id", type: 23), column("doc", type: 114)]
        let data = Wire.copy(format == "csv" ? "1,{\n" : "1\t{\n")
        let refused = try mask(batch(rules(refuse: true), columns, copy: format, last: true), data)
        #expect(refused.payload.isEmpty && refused.reply.refusal.reason.contains("“doc”"))
        let unknown = try mask(batch(rules(columns: true, refuse: true), nil, copy: format, last: true), data)
        #expect(unknown.payload.isEmpty && unknown.reply.hasRefusal)
        let shown = try mask(batch(rules(refuse: false), columns, copy: format, last: true), data)
        #expect(!shown.reply.hasRefusal && !shown.payload.isEmpty)
    }

    @Test func whatCanBeReadIsNotRefused() throws {
        let columns = [column("id", type: 20, format: 1), column("note")]
        let payload = Wire.row([Wire.int64(4_111_111_111_111_111), Array("a@b.co".utf8)])
        let reply = try mask(batch(rules(refuse: true), columns), payload)
        #expect(!reply.reply.hasRefusal)
        #expect(Wire.fields(Wire.parse(reply.payload)[0].body) == [nil, Array("[redacted:email]".utf8)])
    }
}
