/// A date of the proleptic Gregorian calendar, with a year 0 before the year 1.
public struct CalendarDate: Hashable, Sendable {
    public var year: Int
    public var month: Int
    public var dayOfMonth: Int

    /// A cycle of 400 years.
    private static let cycleDays = 146_097
    /// From 0000-03-01, where a cycle begins and after which leap days come last in a year, to 2000-01-01.
    private static let epoch = 730_425

    public init(year: Int, month: Int, dayOfMonth: Int) {
        self.year = year
        self.month = month
        self.dayOfMonth = dayOfMonth
    }

    /// - Parameter day: since 2000-01-01, as PostgreSQL counts.
    public init(day: Int) {
        let days = day + CalendarDate.epoch
        let cycle =
            days >= 0 ? days / CalendarDate.cycleDays : (days - CalendarDate.cycleDays + 1) / CalendarDate.cycleDays
        let inCycle = days - cycle * CalendarDate.cycleDays
        let yearOfCycle = (inCycle - inCycle / 1460 + inCycle / 36_524 - inCycle / 146_096) / 365
        let dayOfYear = inCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        // Months from March have 31, 30, 31, 30, 31 days, twice and again: 153 for five.
        let fromMarch = (5 * dayOfYear + 2) / 153
        dayOfMonth = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
    }

    /// Since 2000-01-01.
    public var day: Int {
        let shifted = month <= 2 ? year - 1 : year
        let cycle = shifted >= 0 ? shifted / 400 : (shifted - 399) / 400
        let yearOfCycle = shifted - cycle * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1
        let inCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * CalendarDate.cycleDays + inCycle - CalendarDate.epoch
    }

    /// Whether there is such a day.
    public var isValid: Bool { (1...12).contains(month) && CalendarDate(day: day) == self }
}
