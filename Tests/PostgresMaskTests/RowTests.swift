import Contract
import Masking
import PostgresMask
import Testing

@Suite struct ColumnRuleTests {
    private let email = column("email", origin: ("public", "users", "email"))

    @Test(arguments: [Int32(0), 1])
    func everyStyleOnText(format: Int32) throws {
        let column = column("email", format: format, origin: ("public", "users", "email"))
        func masked(_ style: MaskStyle, _ value: String) throws -> String? {
            try maskText(plan(columns: [("*.email", style)]), column, value)
        }
        #expect(try masked(.redact, "bob@example.com") == "[redacted]")
        #expect(try masked(.partial, "bob@example.com") == "b***@example.com")
        #expect(try masked(.partial, "4111 1111 1111 1111") == "****1111")
        #expect(try masked(.partial, "Robert") == "R***")
        #expect(try masked(.partial, "Ärzte") == "Ä***")
        #expect(try masked(.partial, "Bob") == "***")
        #expect(try masked(.partial, "é") == "*")
        #expect(try masked(.null, "bob@example.com") == nil)
        let hash = try #require(try masked(.hash, "bob@example.com"))
        #expect(hash.hasPrefix("h:") && hash.utf8.count == 18)
        #expect(try masked(.hash, "bob@example.com") == hash)
        #expect(try masked(.hash, "eve@example.com") != hash)
    }

    @Test(arguments: [
        "*.email", "users.email", "public.users.email", "PUBLIC.Users.EMAIL", "*.*.email", "u*.e*l", "*.e*", "email",
    ])
    func patternsThatMatch(pattern: String) throws {
        #expect(try maskText(plan(columns: [(pattern, .redact)]), email, "x") == "[redacted]")
    }

    @Test(arguments: ["orders.email", "private.users.email", "users.mail", "*.emails", "e.email", "users.emai"])
    func patternsThatDoNotMatch(pattern: String) throws {
        #expect(try maskText(plan(columns: [(pattern, .redact)]), email, "x") == "x")
    }

    @Test(arguments: ["", ".", "a..b", "a.b.c.d"])
    func wrongPatternsAreAnError(pattern: String) {
        #expect(throws: MaskError.self) {
            try mask(batch(plan(columns: [(pattern, .redact)]), [email]), Wire.row([nil]))
        }
    }

    @Test func theNameThatTheClientSeesMatchesTooForAnyTable() throws {
        let alias = column("email", origin: ("public", "users", "contact"))
        #expect(try maskText(plan(columns: [("*.email", .redact)]), alias, "x") == "[redacted]")
        #expect(try maskText(plan(columns: [("users.email", .redact)]), alias, "x") == "x")
        let renamed = column("c", origin: ("public", "users", "email"))
        #expect(try maskText(plan(columns: [("users.email", .redact)]), renamed, "x") == "[redacted]")
        #expect(try maskText(plan(columns: [("*.email", .redact)]), column("Email"), "x") == "[redacted]")
    }

    @Test func theStrictestRuleWins() throws {
        let styles: [MaskStyle] = [.partial, .bucket, .shift, .tokenize, .hash, .redact, .null]
        for (index, strict) in styles.enumerated() {
            for loose in styles[...index] {
                let both = try maskText(
                    plan(columns: [("*.email", loose), ("users.email", strict)]), email, "bob@example.com")
                #expect(both == (try maskText(plan(columns: [("*.email", strict)]), email, "bob@example.com")))
            }
        }
    }

    @Test func computedOutputsAreRedactedWhateverTheStyle() throws {
        var rules = plan(columns: [("*.email", .partial)])
        rules.computedOutputs = [1]
        let columns = [column("a"), column("b"), column("c", type: 23)]
        let row = Wire.row([Array("one".utf8), Array("two".utf8), Array("3".utf8)])
        let some = try mask(batch(rules, columns), row)
        #expect(
            Wire.fields(Wire.parse(some.payload)[0].body) == [
                Array("one".utf8), Array("[redacted]".utf8), Array("3".utf8),
            ])
        rules.allComputed = true
        let all = try mask(batch(rules, columns), row)
        #expect(
            Wire.fields(Wire.parse(all.payload)[0].body) == [Array("[redacted]".utf8), Array("[redacted]".utf8), nil])
        #expect(all.reply.counts.map(\.entity) == ["computed"])
    }

    @Test func otherTypesBecomeNullAndDocumentsStayDocuments() throws {
        let rules = plan(columns: [("*.v", .redact)])
        for type in [23, 20, 1700, 16, 1082, 2950, 17, 1009, 701, 16999] as [UInt32] {
            for format in [Int32(0), 1] {
                #expect(try maskValue(rules, column("v", type: type, format: format), [0, 0, 0, 1]) == nil)
            }
        }
        #expect(try maskText(rules, column("v", type: 114), "{}") == "\"[redacted]\"")
        #expect(try maskText(rules, column("v", type: 3802), "{}") == "\"[redacted]\"")
        #expect(
            try maskValue(rules, column("v", type: 3802, format: 1), [1] + Array("{}".utf8)) == [1]
                + Array("\"[redacted]\"".utf8))
        #expect(try maskText(plan(columns: [("*.v", .partial)]), column("v", type: 142), "<a>b</a>") == "[redacted]")
        #expect(try maskText(plan(columns: [("*.v", .hash)]), column("v", type: 114), "{}")?.hasPrefix("\"h:") == true)
    }

    @Test func withoutKnownColumnsEveryFieldIsWithheld() throws {
        let reply = try mask(
            batch(plan(columns: [("*.email", .redact)], detect: everyEntity)), Wire.row([Array("a".utf8), nil, []]))
        #expect(Wire.fields(Wire.parse(reply.payload)[0].body) == [nil, nil, nil])
        #expect(reply.reply.counts.map(\.count) == [2] && reply.reply.counts.map(\.entity) == ["withheld"])
    }

    @Test func countsSayWhatWasMasked() throws {
        let rules = plan(columns: [("*.email", .redact)], detect: ["email"])
        let row = Wire.row([Array("x".utf8), Array("a@b.co and c@d.co".utf8)])
        let reply = try mask(
            batch(rules, [email, column("note")]), row + row + Wire.message("C", Array("SELECT 2\0".utf8)))
        #expect(reply.reply.rows == 2)
        #expect(
            Dictionary(uniqueKeysWithValues: reply.reply.counts.map { ($0.entity, $0.count) }) == [
                "*.email": 2, "email": 4,
            ])
    }
}

