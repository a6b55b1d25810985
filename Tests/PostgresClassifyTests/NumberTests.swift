import Testing

@testable import PostgresClassify

/// Numbers are exact, or none.
@Suite struct NumberTests {
    private func number(_ text: String) -> Number? { Number(text) }

    @Test(arguments: [
        ("1", "1.0"), ("1", "01"), ("-1", "-1.00"), ("+5", "5"), ("1e2", "100"), ("1.5E1", "15"), ("100e-2", "1"),
        (".5", "0.5"), ("5.", "5"), ("0", "-0"), ("99999999999999999999", "99999999999999999999.0"),
        ("-9223372036854775808", "-9223372036854775808"), ("1e19", "10000000000000000000"),
    ])
    func areEqual(_ a: String, _ b: String) throws {
        let left = try #require(number(a))
        let right = try #require(number(b))
        #expect(left == right && !(left < right) && !(right < left))
    }

    @Test(arguments: [
        "", "-", "+", ".", "e5", "1e", "1e+", "1..2", "1.2.3", "--1", "1-", " 1", "1 ", "0x10", "1_000", "Infinity",
        "NaN",
        "1e21", "1e99999999999999999999", "100000000000000000000", "0.0000000000000000001", "é",
        String(repeating: "9", count: 1000), "1e-40",
    ])
    func areNone(_ text: String) { #expect(number(text) == nil) }

    @Test(arguments: [
        ("7", "+", "2", "9"), ("7", "-", "9", "-2"), ("1.5", "*", "-2", "-3"), ("7", "/", "2", "3"),
        ("-7", "/", "2", "-3"),
        ("7.0", "/", "2", "3.5"), ("7", "%", "4", "3"), ("-7", "%", "4", "-3"), ("5.5", "%", "2", "1.5"),
        ("2", "^", "10", "1024"), ("2.5", "^", "0", "1"), ("0.1", "+", "0.2", "0.3"), ("1", "/", "0", nil),
        ("1", "%", "0", nil), ("1.0", "/", "3", nil), ("99999999999999999999", "+", "1", nil),
        ("99999999999999999999", "*", "99999999999999999999", nil), ("2", "^", "-1", nil), ("2", "^", "999", nil),
        ("-99999999999999999999", "-", "99999999999999999999", nil),
        ("99999999999999999999", "+", "0.000000000000000001", nil),
        ("0.000000001", "*", "0.0000000001", nil),
    ])
    func comeTo(_ a: String, _ name: String, _ b: String, _ expected: String?) throws {
        let found = Constant.number(try #require(number(a)), name, try #require(number(b)))
        #expect(found == expected.map { Number($0) } ?? nil)
    }

    @Test func areOrdered() throws {
        let texts = [
            "-99999999999999999999", "-1e10", "-2", "-1.5", "-1", "-0.000000000000000001", "0", "0.5", "1",
            "1.000000000000000001",
            "1.5", "1e18", "9223372036854775807", "99999999999999999999",
        ]
        let numbers = try texts.map { try #require(number($0)) }
        for (place, one) in numbers.enumerated() {
            for (otherPlace, other) in numbers.enumerated() { #expect((one < other) == (place < otherPlace)) }
        }
    }

    @Test(arguments: [
        ("1.5", "1", "2", "2", "1"), ("-1.5", "-2", "-1", "-2", "-1"), ("2", "2", "2", "2", "2"),
        ("0.4", "0", "1", "0", "0"),
        ("-0.4", "-1", "0", "0", "0"),
        (
            "99999999999999999999", "99999999999999999999", "99999999999999999999", "99999999999999999999",
            "99999999999999999999"
        ),
    ])
    func areRounded(_ text: String, _ down: String, _ up: String, _ nearest: String, _ cut: String) throws {
        let one = try #require(number(text))
        #expect(one.rounded(.down) == number(down) && one.rounded(.up) == number(up))
        #expect(one.rounded(.nearest) == number(nearest) && one.rounded(.towardsZero) == number(cut))
    }
}
