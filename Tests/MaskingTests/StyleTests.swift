import Contract
import SwiftProtobuf
import Testing

@testable import Masking

/// What the styles make of texts: in lines, JSON, CSV and forms alike.
@Suite struct StyleTests {
    private static let billion: UInt64 = 1_000_000_000

    private func plan(_ style: MaskStyle, _ told: StyleParameters, detect: [String] = []) throws -> DocumentPlan {
        let plan = MaskPlan.with {
            if detect.isEmpty {
                $0.columns = [
                    .with {
                        $0.pattern = "v"
                        $0.style = style
                        $0.parameters = told
                    }
                ]
            } else {
                $0.detectors = [
                    .with {
                        $0.entities = detect
                        $0.style = style
                        $0.parameters = told
                    }
                ]
            }
        }
        return try DocumentPlan(plan, hashKey: Array("a key for tests".utf8))
    }

    private func csv(_ style: MaskStyle, _ told: StyleParameters, _ value: String) throws -> String {
        let masked = mask("v\n\"\(value)\"\n", .csv, try plan(style, told))
        return String(masked.dropFirst(3).dropLast(2))
    }

    @Test(arguments: [
        (2, 4, false, "4111111111111234", "41***1234"), (0, 4, false, "4111111111111234", "***1234"),
        (3, 0, false, "abcdefgh", "abc***"), (4, 4, false, "abcdefgh", "***efgh"),
        (64, 64, false, "abcdefgh", "***efgh"),
        (2, 2, false, "abcdefg", "a***fg"), (1, 1, false, "abc", "***c"), (1, 0, false, "ab", "a***"),
        (1, 1, false, "a", "***"), (2, 1, false, "žluťoučký", "žl***ý"), (1, 1, false, "漢字漢字", "漢***字"),
        (0, 0, true, "ann@example.com", "***@example.com"), (1, 0, true, "ann@example.com", "a***@example.com"),
        (9, 0, true, "ann@example.com", "a***@example.com"), (0, 0, true, "no mail", "***"),
        (0, 2, true, "no mail", "***il"), (0, 2, false, "ann@example.com", "***om"), (1, 0, false, "abc   ", "a***"),
    ])
    func partial(_ first: UInt32, _ last: UInt32, _ domain: Bool, _ value: String, _ expected: String) throws {
        let told = StyleParameters.with { ($0.first, $0.last, $0.keepDomain) = (first, last, domain) }
        #expect(try csv(.partial, told, value) == expected)
    }

    @Test func partialOfTextThatIsNoUTF8ShowsNothing() {
        var out: [UInt8] = []
        [0xff, 0x61, 0x62, 0x63].withUnsafeBytes { ShownPart(.with { $0.first = 1 }).append($0, to: &out) }
        #expect(out == Array("***".utf8))
    }

    @Test(arguments: [
        ("37", "30"), ("-0.5", "-10.0"), ("2024-05-17", "2024-01-01"), ("2024-05-17T10:00:00Z", "2024-01-01T00:00:00Z"),
        ("about 37", "[redacted]"), ("", ""),
    ])
    func buckets(_ value: String, _ expected: String) throws {
        let told = StyleParameters.with { ($0.widthBillionths, $0.unit) = (10 * Self.billion, .year) }
        #expect(try csv(.bucket, told, value) == expected)
    }

    @Test func bucketsOfNothingElseRedact() throws {
        #expect(try csv(.bucket, .with { $0.unit = .year }, "37") == "[redacted]")
        #expect(try csv(.bucket, .with { $0.widthBillionths = 1 }, "2024-05-17") == "[redacted]")
    }

    /// No bucket is a way to have the value itself.
    @Test(
        arguments: [
            (1, .unspecified, "0.000000001", "[redacted]"), (billion, .unspecified, "37", "[redacted]"),
            (billion / 100, .unspecified, "37.25", "[redacted]"), (0, .day, "2024-05-17", "[redacted]"),
            (0, .day, "2024-05-17 10:00:00", "2024-05-17 00:00:00"), (0, .year, "4714-11-25 BC", "[redacted]"),
            (0, .month, "4714-12-25 BC", "4714-12-01 BC"), (0, .month, "294277-01-01", "[redacted]"),
        ] as [(UInt64, BucketUnit, String, String)])
    func bucketsHide(_ width: UInt64, _ unit: BucketUnit, _ value: String, _ expected: String) throws {
        #expect(try csv(.bucket, .with { ($0.widthBillionths, $0.unit) = (width, unit) }, value) == expected)
    }

    private func style(_ style: MaskStyle, _ told: StyleParameters = StyleParameters()) throws -> Style {
        try Style(
            ColumnMask.with {
                $0.style = style
                $0.parameters = told
            })
    }

