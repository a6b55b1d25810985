import Contract
import Masking
import PostgresMask
import Testing

@Suite struct ReportTests {
    private func report(_ plan: MaskPlan, _ fields: [(Character, String)], type: Character = "E") throws -> [String] {
        let message = Wire.parse(try mask(batch(plan), Wire.error(fields, type: type)).payload)[0]
        #expect(message.type == type)
        return message.body.dropLast().split(separator: 0, omittingEmptySubsequences: true).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private let duplicate: [(Character, String)] = [
        ("S", "ERROR"), ("V", "ERROR"), ("C", "23505"), ("M", "duplicate key"),
        ("D", "Key (email)=(a@b.co) already exists."),
        ("H", "ask a@b.co"), ("W", "SQL function"), ("q", "select 'a@b.co'"), ("p", "3"), ("P", "7"), ("s", "public"),
        ("t", "users"),
        ("n", "users_email_key"),
        ("F", "nbtinsert.c"), ("L", "663"), ("R", "_bt_check_unique"),
    ]

    @Test func detectorsRunOnEveryFreeText() throws {
        let fields = try report(plan(detect: ["email"], .null), duplicate)
        #expect(
            fields == [
                "SERROR", "VERROR", "C23505", "Mduplicate key", "DKey (email)=([redacted:email]) already exists.",
                "Hask [redacted:email]",
                "WSQL function", "qselect '[redacted:email]'", "p3", "P7", "spublic", "tusers", "nusers_email_key",
                "Fnbtinsert.c", "L663",
                "R_bt_check_unique",
            ])
    }

    @Test(arguments: ["E", "N"] as [Character])
    func columnRulesWithholdWhatMayQuoteValues(type: Character) throws {
        let fields = try report(plan(columns: [("*.email", .partial)]), duplicate, type: type)
        #expect(fields.filter { $0.contains("a@b.co") }.isEmpty)
        #expect(fields.map(\.first) == ["S", "V", "C", "M", "D", "H", "W", "P", "s", "t", "n", "F", "L", "R"])
        #expect(fields[3] == "Mduplicate key")
        #expect(
            fields[4].hasPrefix("Dwithheld by Sluice:") && fields[5].hasPrefix("Hwithheld")
                && fields[6].hasPrefix("Wwithheld"))
    }

    @Test(arguments: ["22P02", "P0001", "XX000", "00000", "01000", "22003", "abc", "ZZ999"])
    func messagesOfOtherClassesAreWithheld(state: String) throws {
        let fields = try report(plan(columns: [("*.email", .partial)]), [("C", state), ("M", "value a@b.co")])
        #expect(fields[1] == "Mmessage withheld by masking (SQLSTATE \(state == "abc" ? "unknown" : state))")
        #expect(
            try report(plan(detect: ["email"]), [("C", state), ("M", "value a@b.co")])[1] == "Mvalue [redacted:email]")
    }

    /// RAISE … USING TABLE = … puts any text where names stand.
    @Test func namesOfRaisedErrorsAreWithheld() throws {
        let raised: [(Character, String)] = [
            ("C", "P0001"), ("M", "m"), ("s", "a@b.co"), ("t", "a@b.co"), ("c", "a@b.co"), ("d", "a@b.co"),
            ("n", "a@b.co"), ("R", "exec_stmt_raise"),
        ]
        #expect(try report(plan(columns: [("*.email", .partial)]), raised).map(\.first) == ["C", "M", "R"])
        #expect(try report(plan(detect: ["email"]), raised)[2] == "s[redacted:email]")
    }

    @Test func malformedReportsThrow() {
        let rules = plan(detect: ["email"])
        for body in [[], [0x4d], [0x4d, 0x61], [0x4d, 0x61, 0], [0, 0], [0x4d, 0x61, 0, 0, 1]] as [[UInt8]] {
            #expect(throws: MaskError.self) { try mask(batch(rules), Wire.message("E", body)) }
        }
    }

    @Test func notificationsAndParameters() throws {
        let notify = Wire.message("A", Wire.int32(7) + Array("jobs\0mail a@b.co\0".utf8))
        #expect(
            try mask(batch(plan(detect: ["email"])), notify).payload
                == Wire.message("A", Wire.int32(7) + Array("jobs\0mail [redacted:email]\0".utf8)))
        #expect(
            try mask(batch(plan(columns: [("a.b", .null)])), notify).payload
                == Wire.message("A", Wire.int32(7) + Array("jobs\0\0".utf8)))
        let status = Wire.message("S", Array("application_name\0a@b.co\0".utf8))
        #expect(
            try mask(batch(plan(detect: ["email"])), status).payload
                == Wire.message("S", Array("application_name\0\0".utf8)))
        let plain = Wire.message("S", Array("TimeZone\0UTC\0".utf8))
        #expect(try mask(batch(plan(detect: ["email"])), plain).payload == plain)
        for body in [Array("a\0b".utf8), Array("a".utf8), [], Array("a\0b\0c".utf8)] as [[UInt8]] {
            #expect(throws: MaskError.self) { try mask(batch(plan(detect: ["email"])), Wire.message("S", body)) }
            #expect(throws: MaskError.self) {
                try mask(batch(plan(detect: ["email"])), Wire.message("A", Wire.int32(1) + body))
            }
        }
    }
}
