import Testing

@testable import PostgresMask

@Suite struct PostgresTextTests {
    @Test(arguments: [
        (-7168, "1980-05-17"), (59, "2000-02-29"), (366, "2001-01-01"), (-1, "1999-12-31"), (0, "2000-01-01"),
        (-36_524, "1900-01-01"), (Int(Int32.max), "infinity"), (Int(Int32.min), "-infinity"),
    ])
    func daysAreDates(days: Int, text: String) {
        #expect(PostgresText.date(days: days) == Array(text.utf8))
    }

    /// They show as a character each.
    @Test func bitsShowAsNoMoreThanIsRendered() {
        let count = PostgresText.maximumRenderedBytes + 1
        let bytes = Wire.int32(count) + [UInt8](repeating: 0, count: count / 8 + 1)
        #expect(bytes.withUnsafeBytes { PostgresText.rendered(.scalar(.bits), $0) } == nil)
    }

    @Test(
        arguments: [
            ("4111111111111111", "4111111111111111"), ("-4111111111111111.25", "4111111111111111"),
            ("4.111111111111111e+15", "4111111111111111"), ("41e3", "41000"), ("4.1e-3", nil), ("0.5", ""),
            ("1.2.3", nil),
            ("1e", nil), ("e5", nil), ("", nil), ("1e999", nil), ("12a", nil),
        ] as [(String, String?)])
    func digitsBeforeThePoint(text: String, digits: String?) {
        let read = Array(text.utf8).withUnsafeBytes { PostgresText.wholeDigits($0) }
        #expect(read == digits.map { Array($0.utf8) })
    }

    @Test(
        arguments: [
            ("(1,\"a \"\"b\"\"\",)", ["1", "a \"b\"", ""]), ("[1,2)", ["1", "2"]),
            ("{a,\"b\\\"c\",NULL}", ["a", "b\"c"]),
            ("{[1,2),(\"3 4\",5]}", ["[1,2)", "(\"3 4\",5]"]), ("[0:1]={a,b}", ["a", "b"]),
            ("{{1,2},{3,4}}", ["1", "2", "3", "4"]),
            ("()", [""]), ("{}", []), ("(a(b)", nil), ("(a", nil), ("{a", nil), ("{\"a}", nil), ("(\"a)", nil),
            ("x", nil),
        ] as [(String, [String]?)])
    func valuesWithinValues(text: String, parts: [String]?) {
        let read = Array(text.utf8).withUnsafeBytes { NestedText.parts($0) }
        #expect(read == parts.map { $0.map { Array($0.utf8) } })
    }
}
