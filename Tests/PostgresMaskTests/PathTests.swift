import Contract
import Foundation
import Masking
import PostgresMask
import Testing

/// Masks of places within JSON, XML and hstore.
@Suite struct PathTests {
    /// `Golden/paths.txt`: values as PostgreSQL 15 sends them, and what it makes of the masked ones.
    struct Value: CustomStringConvertible {
        let type: UInt32
        let path: String
        let text: [UInt8]
        let binary: [UInt8]
        let maskedText: [UInt8]
        let maskedBinary: [UInt8]
        var description: String { "\(type) \(path) \(String(decoding: text, as: UTF8.self))" }
    }

    static let values: [Value] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let file = (try? String(contentsOf: folder.appending(path: "paths.txt"), encoding: .utf8)) ?? ""
        return file.split(separator: "\n").map { line in
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            func bytes(_ index: Int) -> [UInt8] {
                let digits = Array(parts[index].utf8).compactMap { $0.hexadecimalValue }
                return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
            }
            return Value(
                type: UInt32(parts[0]) ?? 0, path: String(decoding: bytes(1), as: UTF8.self), text: bytes(2),
                binary: bytes(3), maskedText: bytes(4), maskedBinary: bytes(5))
        }
    }()

    private func rules(
        _ paths: [String], _ style: MaskStyle = .partial, pattern: String = "events.payload", refuse: Bool = false,
        detect: [String] = []
    ) -> MaskPlan {
        var rules = plan(columns: [(pattern, style)], detect: detect)
        rules.columns[0].paths = paths
        rules.columns[0].rule = "people"
        rules.columns[0].refuseOnFailure = refuse
        return rules
    }

    private func payload(_ type: UInt32 = 114, binary: Bool = false) -> ResultColumn {
        var column = column("p", type: type, format: binary ? 1 : 0, origin: ("public", "events", "payload"))
        column.originIsTable = true
        return column
    }

    private func masked(_ rules: MaskPlan, _ text: String, type: UInt32 = 114) throws -> String? {
        try maskText(rules, payload(type), text)
    }

    @Test(arguments: values)
    func textAndBinary(_ value: Value) throws {
        let rules = rules([value.path])
        let text = try #require(try maskValue(rules, payload(value.type), value.text))
        #expect(String(decoding: text, as: UTF8.self) == String(decoding: value.maskedText, as: UTF8.self))
        #expect(try maskValue(rules, payload(value.type, binary: true), value.binary) == value.maskedBinary)
    }

    @Test func allTypesAreThere() { #expect(Self.values.count == 24 && Set(Self.values.map(\.type)).count == 9) }

    private func copied(_ rules: MaskPlan, _ column: ResultColumn, _ format: String, _ bytes: [UInt8], cut: Int? = nil)
        throws
        -> [UInt8]
    {
        let masker = PostgresMasker(hashKey: key)
        guard let cut else {
            return try mask(batch(rules, [column], copy: format, last: true), bytes, with: masker).payload
        }
        let data = Array(bytes[5...])
        var first = batch(rules, [column], copy: format)
        let begun = try mask(first, Wire.message("d", Array(data[..<cut])), with: masker)
        first.tail = begun.reply.tail
        first.last = true
        return begun.payload + (try mask(first, Wire.message("d", Array(data[cut...])), with: masker).payload)
    }

    private func escaped(_ value: [UInt8], _ format: String) -> [UInt8] {
        let text = String(decoding: value, as: UTF8.self)
        let field =
            format == "csv"
            ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
            : text.replacingOccurrences(of: "\\", with: "\\\\")
        return Array(field.utf8)
    }

    @Test(arguments: values, ["text", "csv"])
    func copies(_ value: Value, _ format: String) throws {
        // An empty value is one that needs no quotes.
        guard !value.text.isEmpty else { return }
        let row = Wire.copy(String(decoding: escaped(value.text, format), as: UTF8.self) + "\n")
        let isChanged = value.text != value.maskedText
        // Of COPY (query) no types are told.
        for type in [value.type, 0] where type != 0 || isToldByContent(value) {
            let copy = try copied(rules([value.path]), payload(type), format, row)
            let field = Wire.parse(copy)[0].body.dropLast()
            if format == "csv", isChanged {
                let text = String(decoding: field, as: UTF8.self)
                #expect(text == String(decoding: escaped(value.maskedText, format), as: UTF8.self))
            } else {
                #expect(Array(field) == escaped(isChanged ? value.maskedText : value.text, format))
            }
        }
    }

    @Test(arguments: values, [false, true])
    func binaryCopies(_ value: Value, _ isTyped: Bool) throws {
        func copy(_ value: [UInt8]) -> [UInt8] {
            let header = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)
            return Wire.message("d", header + Wire.int16(1) + Wire.int32(value.count) + value)
        }
        guard isTyped || isToldByContent(value) else { return }
        let bytes = copy(value.binary)
        let column = payload(isTyped ? value.type : 0, binary: true)
        #expect(try copied(rules([value.path]), column, "binary", bytes) == copy(value.maskedBinary))
    }

    /// A value of a type that is not told is to be a document that begins as one.
    private func isToldByContent(_ value: Value) -> Bool {
        let text = String(decoding: value.text, as: UTF8.self)
        return !["\"alice\"", "text<a><b>x</b>y</a><c>z</c>"].contains(text) && !text.hasSuffix(",1}")
    }

    @Test func splitAtEveryByte() throws {
        let value = #"{"user":{"e\u006dail":"alice@example.com"},"x":"é"}"#
        let row = Wire.copy(String(decoding: escaped(Array(value.utf8), "text"), as: UTF8.self) + "\n")
        let whole = try copied(rules(["$.user.email"]), payload(), "text", row)
        #expect(String(decoding: whole, as: UTF8.self).contains("a***@example.com"))
        for cut in 0...row.count - 5 {
            #expect(try copied(rules(["$.user.email"]), payload(), "text", row, cut: cut) == whole)
        }
    }

    @Test(arguments: [
        (MaskStyle.redact, #"{"a":"[redacted]","n":null,"o":"[redacted]"}"#), (.null, #"{"a":null,"n":null,"o":null}"#),
        (.partial, #"{"a":"1***","n":null,"o":"[redacted]"}"#),
        (.tokenize, #"{"a":"T","n":T,"o":"[redacted]"}"#),
    ])
    func styles(_ style: MaskStyle, _ expected: String) throws {
        let shown = try #require(
            try masked(rules(["$.a", "$.n", "$.o"], style), #"{"a":"1234 5678","n":12345678,"o":{"a":1}}"#))
        if style == .tokenize {
            #expect(
                shown.replacing(/"a":"\d{4} \d{4}"/, with: "\"a\":\"T\"").replacing(/"n":\d{8}/, with: "\"n\":T")
                    == expected)
        } else {
            #expect(shown == expected)
        }
    }

    /// What cannot be read is NULL, or refuses the reply.
    @Test(
        arguments: [
            (114, "{\"user\":"), (114, "{\"user\":1}}"), (25, "alice@example.com"), (25, "536904399"), (25, ""),
            (25, "\"x\""),
            (25, "{'user': 1}"), (1043, "user=alice"), (142, "<a>x</b>"), (142, "<a"), (142, "<a b=c/>"),
            (142, "<a>&#"),
            (142, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), (142, "<!DOCTYPE a><a/>"), (16_999, "active"),
            (16_999, "\"a\"=>\"b\",\"c\"=>\"d\""), (16_999, "a=>b"), (16_999, "(1,2)"), (16_999, "{active}"),
            (20, "17"),
            (1184, "2020-01-01"), (17, "\\x7b7d"), (2249, "({})"), (199, "{\"{\"}"), (199, "{\"{}\""), (1016, "{1}"),
            (114, String(repeating: "[", count: 600) + String(repeating: "]", count: 600)),
            (114, "\"" + String(repeating: "x", count: 1 << 20) + "\""),
        ] as [(UInt32, String)])
    func unreadable(_ type: UInt32, _ text: String) throws {
        let paths = ["$.user", "$..a"]
        let element = text.hasPrefix("{") && type != 114 && type != 25 && text.hasSuffix("}")
        let shown = try masked(rules(paths), text, type: type)
        #expect(shown == nil || element && shown == "{NULL}", "\(shown ?? "")")
        let refused = try mask(batch(rules(paths, refuse: true), [payload(type)]), Wire.row([Array(text.utf8)]))
        #expect(refused.payload.isEmpty && refused.reply.refusal.rule == "people")
        #expect(refused.reply.refusal.reason.contains("“p”"))
    }

    @Test(
        arguments: [
            (3802, [2, 0x7b, 0x7d]), (3802, []), (16_999, [0, 0, 0, 1, 0, 0, 0, 1]), (16_999, [0xff]),
            // An array that could be an hstore as well.
            (
                16_999,
                [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 13]
                    + Array(repeating: 0x61, count: 13)
            ),
            (20, [0, 0, 0, 0, 0, 0, 0, 1]), (1009, [0, 0]),
        ] as [(UInt32, [UInt8])])
    func unreadableBinary(_ type: UInt32, _ bytes: [UInt8]) throws {
        #expect(try maskValue(rules(["$.a"]), payload(type, binary: true), bytes) == nil)
    }

    /// What stands before an array's braces is nothing but its bounds.
    @Test(arguments: [
        "[alice@example.com=", #"[{"email": "alice@example.com"}]={}"#, "[c2VjcmV0=", "[=", "[", "[]={}", "[1:2={}",
        "[1:2]", "[1:2]=", "[1:2]=x", "[1:2]x={}", "[1:]={}", "[:2]={}", "[1:2][a]={}", "[1:2a]={}", "[--1:2]={}",
        "[1:2]={}alice", "={}", ",", ",{}",
    ])
    func boundsHoldNothingElse(_ text: String) throws {
        let rules = rules(["$.email"], refuse: true, detect: ["email"])
        for type: UInt32 in [16_999, 199] {
            #expect(try maskText(self.rules(["$.email"]), payload(type), text) == nil)
            let refused = try mask(batch(rules, [payload(type)]), Wire.row([Array(text.utf8)]))
            #expect(refused.payload.isEmpty && refused.reply.refusal.rule == "people")
        }
        let row = Wire.copy(text + "\n")
        #expect(try copied(self.rules(["$.email"], detect: ["email"]), payload(0), "text", row) == Wire.copy("\\N\n"))
        #expect(try copied(rules, payload(0), "text", row).isEmpty)
    }

    @Test(arguments: ["[1:1]=", "[-2:-2][+1:1]=", ""])
    func boundsStay(_ bounds: String) throws {
        #expect(
            try masked(rules(["$.user"]), bounds + #"{"{\"user\":\"robert\"}"}"#, type: 199)
                == bounds + #"{"{\"user\":\"r***\"}"}"#)
    }

    /// What a style would show at a place is looked at in every kind of value.
    @Test(
        arguments: [
            (114, #"{"note":"V"}"#, "$.note"), (142, "<note>V</note>", "$.note"),
            (142, "<a note='V'/>", "$.a['@note']"), (16_999, #""note"=>"V""#, "$.note"),
        ] as [(UInt32, String, String)])
    func whatIsShownIsLookedAt(_ type: UInt32, _ text: String, _ path: String) throws {
        var rules = rules([path], detect: ["credit_card"])
        rules.columns[0].parameters.last = 32
        let value = "the card of the customer whose order it was 4111111111111111"
        #expect(
            try masked(rules, text.replacing("V", with: value), type: type)
                == text.replacing("V", with: "[redacted]"))
        let other = String(repeating: "word", count: 20)
        #expect(
            try masked(rules, text.replacing("V", with: other), type: type)
                == text.replacing("V", with: "***" + other.suffix(32)))
    }

    /// Elements that are none to XML have no place.
    @Test func asidesThatMayHoldElementsGo() throws {
        let text = "<?xml version='1.0'?><r><!-- <a>robert</a> --><a>robert</a><!-- a --><?p <a?><?q a?></r><!--<-->"
        #expect(
            try masked(rules(["$.r.a"]), text, type: 142)
                == "<?xml version='1.0'?><r><a>r***</a><!-- a --><?q a?></r>")
        #expect(
            try masked(rules(["$.r.a"]), "<r><a>x<!-- <b> --></a></r>", type: 142) == "<r><a>[redacted]</a></r>")
        #expect(try maskText(plan(detect: ["email"]), payload(142), text) == text)
    }

    /// Where more paths are about a column than can be followed, all of it goes.
    @Test func moreStepsThanThereMayBe() throws {
        let path = "$" + String(repeating: ".a", count: 30)
        var rules = rules([])
        rules.columns = (0..<8).map { number in
            self.rules((0..<16).map { "\(path).b\(number)_\($0)" }).columns[0]
        }
        #expect(try masked(rules, #"{"x":1}"#) == "\"[redacted]\"")
        rules.columns.removeLast(4)
        #expect(try masked(rules, #"{"x":1}"#) == #"{"x":1}"#)
        rules.columns[0].paths.append("\(path).c")
        #expect(throws: MaskError.self) { try masked(rules, #"{"x":1}"#) }
    }

    /// Where the value is not the column's itself, all of it goes.
    @Test func whatIsNotTheColumnItselfIsRedacted() throws {
        let text = #"{"email":"alice@example.com"}"#
        var view = payload()
        view.originIsTable = false
        let rules = rules(["$.user.email"])
        #expect(try maskText(rules, view, text) == "\"[redacted]\"")
        let byName = self.rules(["$.user.email"], pattern: "*.payload")
        #expect(try maskText(byName, column("payload", type: 114), text) == "\"[redacted]\"")
        #expect(try maskText(byName, column("payload", type: 25), text) == "[redacted]")
        var computed = rules
        computed.computedOutputs = [0]
        #expect(try maskText(computed, column("x", type: 114), text) == "\"[redacted]\"")
        var all = rules
        all.allOutputs = true
        #expect(try maskText(all, view, text) == "\"[redacted]\"")
        // The lineage says that it is.
        var output = OutputMask()
        output.paths = ["$.user.email"]
        output.style = .partial
        var direct = rules
        direct.outputs = [output]
        #expect(try maskText(direct, view, text) == text)
        #expect(try maskText(direct, column("x", type: 114), #"{"user":{"email":"x"}}"#) == #"{"user":{"email":"*"}}"#)
        direct.outputs[0].computed = true
        #expect(try maskText(direct, view, text) == "\"[redacted]\"")
    }

    @Test func aRuleOfTheWholeValueMasksIt() throws {
        var both = rules(["$.a"], .null)
        both.columns += plan(columns: [("events.payload", .partial)]).columns
        #expect(try masked(both, #"{"a":1}"#) == nil)
        both.columns[0].style = .partial
        #expect(try masked(both, #"{"a":1}"#) == "\"[redacted]\"")
        #expect(try masked(both, #"{"a":1}"#, type: 25) == "{***")
        both.columns[0].style = .redact
        #expect(try masked(both, #"{"a":1}"#, type: 25) == "[redacted]")
    }

    @Test func theStrictestRuleOfAPlaceCounts() throws {
        var both = rules(["$..email"], .partial)
        both.columns += rules(["$.user"], .hash).columns + rules(["$.user.*"], .redact).columns
        #expect(
            try masked(both, #"{"email":"bob@x.org","user":["alice",{"email":"bob@x.org"}]}"#)
                == #"{"email":"b***@x.org","user":["[redacted]","[redacted]"]}"#)
        #expect(try masked(both, #"{"user":["alice"]}"#)?.contains("alice") == false)
    }

    /// Detectors look at the rest.
    @Test(
        arguments: [
            (114, #"{"a":"bob@x.org","b":"bob@x.org"}"#, #"{"a":"b***@x.org","b":"[redacted:email]"}"#),
            (
                142, "<r><a>bob@x.org</a><b>bob@x.org</b><c d='bob@x.org'/></r>",
                "<r><a>b***@x.org</a><b>[redacted:email]</b><c d='[redacted:email]'/></r>"
            ),
            (16_999, #""a"=>"bob@x.org", "b"=>"x""#, #""a"=>"b***@x.org", "b"=>"x""#),
            (16_999, #""a"=>"bob@x.org", "b"=>"bob@x.org""#, nil),
            (142, "<r><a>bob@</a>x.org</r>", "<r><a>b***</a>x.org</r>"),
        ] as [(UInt32, String, String?)])
    func detectorsLookAtTheRest(_ type: UInt32, _ text: String, _ expected: String?) throws {
        let rules = rules(["$..a"], detect: ["email"])
        #expect(try masked(rules, text, type: type) == expected)
    }

    @Test func nullStaysNullAndPlansAreChecked() throws {
        let row = Wire.row([nil])
        #expect(try mask(batch(rules(["$.a"]), [payload()]), row).payload == row)
        for paths in [["a"], ["$"], Array(repeating: "$.a", count: 65)] {
            #expect(throws: MaskError.self) { try mask(batch(rules(paths), [payload()]), row) }
        }
    }
}
