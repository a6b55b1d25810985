import Foundation

/// Hours of some days of the week in a zone. A range over midnight belongs to the day on which it begins.
struct TimeWindow: Sendable {
    enum Day: String, CaseIterable, Sendable {
        case mon, tue, wed, thu, fri, sat, sun

        /// From 0 for Monday.
        var number: Int {
            switch self {
            case .mon: 0
            case .tue: 1
            case .wed: 2
            case .thu: 3
            case .fri: 4
            case .sat: 5
            case .sun: 6
            }
        }
    }

    /// Minutes of the day, `start` included and `end` not; over midnight when `end` is not after `start`.
    struct Hours: Sendable {
        let start: Int
        let end: Int
    }

    private static let secondsPerDay = 86400

    /// By number; nil: all.
    var days: Set<Int>?
    /// nil: the whole day.
    var hours: [Hours]?
    var zone: TimeZone

    func contains(_ time: Int64) -> Bool {
        let (day, minute) = local(time)
        let yesterday = (day + 6) % 7
        guard let hours else { return isOn(day) }
        return hours.contains { range in
            if range.start < range.end { return isOn(day) && (range.start..<range.end).contains(minute) }
            return isOn(day) && minute >= range.start || isOn(yesterday) && minute < range.end
        }
    }

    private func isOn(_ day: Int) -> Bool { days?.contains(day) ?? true }

    private func local(_ time: Int64) -> (day: Int, minute: Int) {
        let seconds = Int(time) + zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(time)))
        let ofDay = ((seconds % Self.secondsPerDay) + Self.secondsPerDay) % Self.secondsPerDay
        let days = (seconds - ofDay) / Self.secondsPerDay
        // 1970-01-01 was a Thursday.
        return (((days + 3) % 7 + 7) % 7, ofDay / 60)
    }

    /// `Tue 10:05 Europe/Berlin`.
    func description(of time: Int64) -> String {
        let (day, minute) = local(time)
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(Day.allCases[day].rawValue) \(two(minute / 60)):\(two(minute % 60)) \(zone.identifier)"
    }
}

extension TimeWindow.Hours {
    /// `09:00-17:30`, `22:00-06:00`; nil when `text` is none.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = Self.minute(parts[0]), let end = Self.minute(parts[1]), start != end,
            start < 1440
        else { return nil }
        self.init(start: start, end: end)
    }

    /// Minutes of `HH:MM`, up to `24:00`.
    private static func minute(_ text: Substring) -> Int? {
        let digits = Array(text.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":") else { return nil }
        let numbers = [0, 1, 3, 4].map { Int(digits[$0]) - 0x30 }
        guard numbers.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let hour = numbers[0] * 10 + numbers[1]
        let minute = numbers[2] * 10 + numbers[3]
        guard minute < 60, hour < 24 || hour == 24 && minute == 0 else { return nil }
        return hour * 60 + minute
    }
}
