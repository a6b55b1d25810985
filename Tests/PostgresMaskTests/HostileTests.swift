import Contract
import Masking
import PostgresMask
import Testing

@Suite struct HostileTests {
    private let rules = plan(columns: [("*.email", .partial)], detect: everyEntity)
    private let columns = [column("email"), column("note"), column("doc", type: 3802, format: 1)]
    private var row: [UInt8] {
        Wire.row([Array("bob@b.co".utf8), Array("card 4111111111111111".utf8), [1] + Array("{\"a\":\"a@b.co\"}".utf8)])
    }

    @Test func anEmptyPlanChangesNothing() throws {
        #expect(try mask(batch(MaskPlan()), [1, 2, 3]).payload == [1, 2, 3])
    }

    @Test func everyTruncationThrows() throws {
        let whole = row
        for count in 1..<whole.count {
            #expect(throws: MaskError.self) { try mask(batch(rules, columns), Array(whole[..<count])) }
        }
    }

    @Test func everyTruncationWithAFittingHeaderThrows() throws {
        let whole = row
        for count in 5..<whole.count {
            let cut = Wire.message("D", Array(whole[5..<count]))
            #expect(throws: MaskError.self) { try mask(batch(rules, columns), cut) }
        }
    }

    @Test(arguments: [0, 3, -1, Int(Int32.max), Int(Int32.min)])
    func hostileMessageLengthsThrow(length: Int) {
        #expect(throws: MaskError.self) { try mask(batch(rules, columns), [0x44] + Wire.int32(length) + [0, 0, 0, 0]) }
    }

    @Test(arguments: [-2, Int(Int32.max), Int(Int32.min), 2])
    func hostileColumnLengthsThrow(length: Int) {
        let body = Wire.int16(1) + Wire.int32(length) + [0x61]
        #expect(throws: MaskError.self) { try mask(batch(rules, [column("a")]), Wire.message("D", body)) }
    }

    @Test func columnCountsMustAgree() {
        for fields in [[], [nil], [nil, nil, nil, nil]] as [[[UInt8]?]] {
            #expect(throws: MaskError.self) { try mask(batch(rules, columns), Wire.row(fields)) }
        }
        #expect(throws: MaskError.self) { try mask(batch(rules, columns), Wire.message("D", Wire.int16(-1))) }
        #expect(throws: MaskError.self) {
            try mask(batch(rules, [column("a")]), Wire.message("D", Wire.int16(1) + Wire.int32(-1) + [0]))
        }
    }

    @Test func otherMessagesPassUntouched() throws {
        let payload =
            Wire.message("T", [1, 2, 3]) + row + Wire.message("C", Array("SELECT 1\0".utf8)) + Wire.message("Z", [0x49])
        let parsed = Wire.parse(try mask(batch(rules, columns), payload).payload)
        #expect(parsed.map(\.type) == ["T", "D", "C", "Z"])
        #expect(parsed[0].body == [1, 2, 3] && parsed[3].body == [0x49])
        #expect(
            Wire.fields(parsed[1].body) == [
                Array("b***@b.co".utf8), Array("card [redacted:credit_card]".utf8),
                [1] + Array("{\"a\":\"[redacted:email]\"}".utf8),
            ])
    }

    @Test func functionResultsAndUndescribedCopyDataAreRefused() {
        for payload in [
            Wire.message("V", Wire.int32(-1)), Wire.copy("a\n"), Wire.message("H", [0, 0, 0]),
            Wire.message("W", [0, 0, 0]),
        ] {
            #expect(throws: MaskError.self) { try mask(batch(rules, columns), payload) }
        }
    }

    @Test func everyFlippedByteEitherThrowsOrGivesWholeMessages() throws {
        let masker = PostgresMasker(hashKey: key)
        let whole = row
        for index in whole.indices {
            for flip in [0x01, 0x80, 0xff] as [UInt8] {
                var bytes = whole
                bytes[index] ^= flip
                guard let reply = try? mask(batch(rules, columns), bytes, with: masker) else { continue }
                #expect(!Wire.parse(reply.payload).contains { $0.type == "?" })
            }
        }
    }

    /// Headers within one another, each of which says that its element is an array, or may be one.
    @Test(arguments: [(1009, 1009), (1009, 1016), (22, 22), (1006, 22), (16_999, 1009)] as [(UInt32, Int)])
    func arraysWithinArraysAreWithheld(type: UInt32, element: Int) throws {
        for levels in [2, 10, 20_000] {
            let value = (1...levels).reversed().flatMap {
                [1, 0, element, 1, 1, 24 * ($0 - 1)].flatMap(Wire.int32)
            }
            let shown = try maskValue(plan(detect: everyEntity), column("v", type: type, format: 1), value)
            // An element that is no array ends it: it is NULL.
            #expect(shown == nil || shown == [1, 1, element, 1, 1, -1].flatMap(Wire.int32), "\(type) \(levels)")
        }
    }

    @Test func manyPlansInOneMasker() throws {
        let masker = PostgresMasker(hashKey: key)
        for number in 0..<(PostgresMasker.maximumCachedPlans * 2 + 1) {
            let name = "c\(number % 70)"
            let reply = try mask(
                batch(plan(columns: [("*.\(name)", .redact)]), [column(name)]), Wire.row([[0x61]]), with: masker)
            #expect(Wire.fields(Wire.parse(reply.payload)[0].body) == [Array("[redacted]".utf8)])
        }
    }
}
