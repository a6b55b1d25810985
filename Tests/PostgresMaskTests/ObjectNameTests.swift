import Testing

/// Types that write out what no number of their kind says.
@Suite struct ObjectNameTests {
    private let rules = plan(detect: everyEntity)
    private let card: Int64 = 4_111_111_111_111_111

    @Test func transactionNumbersAreNumbers() throws {
        for format in [Int32(0), 1] {
            let column = column("v", type: 5069, format: format)
            func value(_ number: Int64) -> [UInt8] { format == 1 ? Wire.int64(number) : Array("\(number)".utf8) }
            #expect(try maskValue(rules, column, value(card)) == nil)
            #expect(try maskValue(rules, column, value(card + 1)) == value(card + 1))
        }
    }

    @Test(arguments: [(22, 21), (30, 26)] as [(UInt32, Int)])
    func vectorsAreReadAsTheyShow(type: UInt32, element: Int) throws {
        for (numbers, isKept) in [([4111, 1111, 1111, 1111], false), ([4111, 1111, 1111, 1112], true), ([], true)] {
            let text = Array(numbers.map { "\($0)" }.joined(separator: " ").utf8)
            #expect(try maskValue(rules, column("v", type: type), text) == (isKept ? text : nil))
            let header = numbers.isEmpty ? [0, 0, element] : [1, 0, element, numbers.count, 0]
            let binary =
                header.flatMap(Wire.int32)
                + numbers.flatMap { type == 22 ? Wire.int32(2) + Wire.int16($0) : Wire.int32(4) + Wire.int32($0) }
            #expect(try maskValue(rules, column("v", type: type, format: 1), binary) == (isKept ? binary : nil))
        }
    }

    /// regproc to regcollation.
    @Test(arguments: [24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191] as [UInt32])
    func namesOfObjectsAreText(type: UInt32) throws {
        let text = column("v", type: type)
        #expect(try maskText(rules, text, "\"alice@example.com\"") == nil)
        #expect(try maskText(rules, text, "people") == "people")
        let number = Wire.int32(16_384)
        #expect(try maskValue(rules, column("v", type: type, format: 1), number) == number)
    }

    @Test func arraysOfNamesElementByElement() throws {
        let shown = try maskText(
            rules, column("v", type: 4097), #"{alice,"\"alice@example.com\""}"#)
        #expect(shown == "{alice,NULL}")
    }
}