    /// Where two masks meet neither shows what the other hides.
    @Test func masksThatMeetAreMerged() throws {
        let year = try style(.bucket, .with { ($0.unit, $0.widthBillionths) = (.year, 100) })
        let merged: [(Style, Style, Style)] = [
            (
                year, try style(.bucket, .with { $0.widthBillionths = 200 }),
                try style(.bucket, .with { $0.widthBillionths = 200 })
            ),
            (
                year, try style(.bucket, .with { ($0.unit, $0.widthBillionths) = (.month, 300) }),
                try style(.bucket, .with { ($0.unit, $0.widthBillionths) = (.year, 300) })
            ),
            (
                try style(.partial, .with { ($0.first, $0.last) = (1, 4) }),
                try style(.partial, .with { ($0.first, $0.last, $0.keepDomain) = (2, 3, true) }),
                try style(.partial, .with { ($0.first, $0.last) = (1, 3) })
            ),
            (try style(.shift), try style(.shift, .with { $0.days = 30 }), try style(.shift)),
            (try style(.partial), try style(.partial), try style(.partial)), (year, try style(.hash), try style(.hash)),
        ]
        for (left, right, expected) in merged {
            #expect(left.merged(with: right) == expected && right.merged(with: left) == expected)
        }
    }

    @Test(arguments: [
        ([StyleParameters.with { $0.keepDomain = true }, .with { ($0.first, $0.last) = (64, 64) }], "***"),
        ([StyleParameters(), .with { $0.last = 4 }], "***"),
        ([StyleParameters(), StyleParameters()], "a***@example.com"),
        ([StyleParameters.with { $0.last = 2 }, .with { ($0.first, $0.last) = (3, 4) }], "***om"),
    ])
    func partsThatMeet(_ told: [StyleParameters], _ expected: String) throws {
        let value = "ann@example.com"
        let columns = MaskPlan.with {
            $0.columns = zip(["v", "*.v", "w"], told).map { pattern, told in
                .with { ($0.pattern, $0.style, $0.parameters) = (pattern, .partial, told) }
            }
        }
        let plan = try DocumentPlan(columns, hashKey: nil)
        #expect(mask("v\n\(value)\n", .csv, plan) == "v\n\(expected)\n")
        #expect(mask("{\"v\": \"\(value)\"}", .json, plan) == "{\"v\": \"\(expected)\"}")
        let detectors = MaskPlan.with {
            $0.detectors = told.map { told in
                .with { ($0.entities, $0.style, $0.parameters) = (["email"], .partial, told) }
            }
        }
        #expect(mask("mail \(value)", .text, try DocumentPlan(detectors, hashKey: nil)) == "mail \(expected)")
    }

    /// A style that shows nothing of numbers is not loosened by a stricter one that does.
    @Test func numbersWhoseMasksMeet() throws {
        let plan = MaskPlan.with {
            $0.columns = [MaskStyle.partial, .tokenize].map { style in .with { ($0.pattern, $0.style) = ("v", style) } }
        }
        let made = try DocumentPlan(plan, hashKey: [1])
        #expect(mask("{\"v\": 1234567}", .json, made) == "{\"v\": null}")
        #expect(mask("{\"v\": \"1234567\"}", .json, made) != "{\"v\": \"[redacted]\"}")
    }

    /// What no style asks for is not made: not every installation of OpenSSL has it all.
    @Test func keysAreMadeForTheStylesThatNeedThem() throws {
        let keys = MaskingKeys(key: [1])
        func made() -> [Bool] { [keys.hash != nil, keys.tokenizer != nil, keys.shift != nil] }
        try keys.prepare([.redact, .null, style(.partial)])
        #expect(made() == [false, false, false])
        try keys.prepare([.hash])
        #expect(made() == [true, false, false])
        try keys.prepare([style(.shift)])
        #expect(made() == [true, false, true])
        try keys.prepare([.tokenize])
        #expect(made() == [true, true, true])
    }

    @Test func shift() throws {
        let day = try csv(.shift, StyleParameters(), "2024-05-17")
        #expect(day != "2024-05-17" && day.count == 10)
        #expect(try csv(.shift, StyleParameters(), "2024-05-17 10:20:30.5") == "\(day) 10:20:30.5")
        #expect(try csv(.shift, StyleParameters(), "2024-05-17T23:00:00-02:00") != "\(day)T23:00:00-02:00")
        #expect(try csv(.shift, StyleParameters(), "17 May 2024") == "[redacted]")
    }

