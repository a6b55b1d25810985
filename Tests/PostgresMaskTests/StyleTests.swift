import Contract
import Masking
import SwiftProtobuf
import Testing

@testable import PostgresMask

/// What the styles make of values of each type, in text and binary.
@Suite struct StyleTests {
    private static let billion: UInt64 = 1_000_000_000

    private func styled(_ style: MaskStyle, _ told: StyleParameters = StyleParameters()) -> MaskPlan {
        .with {
            $0.columns = [
                .with {
                    $0.pattern = "v"
                    $0.style = style
                    $0.parameters = told
                }
            ]
        }
    }

    private static let tens = StyleParameters.with { $0.widthBillionths = 10 * billion }
    private static let months = StyleParameters.with { $0.unit = .month }

    /// A value in text and in binary, and what is expected of both; nil: NULL.
    private func check(
        _ plan: MaskPlan, _ type: UInt32, _ text: String, binary: [UInt8], _ expected: (text: String, binary: [UInt8])?
    ) throws {
        #expect(try maskText(plan, column("v", type: type), text) == expected?.text, "\(type): \(text)")
        #expect(
            try maskValue(plan, column("v", type: type, format: 1), binary) == expected?.binary, "\(type): \(text)")
    }

    @Test(arguments: [(37, 30), (-37, -40), (0, 0), (32_767, 32_760), (-32_768, nil)] as [(Int, Int?)])
    func buckets(of number: Int, _ expected: Int?) throws {
        let plan = styled(.bucket, Self.tens)
        try check(plan, 21, "\(number)", binary: Wire.int16(number), expected.map { ("\($0)", Wire.int16($0)) })
        let whole = expected ?? -32_770
        try check(plan, 23, "\(number)", binary: Wire.int32(number), ("\(whole)", Wire.int32(whole)))
        try check(plan, 20, "\(number)", binary: Wire.int64(Int64(number)), ("\(whole)", Wire.int64(Int64(whole))))
        try check(
            plan, 701, "\(number).5", binary: double(Double(number) + 0.5),
            (
                "\(Int((Double(number) + 0.5) / 10, roundedDown: ()) * 10)",
                double(((Double(number) + 0.5) / 10).rounded(.down) * 10)
            ))
    }

    @Test(
        arguments: [
            (1082, "2024-05-17", Wire.int32(8903), "2024-05-01", Wire.int32(8887)),
            (1082, "0044-03-15 BC", Wire.int32(-746_117), "0044-03-01 BC", Wire.int32(-746_131)),
            (1082, "infinity", Wire.int32(0x7fff_ffff), "infinity", Wire.int32(0x7fff_ffff)),
            (1114, "2024-05-17 10:20:30.25", micros(8903, 37_230_250_000), "2024-05-01 00:00:00", micros(8887, 0)),
            (1114, "-infinity", Wire.int64(.min), "-infinity", Wire.int64(.min)),
            (1184, "2024-06-01 01:00:00+02", micros(8917, 82_800_000_000), "2024-05-01 00:00:00+00", micros(8887, 0)),
        ] as [(UInt32, String, [UInt8], String, [UInt8])])
    func bucketsOfDates(
        _ type: UInt32, _ text: String, _ binary: [UInt8], _ expected: String, _ expectedBinary: [UInt8]
    ) throws {
        try check(styled(.bucket, Self.months), type, text, binary: binary, (expected, expectedBinary))
        try check(styled(.bucket, Self.tens), type, text, binary: binary, nil)
    }

    private static func micros(_ day: Int64, _ micros: Int64) -> [UInt8] {
        Wire.int64(day * 86_400_000_000 + micros)
    }

    private func double(_ value: Double) -> [UInt8] { Wire.int64(Int64(bitPattern: value.bitPattern)) }

    /// What a type cannot carry is NULL, and so is what is not as PostgreSQL's ISO style writes it.
    @Test(
        arguments: [
            (MaskStyle.tokenize, 23, "12345"), (.tokenize, 21, "12345"), (.tokenize, 1700, "NaN"),
            (.tokenize, 1700, "0.123"),
            (.tokenize, 701, "1234567.5"), (.tokenize, 1082, "2024-05-17"), (.tokenize, 17, "\\x0011223344"),
            (.tokenize, 16, "t"), (.tokenize, 2950, "no uuid"), (.shift, 23, "1234567"), (.shift, 1082, "17.05.2024"),
            (.shift, 1082, "2024-05-17 10:00:00"), (.shift, 1114, "2024-05-17 10:00:00+00"), (.shift, 1083, "10:00:00"),
            (.shift, 1184, "2024-05-17 10:00:00"), (.bucket, 1700, "Infinity"), (.bucket, 701, "NaN"),
            (.bucket, 790, "$37.00"), (.bucket, 1186, "3 days"), (.partial, 23, "1234567"),
            (.partial, 1082, "2024-05-17"),
            (.bucket, 23, "x"), (.shift, 1082, "294276-12-31x"),
        ] as [(MaskStyle, UInt32, String)])
    func nullWhereATypeCannotCarryIt(_ style: MaskStyle, _ type: UInt32, _ text: String) throws {
        let told = style == .bucket ? Self.tens : style == .partial ? .with { $0.last = 2 } : StyleParameters()
        #expect(try maskText(styled(style, told), column("v", type: type), text) == nil)
    }

    @Test func tokensAreTheSameInEveryTypeAndFormat() throws {
        let plan = styled(.tokenize)
        for text in ["123456", "2147483647", "9876543210", "-1234567890"] {
            let token = try #require(try maskText(plan, column("v"), text))
            #expect(token != text && token.count == text.count)
            for (type, bits) in [(23, 4), (20, 8), (1700, 0)] as [(UInt32, Int)] {
                let number = try #require(Int64(text))
                let isHeld = bits != 4 || Int32(exactly: number) != nil
                guard isHeld else { continue }
                let binary = bits == 4 ? Wire.int32(Int(number)) : bits == 8 ? Wire.int64(number) : try numeric(text)
                let value = try #require(Int64(token))
                let expected = bits == 4 ? Wire.int32(Int(value)) : bits == 8 ? Wire.int64(value) : try numeric(token)
                try check(plan, type, text, binary: binary, (token, expected))
            }
            let json = try #require(try maskText(jsonDetect(), column("v", type: 114), "{\"card\": 4111111111111111}"))
            let card = try #require(try maskText(plan, column("v"), "4111111111111111"))
            #expect(json == "{\"card\": \(card)}")
        }
        let uuid = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
        let token = try #require(try maskText(plan, column("v"), uuid))
        let binary = WireNumber.uuidBytes(Array(token.utf8)) ?? []
        try check(plan, 2950, uuid, binary: WireNumber.uuidBytes(Array(uuid.utf8)) ?? [], (token, binary))
    }

    private func jsonDetect() -> MaskPlan {
        .with {
            $0.detectors = [
                .with {
                    $0.entities = ["credit_card"]
                    $0.style = .tokenize
                }
            ]
        }
    }

    private func numeric(_ text: String) throws -> [UInt8] { try #require(WireNumeric.bytes(Array(text.utf8))) }

    /// As numeric_send writes them.
    @Test(
        arguments: [
            ("0", [0, 0, 0, 0]), ("0.00", [0, 0, 0, 2]), ("1", [1, 0, 0, 0, 1]), ("-1", [1, 0, 0x4000, 0, 1]),
            ("12345.678", [3, 1, 0, 3, 1, 2345, 6780]), ("10000", [1, 1, 0, 0, 1]), ("0.00001", [1, -2, 0, 5, 1000]),
            ("-0.5", [1, -1, 0x4000, 1, 5000]), ("100000000.5", [4, 2, 0, 1, 1, 0, 0, 5000]),
        ] as [(String, [Int])])
    func numericOnTheWire(_ text: String, _ words: [Int]) throws {
        let bytes = words.flatMap(Wire.int16)
        #expect(try numeric(text) == bytes)
        #expect(shown(bytes) == Array(text.utf8))
        for end in bytes.indices { #expect(shown(Array(bytes[..<end])) == nil) }
    }

    @Test(arguments: [
        [1, 0, 0xc000, 0], [1, 0, 0, 0, 10_000], [1, 0, 0, 0, -1], [0, 251, 0, 0], [0, 0, 0, 1001], [0, 0, 0, -1],
        [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0, 1],
    ])
    func whatIsNoNumeric(words: [Int]) {
        #expect(shown(words.flatMap(Wire.int16)) == nil)
    }

    private func shown(_ numeric: [UInt8]) -> [UInt8]? {
        numeric.withUnsafeBytes { PostgresText.rendered(.scalar(.numeric), $0) }
    }

    private func meeting(_ styles: [(MaskStyle, StyleParameters)], outputs: Bool) -> MaskPlan {
        .with { plan in
            for (style, told) in styles {
                if outputs {
                    plan.outputs.append(.with { ($0.style, $0.parameters) = (style, told) })
                } else {
                    plan.columns.append(.with { ($0.pattern, $0.style, $0.parameters) = ("v", style, told) })
                }
            }
        }
    }

    /// A style that leaves NULL of a type is the strictest there, and of one style what both show is shown.
    @Test(
        arguments: [
            (23, "1234567", [.partial, .bucket], Self.tens, nil),
            (23, "1234567", [.partial, .tokenize], Self.tens, nil),
            (1700, "37.5", [.shift, .bucket], Self.tens, nil),
            (1082, "2024-05-17", [.partial, .shift], Self.tens, nil),
            (1082, "2024-05-17", [.tokenize, .shift], Self.tens, nil),
            (114, "{}", [.partial, .tokenize], Self.tens, "\"[redacted]\""),
            (142, "<a/>", [.partial, .hash], Self.tens, "[redacted]"),
            (23, "37", [.bucket, .bucket], Self.tens, "30"), (1082, "2024-05-17", [.bucket, .bucket], Self.tens, nil),
        ] as [(UInt32, String, [MaskStyle], StyleParameters, String?)])
    func stylesThatMeet(
        _ type: UInt32, _ text: String, _ styles: [MaskStyle], _ told: StyleParameters, _ expected: String?
    ) throws {
        for styles in [styles, styles.reversed()] {
            for outputs in [true, false] {
                let plan = meeting(styles.map { ($0, $0 == .bucket ? told : StyleParameters()) }, outputs: outputs)
                #expect(try maskText(plan, column("v", type: type), text) == expected, "\(type) \(styles)")
            }
        }
    }

    @Test func bucketsThatMeetShowWhatBothShow() throws {
        let wide = StyleParameters.with { ($0.unit, $0.widthBillionths) = (.year, 100_000 * Self.billion) }
        for outputs in [true, false] {
            let plan = meeting([(.bucket, wide), (.bucket, Self.tens)], outputs: outputs)
            #expect(try maskText(plan, column("v", type: 23), "123456") == "100000")
            #expect(try maskText(plan, column("v", type: 1082), "2024-05-17") == nil)
        }
    }

    @Test func findingsWhoseStylesMeet() throws {
        var plan = jsonDetect()
        plan.detectors.append(
            .with {
                $0.entities = ["credit_card"]
                $0.style = .partial
            })
        #expect(try maskText(plan, column("v", type: 20), "4111111111111111") == nil)
        #expect(try maskText(plan, column("v", type: 114), "{\"a\": 4111111111111111}") == "{\"a\": null}")
    }

    /// No bucket is the value itself.
    @Test(
        arguments: [
            (23, "37", 1, .unspecified, nil), (1700, "37", 1, .unspecified, nil),
            (1700, "37.50", 1, .unspecified, "37.00"),
            (701, "37", 1, .unspecified, nil), (701, "37.5", 1, .unspecified, "37"), (1082, "2024-05-17", 0, .day, nil),
            (1114, "2024-05-17 10:00:00", 0, .day, "2024-05-17 00:00:00"), (1082, "4714-11-25 BC", 0, .year, nil),
        ] as [(UInt32, String, UInt64, BucketUnit, String?)])
    func bucketsHide(_ type: UInt32, _ text: String, _ width: UInt64, _ unit: BucketUnit, _ expected: String?) throws {
        let plan = styled(.bucket, .with { ($0.widthBillionths, $0.unit) = (width * Self.billion, unit) })
        #expect(try maskText(plan, column("v", type: type), text) == expected)
    }

    /// `char(n)` and `varchar` have to join.
    @Test(arguments: [MaskStyle.hash, .tokenize]) func paddingIsNoPartOfAValue(_ style: MaskStyle) throws {
        let value = try maskText(styled(style), column("v", type: 1043), "ann@example.com")
        #expect(try maskText(styled(style), column("v", type: 1042), "ann@example.com     ") == value)
        #expect(try maskText(styled(style), column("v", type: 1043), "ann@example.com     ") != value)
    }

    /// Random values of each type: the text format and the binary one show the same, and equal values the same.
    @Test(arguments: [MaskStyle.tokenize, .shift, .bucket]) func textAndBinaryAgree(style: MaskStyle) throws {
        var random = Seeded(5)
        let plan = styled(
            style, style == .bucket ? .with { ($0.widthBillionths, $0.unit) = (2_500_000_000, .year) } : .with { _ in })
        for _ in 0..<300 {
            let number = Int64(bitPattern: UInt64(random.number(below: .max))) >> Int64(random.number(below: 60))
            let values: [(UInt32, String, [UInt8])] = [
                (20, "\(number)", Wire.int64(number)),
                (23, "\(number >> 32)", Wire.int32(Int(number >> 32))),
                (1700, "\(number).\(100 + random.number(below: 900))", []),
                (
                    1082, String(decoding: ISODate.text(day: Int(number >> 40)), as: UTF8.self),
                    Wire.int32(Int(number >> 40))
                ),
                (1114, timestamp(number >> 4, ""), Wire.int64(number >> 4)),
                (1184, timestamp(number >> 4, "+00"), Wire.int64(number >> 4)),
                (701, Double(number).description, double(Double(number))),
            ]
            for (type, text, given) in values {
                let binary = type == 1700 ? try numeric(text) : given
                let masked = try maskText(plan, column("v", type: type), text)
                let maskedBinary = try maskValue(plan, column("v", type: type, format: 1), binary)
                #expect(try maskText(plan, column("v", type: type), text) == masked)
                guard let masked, let maskedBinary else {
                    #expect(masked == nil && maskedBinary == nil, "\(type) \(text)")
                    continue
                }
                #expect(wire(type, masked) == maskedBinary, "\(type) \(text) \(masked)")
                if style != .bucket { #expect(masked != text) }
            }
        }
    }

    private func timestamp(_ microseconds: Int64, _ zone: String) -> String {
        String(decoding: PostgresText.timestamp(microseconds, zone: zone), as: UTF8.self)
    }

    private func wire(_ type: UInt32, _ text: String) -> [UInt8]? {
        switch type {
        case 20: Int64(text).map(Wire.int64)
        case 23: Int(text).map(Wire.int32)
        case 1700: WireNumeric.bytes(Array(text.utf8))
        case 1082: WireTime.dateBytes(Array(text.utf8))
        case 701: Double(text).map(double)
        case _: WireTime.timestampBytes(Array(text.utf8))
        }
    }

    /// What a detector finds in a value that is no text is masked as a whole, in its style where the type can hold that.
    @Test func findingsInTypedValues() throws {
        let tokenize = jsonDetect()
        let card = try #require(try maskText(tokenize, column("v"), "4111111111111111"))
        try check(
            tokenize, 20, "4111111111111111", binary: Wire.int64(4_111_111_111_111_111),
            (card, Wire.int64(try #require(Int64(card)))))
        let shift = MaskPlan.with {
            $0.detectors = [
                .with {
                    $0.entities = ["date_of_birth"]
                    $0.style = .shift
                }
            ]
        }
        let birth = column("date_of_birth", type: 1082)
        let moved = try #require(try maskText(shift, birth, "1980-03-12"))
        #expect(moved != "1980-03-12" && moved.count == 10)
        let binary = try maskValue(shift, column("date_of_birth", type: 1082, format: 1), Wire.int32(-7234))
        #expect(binary == WireTime.dateBytes(Array(moved.utf8)))
        #expect(try maskText(shift, column("note"), "date of birth: 1980-03-12.") == "date of birth: \(moved).")
    }

    /// 555-2671 is a phone number, and 005-55-2671 a social security number that lost its zeros.
    @Test func theStrictestOfAllReadingsCounts() throws {
        func plan(_ styles: [(String, MaskStyle)]) -> MaskPlan {
            .with { plan in
                plan.detectors = styles.map { entity, style in
                    .with {
                        $0.entities = [entity]
                        $0.style = style
                    }
                }
            }
        }
        for (format, value) in [(0, Array("5552671".utf8)), (1, Wire.int64(5_552_671))] as [(Int32, [UInt8])] {
            let column = column("phone_ssn", type: 20, format: format)
            let loose = try maskValue(plan([("phone", .tokenize)]), column, value)
            #expect(loose != nil && loose != value)
            for strict in [MaskStyle.redact, .null] {
                #expect(try maskValue(plan([("us_ssn", strict)]), column, value) == nil)
                #expect(try maskValue(plan([("phone", .tokenize), ("us_ssn", strict)]), column, value) == nil)
            }
            let same = try mask(
                batch(plan([("phone", .tokenize), ("us_ssn", .tokenize)]), [column]), Wire.row([value]))
            #expect(Wire.fields(Wire.parse(same.payload)[0].body) == [loose])
            #expect(same.reply.counts.map(\.count) == [1])
        }
    }

    @Test func jsonColumnsBecomeASealedToken() throws {
        let text = "{\"a\": [1, \"x\"]}"
        let token = try #require(try maskText(styled(.tokenize), column("v", type: 114), text))
        #expect(token.hasPrefix("\"tok_") && token.hasSuffix("\""))
        #expect(
            try maskValue(styled(.tokenize), column("v", type: 3802, format: 1), [1] + Array(text.utf8)) == [1]
                + Array(token.utf8))
        for style in [MaskStyle.shift, .bucket] {
            #expect(try maskText(styled(style), column("v", type: 114), text) == "\"[redacted]\"")
        }
    }

    @Test(arguments: [Int32(0), 1]) func xmlColumnsStayXML(format: Int32) throws {
        let column = column("v", type: 142, format: format)
        let token = try #require(try maskText(styled(.tokenize), column, "<card>4111-1111</card>"))
        #expect(token.hasPrefix("tok_") && !token.contains("<"))
        #expect(try maskText(styled(.tokenize), column, "<card>4111-1111</card>") == token)
        #expect(try maskText(styled(.hash), column, "<a>b</a>")?.hasPrefix("h:") == true)
        for style in [MaskStyle.partial, .shift, .bucket, .redact] {
            #expect(try maskText(styled(style), column, "<a>2024-01-01</a>") == "[redacted]")
        }
    }

    @Test func copyMasksAsRowsDo() throws {
        let columns = [column("v", type: 23), column("v", type: 1082)]
        let reply = try mask(
            batch(
                styled(.bucket, .with { ($0.widthBillionths, $0.unit) = (10 * Self.billion, .year) }), columns,
                copy: "text"),
            Wire.copy("37\t2024-05-17\n\\N\tx\n"))
        #expect(
            Wire.parse(reply.payload).map { String(decoding: $0.body, as: UTF8.self) } == [
                "30\t2024-01-01\n", "\\N\t\\N\n",
            ])
    }

    @Test func whatIsToldMoreThanCanBeIsRefused() {
        for told in [
            StyleParameters.with { $0.first = 65 }, .with { $0.days = 36_501 }, .with { $0.widthBillionths = .max },
        ] {
            #expect(throws: MaskError.self) {
                try mask(batch(styled(.partial, told), [column("v")]), Wire.row([[0x61]]))
            }
        }
    }
}

extension Int {
    fileprivate init(_ value: Double, roundedDown: ()) { self = Int(value.rounded(.down)) }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same values each time.
private struct Seeded {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func number(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
