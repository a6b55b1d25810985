import Testing

@testable import Masking

@Suite struct DecimalTests {
    private static let billion: UInt64 = 1_000_000_000

    private func floored(_ text: String, _ width: UInt64, keepsScale: Bool = true) -> String? {
        Array(text.utf8).withUnsafeBytes { DecimalText($0) }
            .map { String(decoding: $0.floored(to: width, keepsScale: keepsScale), as: UTF8.self) }
    }

    @Test(arguments: [
        ("37", 10 * billion, "30"), ("-37", 10 * billion, "-40"), ("-40", 10 * billion, "-40"), ("0", billion, "0"),
        ("-0.1", 10 * billion, "-10.0"), ("9.99", 10 * billion, "0.00"), ("37.50", 10 * billion, "30.00"),
        ("0.3", billion / 10, "0.3"), ("0.7", billion / 10, "0.7"), ("1", billion * 3 / 10, "0.9"),
        ("-0.0000000001", 1, "-0.0000000010"), ("0.0000000019", 1, "0.0000000010"),
        ("-5", billion * billion, "-1000000000"),
        ("99999999999999999999999999999999.99", 10 * billion, "99999999999999999999999999999990.00"),
        ("-99999999999999999999999999999999.99", 10 * billion, "-100000000000000000000000000000000.00"),
        ("1.5e+20", 100 * billion, "150000000000000000000"), ("1.2345e2", billion, "123.00"),
        ("-12e-1", billion, "-2.0"),
        ("007", 5 * billion, "5"), ("-0", billion, "0"),
    ])
    func floors(_ text: String, _ width: UInt64, _ expected: String) { #expect(floored(text, width) == expected) }

    @Test func withoutScale() {
        #expect(floored("37.50", 10 * Self.billion, keepsScale: false) == "30")
        #expect(floored("37.59", Self.billion / 4, keepsScale: false) == "37.5")
    }

    @Test(arguments: ["", "-", ".5", "5.", "1e", "1e999", "NaN", "Infinity", "0x10", "1 ", "+1", "1_000", "12a"])
    func whatIsNoNumber(_ text: String) { #expect(floored(text, Self.billion) == nil) }

    /// A range that is as narrow as what the number shows would be the number itself.
    @Test(arguments: [
        ("37", billion, true, false), ("37", billion + 1, true, true), ("37.5", billion / 10, true, false),
        ("37.5", billion / 2, true, true), ("37.00", billion / 2, true, true), ("37.00", billion / 2, false, false),
        ("1e2", billion, false, false), ("1.5e-3", 100_000, false, false), ("1.5e-3", 100_001, false, true),
        ("0.123456789", 1, true, false), ("0.1234567891", 1, true, true),
    ])
    func hidden(_ text: String, _ width: UInt64, _ keepsScale: Bool, _ isHidden: Bool) throws {
        let number = try #require(Array(text.utf8).withUnsafeBytes { DecimalText($0) })
        #expect(number.isHidden(by: width, keepsScale: keepsScale) == isHidden)
    }

    @Test func numbersTooLongAreNone() {
        #expect(floored(String(repeating: "9", count: DecimalText.maximumDigits), Self.billion) != nil)
        #expect(floored(String(repeating: "9", count: DecimalText.maximumDigits + 1), Self.billion) == nil)
    }

    @Test func asWholeNumbersAreDivided() {
        var random = Seeded(3)
        for _ in 0..<2000 {
            let (value, width) = (random.number(below: 1 << 40) - 1 << 39, 1 + random.number(below: 1 << 20))
            let remainder = ((value % width) + width) % width
            #expect(floored("\(value)", UInt64(width) * Self.billion) == "\(value - remainder)")
        }
    }
}