    /// One value has one token wherever it stands.
    @Test(arguments: ["ann@example.com", "4111111111111111", "naïve \u{8}", "C:\\x y \"z\""]) func tokensInEveryFormat(
        _ value: String
    ) throws {
        let plan = try plan(.tokenize, StyleParameters())
        let keys = MaskingKeys(key: Array("a key for tests".utf8))
        try keys.prepare([.tokenize])
        let bytes = Array(value.utf8)
        let token = try #require(bytes.withUnsafeBytes { keys.tokenizer?.token(of: $0) })
        func written(_ text: [UInt8], _ encoding: ValueEncoding) -> String {
            String(decoding: encoding.encode(text), as: UTF8.self)
        }
        for (format, encoding, before, after) in [
            (DocumentFormat.json, ValueEncoding.json, "{\"v\":\"", "\"}"), (.ndjson, .json, "{\"v\":\"", "\"}\n"),
            (.csv, .quoted, "v\n\"", "\"\n"), (.form, .percent, "v=", "&a=b"),
        ] {
            let document = before + written(bytes, encoding) + after
            #expect(mask(document, format, plan) == before + written(token, encoding) + after)
        }
    }

    @Test(arguments: [
        ("{\"v\": 37.5}", "{\"v\": 30}"), ("{\"v\": -1e2}", "{\"v\": -100}"), ("{\"v\": true}", "{\"v\": null}"),
        ("{\"v\": \"37\"}", "{\"v\": \"30\"}"), ("{\"v\": [41, null]}", "{\"v\": [40, null]}"),
    ])
    func numbersInJSON(_ text: String, _ expected: String) throws {
        #expect(mask(text, .json, try plan(.bucket, .with { $0.widthBillionths = 10 * Self.billion })) == expected)
    }

    @Test func tokensOfNumbersInJSON() throws {
        let plan = try plan(.tokenize, StyleParameters())
        let number = mask("{\"v\":1234567}", .json, plan)
        #expect(
            number
                == mask("{\"v\":\"1234567\"}", .json, plan).replacing("\"v\":\"", with: "\"v\":").replacing(
                    "\"}", with: "}"))
        #expect(number != "{\"v\":1234567}")
        for text in ["12345", "1234567.5", "1e9", "true"] {
            #expect(mask("{\"v\":\(text)}", .json, plan) == "{\"v\":null}")
        }
    }

    @Test func findings() throws {
        let plan = try plan(.tokenize, StyleParameters(), detect: ["email"])
        let first = mask("mail ann@example.com now", .text, plan)
        #expect(first.hasPrefix("mail ") && first.hasSuffix(" now") && !first.contains("ann@"))
        #expect(mask("{\"a\":\"ann@example.com\"}", .json, plan) == "{\"a\":\"\(first.dropFirst(5).dropLast(4))\"}")
        // Text that was to be JSON, with an escape within the finding.
        #expect(
            mask("{\"a\":\"ann\\u0040example.com\" x\n", .ndjson, plan)
                == "{\"a\":\"\(first.dropFirst(5).dropLast(4))\" x\n")
        let domain = try self.plan(.partial, .with { $0.keepDomain = true }, detect: ["email"])
        #expect(mask("mail ann@example.com", .text, domain) == "mail ***@example.com")
        let shift = try self.plan(.shift, StyleParameters(), detect: ["date_of_birth"])
        #expect(!mask("date of birth: 1980-03-12", .text, shift).contains("1980-03-12"))
        #expect(mask("date of birth: 12 March 1980", .text, shift).contains("[redacted:date_of_birth]"))
    }

    @Test(arguments: [MaskStyle.hash, .tokenize, .shift]) func keyedStylesNeedAKey(_ style: MaskStyle) {
        let plan = MaskPlan.with {
            $0.columns = [
                .with {
                    $0.pattern = "v"
                    $0.style = style
                }
            ]
        }
        #expect(throws: MaskError.self) { try DocumentPlan(plan, hashKey: nil) }
        let text = Array("2024-05-17".utf8)
        var out: [UInt8] = []
        let substitutes = Substitutes(engine: nil, keys: nil)
        #expect(throws: Never.self) {
            let style = try Style(plan.columns[0])
            text.withUnsafeBytes { substitutes.appendWhole(style, $0, to: &out) }
        }
        #expect(out == Substitutes.redacted)
    }

    /// Of several styles the strictest counts.
    @Test func order() throws {
        let rising = [
            try style(.partial, .with { ($0.first, $0.keepDomain) = (6, true) }), try style(.partial),
            try style(.partial, .with { $0.keepDomain = true }),
            try style(.partial, .with { ($0.first, $0.last) = (4, 4) }),
            try style(.partial, .with { $0.last = 4 }), try style(.bucket, .with { $0.unit = .day }),
            try style(.bucket, .with { ($0.unit, $0.widthBillionths) = (.month, 1) }),
            try style(.bucket, .with { $0.unit = .month }),
            try style(.bucket, .with { $0.widthBillionths = 1 }), try style(.shift, .with { $0.days = 30 }),
            try style(.shift),
            try style(.tokenize), try style(.hash), try style(.redact), try style(.null),
        ]
        for (index, style) in rising.enumerated() {
            for (other, second) in rising.enumerated() { #expect((style < second) == (index < other)) }
        }
    }
}
