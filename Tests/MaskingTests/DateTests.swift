import CivilCalendar
import Contract
import SwiftProtobuf
import Testing

@testable import Masking

@Suite struct DateTests {
    private func date(_ text: String) -> DateText? { Array(text.utf8).withUnsafeBytes { DateText($0) } }
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(arguments: [
        ("2000-01-01", 0), ("1999-12-31", -1), ("2024-02-29", 8825), ("1970-01-01", -10_957), ("0001-01-01", -730_119),
        ("0001-12-31 BC", -730_120), ("4714-11-24 BC", -2_451_545), ("294276-12-31", 106_751_982),
        ("2024-01-01 23:30:00-01", 8767), ("2024-01-01T00:30:00+01:00", 8765), ("2024-01-01 00:30:00+0100", 8765),
        ("2024-01-01T23:30Z", 8766), ("2024-01-01 00:00:00.5", 8766), ("0044-03-15 10:00:00+00 BC", -746_117),
        ("1900-01-01 00:00:00-00:19:32", -36_524),
    ])
    func days(_ text: String, _ day: Int) {
        #expect(date(text)?.day == day, "\(date(text)?.day ?? .min)")
        #expect(date(text).map { self.text($0.moved(by: 0)) } == text)
    }

    @Test(arguments: [
        "", "2024", "2024-1-1", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "0000-01-01 BC", "24-01-01",
        "2024-01-01x", "2024-01-01 ", "2024-01-01 24:00:00", "2024-01-01 10", "2024-01-01 10:60",
        "2024-01-01 10:20:30.",
        "2024-01-01 10:20:30 PST", "2024-01-01+01", "01/02/2024", "2024-01-01 10:20:30+99", "12345678-01-01",
    ])
    func whatIsNoDate(_ text: String) { #expect(date(text) == nil) }

    @Test func everyDayOfAnEra() {
        var expected = CalendarDate(year: -5, month: 1, dayOfMonth: 1)
        for day in expected.day..<expected.day + 150_000 {
            #expect(CalendarDate(day: day) == expected)
            #expect(expected.day == day && expected.isValid)
            let next = CalendarDate(year: expected.year, month: expected.month, dayOfMonth: expected.dayOfMonth + 1)
            expected =
                next.isValid
                ? next
                : expected.month < 12
                    ? CalendarDate(year: expected.year, month: expected.month + 1, dayOfMonth: 1)
                    : CalendarDate(year: expected.year + 1, month: 1, dayOfMonth: 1)
        }
    }

    @Test func shiftsByDaysWithinTheBound() throws {
        let keys = MaskingKeys(key: [1])
        try keys.prepare([.shift(days: 1)])
        let shift = try #require(keys.shift)
        for days in [1, 2, 30, 36_500] {
            var seen: Set<Int> = []
            for day in -2000..<2000 {
                let moved = try #require(shift.moved(day, by: days))
                #expect(moved != day && abs(moved - day) <= days)
                #expect(shift.moved(day, by: days) == moved)
                seen.insert(moved - day)
            }
            if days <= 30 { #expect(seen == Set(-days...days).subtracting([0])) }
        }
        #expect(shift.moved(-2_451_545, by: 1) == nil || shift.moved(-2_451_545, by: 1) == -2_451_544)
        for day in [-2_451_546, 106_751_983, .max / 2, .min / 2] { #expect(shift.moved(day, by: 30) == nil) }
    }

    @Test(arguments: [
        (BucketUnit.year, "2024-05-17", "2024-01-01"), (.month, "2024-05-17", "2024-05-01"),
        (.year, "2024-05-17 10:20:30.5", "2024-01-01 00:00:00"),
        (.day, "2024-05-17T10:20:30Z", "2024-05-17T00:00:00Z"), (.month, "0044-03-15 BC", "0044-03-01 BC"),
        (.day, "2024-05-17 23:00:00-05", "2024-05-18 00:00:00+00"),
        (.year, "2024-12-31 23:00:00-05", "2025-01-01 00:00:00+00"),
    ])
    func buckets(_ unit: BucketUnit, _ text: String, _ expected: String) throws {
        let bucket = Bucket(.with { $0.unit = unit })
        let date = try #require(self.date(text))
        #expect(self.text(date.start(of: try #require(bucket.start(of: date.day)))) == expected)
    }
}
