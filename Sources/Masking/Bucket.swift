import CivilCalendar
import Contract

/// The ranges that the style `bucket` shows in place of what lies in them.
public struct Bucket: Hashable, Sendable {
    enum Unit: Hashable, Sendable { case day, month, year }

    /// Of numbers, in billionths; zero: numbers have none.
    let width: UInt64
    /// Of dates; nil: dates have none.
    let unit: Unit?

    private init(width: UInt64, unit: Unit?) { (self.width, self.unit) = (width, unit) }

    /// What both may show: the wider ranges, and none of a kind that one of them has none of.
    func merged(with other: Bucket) -> Bucket {
        Bucket(
            width: width == 0 || other.width == 0 ? 0 : max(width, other.width),
            unit: coarseness < other.coarseness ? other.unit : unit)
    }

    init(_ told: StyleParameters) {
        width = told.widthBillionths
        switch told.unit {
        case .unspecified, .UNRECOGNIZED: unit = nil
        case .day: unit = .day
        case .month: unit = .month
        case .year: unit = .year
        }
    }

    var coarseness: UInt64 {
        switch unit {
        case .day: 0
        case .month: 1
        case .year: 2
        case nil: 3
        }
    }

    /// The first day of the range that a day lies in.
    func start(of day: Int) -> Int? {
        var date = CalendarDate(day: day)
        switch unit {
        case nil: return nil
        case .day: return day
        case .month: date.dayOfMonth = 1
        case .year: (date.month, date.dayOfMonth) = (1, 1)
        }
        return date.day
    }
}
