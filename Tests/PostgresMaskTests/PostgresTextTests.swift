import Testing

@testable import PostgresMask

@Suite struct PostgresTextTests {
    @Test(arguments: [
        (-7168, "1980-05-17"), (59, "2000-02-29"), (366, "2001-01-01"), (-1, "1999-12-31"), (0, "2000-01-01"),
        (-36_524, "1900-01-01"), (Int(Int32.max), ""), (Int(Int32.min), ""),
    ])
    func daysAreDates(days: Int, text: String) {
        #expect(PostgresText.date(days: days) == Array(text.utf8))
    }
}
