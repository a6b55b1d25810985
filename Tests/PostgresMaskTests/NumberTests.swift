import Testing

/// Numbers of many digits come to the same in both formats.
@Suite struct NumberTests {
    struct Number: CustomStringConvertible {
        let description: String
        let binary: [UInt8]

        /// As numeric_send writes them: groups of four digits, of which the first has this weight.
        init(_ groups: [Int], weight: Int, scale: Int, _ text: String) {
            description = text
            binary = [groups.count, weight, 0, scale].flatMap(Wire.int16) + groups.flatMap(Wire.int16)
        }

        static func whole(_ text: String, scale: Int) -> Number {
            let digits = Array(text)
            let groups = stride(from: 0, to: digits.count, by: 4).map { Int(String(digits[$0..<$0 + 4])) ?? 0 }
            let decimals = scale == 0 ? "" : "." + String(repeating: "0", count: scale)
            return Number(groups, weight: groups.count - 1, scale: scale, text + decimals)
        }
    }

    private func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    private func check(_ number: Number, isKept: Bool, detect: [String] = everyEntity) throws {
        let rules = plan(detect: detect)
        let text = Array(number.description.utf8)
        #expect((try maskValue(rules, column("v", type: 1700), text)) == (isKept ? text : nil), "\(number)")
        let binary = try maskValue(rules, column("v", type: 1700, format: 1), number.binary)
        #expect(binary == (isKept ? number.binary : nil), "\(number)")

        let array = try maskText(rules, column("v", type: 1231), "{1,\(number)}")
        #expect(array == (isKept ? "{1,\(number)}" : "{1,NULL}"))
        let header = [1, 0, 1700, 1, 1].flatMap(Wire.int32)
        let element = Wire.int32(number.binary.count) + number.binary
        let elements = try maskValue(rules, column("v", type: 1231, format: 1), header + element)
        #expect(
            elements == (isKept ? header + element : [1, 1, 1700, 1, 1, -1].flatMap(Wire.int32)), "\(number)")

        let record = try maskText(rules, column("v", type: 2249), "(\(number),a)")
        #expect((record != nil) == isKept, "\(number)")
        let fields = Wire.int32(1) + Wire.int32(1700) + element
        #expect((try maskValue(rules, column("v", type: 2249, format: 1), fields) != nil) == isKept, "\(number)")
    }

    @Test(arguments: [0, 2, 239, 240, 241, 500, 984, 985, 16_383]) func cardsWithDecimals(scale: Int) throws {
        try check(.whole("4111111111111111", scale: scale), isKept: false)
        try check(.whole("4111111111111112", scale: scale), isKept: scale <= 984)
    }

    /// Also where no detector proposes anything in digits.
    @Test(arguments: [everyEntity, ["email"]]) func numbersOfTooManyDigitsAreWithheld(detect: [String]) throws {
        try check(Number([1000], weight: 249, scale: 0, "1" + zeros(999)), isKept: true, detect: detect)
        try check(Number([1], weight: 250, scale: 0, "1" + zeros(1000)), isKept: false, detect: detect)
        try check(Number([10], weight: -250, scale: 999, "0." + zeros(998) + "1"), isKept: true, detect: detect)
        try check(Number([1], weight: -250, scale: 1000, "0." + zeros(999) + "1"), isKept: false, detect: detect)
        try check(Number([10], weight: -4096, scale: 16_383, "0." + zeros(16_382) + "1"), isKept: false, detect: detect)
    }
}