@Suite struct DetectorRuleTests {
    private func masked(_ style: MaskStyle, _ value: String, format: Int32 = 0) throws -> String? {
        try maskText(plan(detect: everyEntity, style), column("note", format: format), value)
    }

    @Test(arguments: [Int32(0), 1])
    func everyStyleOnText(format: Int32) throws {
        #expect(
            try masked(.redact, "to a@b.co, 4111111111111111!", format: format)
                == "to [redacted:email], [redacted:credit_card]!")
        #expect(try masked(.partial, "to alice@b.co, 4111-1111-1111-1111", format: format) == "to a***@b.co, ****1111")
        #expect(try masked(.partial, "536-90-4399 password=hunter2", format: format) == "****4399 password=***")
        #expect(try masked(.null, "to a@b.co", format: format) == nil)
        #expect(try masked(.hash, "to a@b.co.", format: format)?.hasPrefix("to h:") == true)
        #expect(try masked(.redact, "nothing here", format: format) == "nothing here")
        #expect(try masked(.redact, "", format: format) == "")
    }

    @Test func theStrictestStyleOfOneEntityWins() throws {
        var rules = plan(detect: ["email"], .partial)
        rules.detectors += plan(detect: ["email"], .redact).detectors
        #expect(try maskText(rules, column("note"), "a@b.co") == "[redacted:email]")
    }

    @Test func anUnknownEntityIsAnError() {
        #expect(throws: MaskError.self) { try mask(batch(plan(detect: ["nonsense"]), [column("a")]), Wire.row([nil])) }
    }

    @Test func numbersAndOtherTypesBecomeNull() throws {
        let rules = plan(detect: everyEntity)
        func binary(_ type: UInt32, _ value: [UInt8], _ name: String = "v") throws -> [UInt8]? {
            try maskValue(rules, column(name, type: type, format: 1), value)
        }
        let card: Int64 = 4_111_111_111_111_111
        #expect(try binary(20, Wire.int64(card)) == nil)
        #expect(try binary(20, Wire.int64(card + 1)) == Wire.int64(card + 1))
        #expect(try binary(701, Wire.int64(Int64(bitPattern: Double(card).bitPattern))) == nil)
        #expect(
            try binary(
                1700,
                Wire.int16(4) + Wire.int16(3) + Wire.int16(0) + Wire.int16(0)
                    + [4111, 1111, 1111, 1111].flatMap(Wire.int16))
                == nil)
        #expect(try binary(17, Array("x a@b.co".utf8)) == nil)
        #expect(try binary(16999, [0, 1] + Array("a@b.co".utf8)) == nil)
        // Nobody knows how to read it.
        #expect(try binary(16999, [0, 1, 2]) == nil)
        #expect(try binary(16999, Array("happy".utf8)) == Array("happy".utf8))
        #expect(try binary(23, Wire.int32(536_904_399), "ssn") == nil)
        #expect(try binary(23, Wire.int32(536_904_399)) == Wire.int32(536_904_399))
        #expect(try binary(20, Wire.int64(1_010_001), "user_ssn") == nil)
        #expect(try binary(2249, Wire.int32(1) + Wire.int32(20) + Wire.int32(8) + Wire.int64(card)) == nil)
        for (type, text) in [
            (20, "4111111111111111"), (1700, "4111111111111111"), (17, "\\x6140622e636f"),
            (701, "4.111111111111111e+15"),
            (16999, "a@b.co"), (2249, "(1,a@b.co)"),
        ] as [(UInt32, String)] {
            #expect(try maskText(rules, column("v", type: type), text) == nil, "\(type)")
        }
        for (type, text) in [
            (20, "42"), (1700, "3.14"), (17, "\\x00ff"), (701, "1e+15"), (16999, "happy"), (1082, "2024-01-01"),
            (16, "t"),
        ] as [(UInt32, String)] {
            #expect(try maskText(rules, column("v", type: type), text) == text, "\(type)")
        }
    }

    @Test func aSecretIsEveryCredentialAndAllIsEveryEntity() throws {
        let token = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
        #expect(try maskText(plan(detect: ["secret"]), column("note"), "x \(token)") == "x [redacted:jwt]")
        #expect(try maskText(plan(detect: ["jwt"]), column("note"), "x \(token)") == "x [redacted:jwt]")
        #expect(try maskText(plan(detect: ["private_key"]), column("note"), "x \(token)") == "x \(token)")
        #expect(try maskText(plan(detect: ["all"]), column("note"), "call +14155552671") == "call [redacted:phone]")
        let partial = plan(detect: ["iban", "phone", "ip_address"], .partial)
        #expect(
            try maskText(partial, column("note"), "DE89370400440532013000 (415) 555-2671 10.0.0.1")
                == "****3000 ****2671 ***")
    }

    @Test func namesOfColumnsAreContext() throws {
        let rules = plan(detect: ["date_of_birth", "phone", "br_cpf"])
        #expect(try maskText(rules, column("phone"), "5552671") == "[redacted:phone]")
        #expect(try maskText(rules, column("number"), "5552671") == "5552671")
        let aliased = column("x", origin: ("public", "people", "mobile"))
        #expect(try maskText(rules, aliased, "5552671") == "[redacted:phone]")
        // 529.982.247-25, and a number that lost its leading zero: 012.345.678-90.
        #expect(try maskValue(rules, column("cpf", type: 20, format: 1), Wire.int64(52_998_224_725)) == nil)
        #expect(try maskValue(rules, column("cpf", type: 20, format: 1), Wire.int64(1_234_567_890)) == nil)
        #expect(
            try maskValue(rules, column("n", type: 20, format: 1), Wire.int64(52_998_224_725))
                == Wire.int64(52_998_224_725))
    }

    @Test func birthDatesAreFoundInTextAndBinary() throws {
        let rules = plan(detect: ["date_of_birth"])
        // Days from 2000-01-01 to 1980-05-17 and to 2000-02-29.
        for (days, text) in [(-7168, "1980-05-17"), (59, "2000-02-29")] {
            for name in ["birth_date", "dob"] {
                #expect(try maskText(rules, column(name, type: 1082), text) == nil)
                #expect(try maskValue(rules, column(name, type: 1082, format: 1), Wire.int32(days)) == nil)
            }
            #expect(try maskText(rules, column("created", type: 1082), text) == text)
            let bytes = Wire.int32(days)
            #expect(try maskValue(rules, column("created", type: 1082, format: 1), bytes) == bytes)
        }
    }

    @Test(arguments: [(20, 3), (1700, 7), (2950, 15), (701, 2), (2249, 3), (1009, 11)] as [(UInt32, Int)])
    func undecodableValuesAreWithheld(type: UInt32, bytes: Int) throws {
        #expect(
            try maskValue(
                plan(detect: everyEntity), column("v", type: type, format: 1), [UInt8](repeating: 1, count: bytes))
                == nil)
    }

    @Test func fieldsOfUnknownColumnsAreScannedAndBinaryIsWithheld() throws {
        let reply = try mask(
            batch(plan(detect: everyEntity)),
            Wire.row([Array("fine".utf8), Array("a@b.co".utf8), Wire.int64(4_111_111_111_111_111)]))
        #expect(Wire.fields(Wire.parse(reply.payload)[0].body) == [Array("fine".utf8), nil, nil])
    }

    @Test func jsonStaysJson() throws {
        let rules = plan(detect: everyEntity)
        for (type, format, prefix) in [(114, 0, []), (114, 1, []), (3802, 0, []), (3802, 1, [1])]
            as [(UInt32, Int32, [UInt8])]
        {
            func json(_ text: String) throws -> String? {
                try maskValue(rules, column("v", type: type, format: format), prefix + Array(text.utf8)).map {
                    String(decoding: $0.dropFirst(prefix.count), as: UTF8.self)
                }
            }
            #expect(try json(#"{"a": "to a@b.co!", "n": 1}"#) == #"{"a": "to [redacted:email]!", "n": 1}"#)
            #expect(try json(#"{"n": 4111111111111111, "x": [1]}"#) == #"{"n": null, "x": [1]}"#)
            #expect(try json(#"{"a": "a\u0040b.co\n"}"#) == #"{"a": "[redacted:email]\n"}"#)
            #expect(try json(#"{"a": "q\"a@b.co"}"#) == #"{"a": "q\"[redacted:email]"}"#)
            #expect(try json(#"{"password": "a\"b"}"#) == #"{"password": "[redacted:secret]"}"#)
            #expect(try json(#"{"password": 12345678}"#) == #"{"password": null}"#)
            #expect(
                try json(#"{"pass": ["hunter2"], "n": "hunter2"}"#)
                    == #"{"pass": ["[redacted:secret]"], "n": "hunter2"}"#)
            #expect(try json(#"{"a": "\\d \u00e9"}"#) == #"{"a": "\\d \u00e9"}"#)
            #expect(try json(#"{"a": "a@b.co"#) == #""[redacted]""#)
            #expect(try json(#"{"a": "\ud83d\ude00 a@b.co"}"#) == #"{"a": "\ud83d\ude00 [redacted:email]"}"#)
        }
        #expect(try maskText(plan(detect: ["email"], .null), column("v", type: 114), #"{"a":"a@b.co"}"#) == nil)
        #expect(try maskText(plan(detect: ["email"], .null), column("v", type: 114), #"{"a":"a\u0040b.co"}"#) == nil)
    }

    @Test func arraysInText() throws {
        let rules = plan(detect: everyEntity)
        func array(_ type: UInt32, _ text: String) throws -> String? {
            try maskText(rules, column("v", type: type), text)
        }
        #expect(try array(1009, "{a,b,NULL}") == "{a,b,NULL}")
        #expect(try array(1009, "{a@b.co,x}") == "{\"[redacted:email]\",x}")
        #expect(
            try array(1009, "{{\"to \\\"a@b.co\\\"\",x},{y,NULL}}") == "{{\"to \\\"[redacted:email]\\\"\",x},{y,NULL}}")
        #expect(try array(1009, "[0:1]={x,a@b.co}") == "[0:1]={x,\"[redacted:email]\"}")
        #expect(try array(1016, "{1,4111111111111111}") == "{1,NULL}")
        #expect(try array(199, #"{"{\"a\": \"a@b.co\"}"}"#) == #"{"{\"a\": \"[redacted:email]\"}"}"#)
        #expect(try array(1009, "{a@b.co") == nil)
        #expect(try array(1009, "{}") == "{}")
    }

    @Test func arraysInBinary() throws {
        let rules = plan(detect: everyEntity)
        func array(_ type: Int, _ elements: [[UInt8]?], flags: Int = 0) -> [UInt8] {
            Wire.int32(1) + Wire.int32(flags) + Wire.int32(type) + Wire.int32(elements.count) + Wire.int32(1)
                + elements.flatMap { $0.map { Wire.int32($0.count) + $0 } ?? Wire.int32(-1) }
        }
        func masked(_ type: UInt32, _ value: [UInt8]) throws -> [UInt8]? {
            try maskValue(rules, column("v", type: type, format: 1), value)
        }
        let text = array(25, [Array("a@b.co".utf8), nil, Array("x".utf8)], flags: 1)
        #expect(try masked(1009, text) == array(25, [Array("[redacted:email]".utf8), nil, Array("x".utf8)], flags: 1))
        let numbers = array(20, [Wire.int64(1), Wire.int64(4_111_111_111_111_111)])
        #expect(try masked(1016, numbers) == array(20, [Wire.int64(1), nil], flags: 1))
        let clean = array(25, [Array("x".utf8)])
        #expect(try masked(1009, clean) == clean)
        for count in 0..<text.count where count != 0 { #expect(try masked(1009, Array(text[..<count])) == nil) }
        #expect(
            try masked(
                1009, Wire.int32(1) + Wire.int32(0) + Wire.int32(25) + Wire.int32(Int(Int32.max)) + Wire.int32(1))
                == nil)
        #expect(
            try masked(1009, Wire.int32(0) + Wire.int32(0) + Wire.int32(25)) == Wire.int32(0) + Wire.int32(0)
                + Wire.int32(25))
    }
}
