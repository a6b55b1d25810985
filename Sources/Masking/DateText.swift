import CivilCalendar

/// A date as ISO 8601 and PostgreSQL's ISO style write it, perhaps with a time of day, a zone and BC:
/// `1980-03-12`, `2024-01-31T10:20:30Z`, `2024-01-31 10:20:30.5+05:30`, `0044-03-15 BC`.
struct DateText {
    /// What follows the date.
    enum Tail: Hashable { case nothing, time, timeAndZone }

    /// PostgreSQL's years have no more (manual, section 8.5).
    private static let maximumYearDigits = 7
    private static let secondsOfDay = 86_400

    let tail: Tail
    /// Since 2000-01-01, as the text shows it.
    private let shownDay: Int
    /// The day in UTC where there is a zone, so that one instant is of one day however it is shown.
    let day: Int
    private let separator: UInt8
    private let time: [UInt8]
    private let zone: [UInt8]

    init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = Reader(bytes: bytes)
        guard let year = reader.number(4...DateText.maximumYearDigits), reader.skip(0x2d),
            let month = reader.number(2...2), reader.skip(0x2d), let dayOfMonth = reader.number(2...2)
        else { return nil }
        var seconds = 0
        var start = reader.index
        var separator: UInt8 = 0
        if let next = reader.next, next == 0x54 || next == 0x20 && !reader.isAtEra {
            separator = next
            reader.index += 1
            start = reader.index
            guard let timeOfDay = reader.time() else { return nil }
            seconds = timeOfDay
        }
        time = Array(bytes[start..<reader.index])
        start = reader.index
        if !time.isEmpty, let offset = reader.zone() { seconds -= offset }
        zone = Array(bytes[start..<reader.index])
        let isBeforeChrist = reader.skipEra()
        guard reader.index == bytes.count, year > 0 || !isBeforeChrist else { return nil }
        let date = CalendarDate(year: isBeforeChrist ? 1 - year : year, month: month, dayOfMonth: dayOfMonth)
        guard date.isValid else { return nil }
        self.separator = separator
        tail = time.isEmpty ? .nothing : zone.isEmpty ? .time : .timeAndZone
        shownDay = date.day
        let across = seconds < 0 ? -1 : seconds >= DateText.secondsOfDay ? 1 : 0
        day = shownDay + (zone.isEmpty ? 0 : across)
    }

    /// The same text some days later.
    func moved(by days: Int) -> [UInt8] {
        DateText.text(shownDay + days, (separator == 0 ? [] : [separator]) + time + zone)
    }

    /// Of the time of day as it is shown.
    var microseconds: Int64 {
        var parts = time.split(separator: 0x3a).map { String(decoding: $0, as: UTF8.self) }
        let second = parts.count > 2 ? parts.removeLast() : "0"
        let minutes = parts.compactMap { Int64($0) }.reduce(0) { $0 * 60 + $1 }
        let (whole, decimals) = (second.prefix(2), second.dropFirst(3).prefix(6))
        let fraction = Int64(decimals + String(repeating: "0", count: 6 - decimals.count)) ?? 0
        return (minutes * 60 + (Int64(whole) ?? 0)) * 1_000_000 + fraction
    }

    /// The begin of a day, in UTC where there is a zone.
    func start(of day: Int) -> [UInt8] {
        switch tail {
        case .nothing: return DateText.text(day, [])
        case .time: return DateText.text(day, [separator] + Array("00:00:00".utf8))
        case .timeAndZone:
            let zone = zone == [0x5a] ? "Z" : "+00"
            return DateText.text(day, [separator] + Array("00:00:00\(zone)".utf8))
        }
    }

    static func text(_ day: Int, _ rest: [UInt8]) -> [UInt8] {
        let date = CalendarDate(day: day)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let year = date.year > 0 ? date.year : 1 - date.year
        let text = "\(padded(year, 4))-\(padded(date.month, 2))-\(padded(date.dayOfMonth, 2))"
        return Array(text.utf8) + rest + (date.year > 0 ? [] : Array(" BC".utf8))
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var index = 0

        var next: UInt8? { index < bytes.count ? bytes[index] : nil }
        var isAtEra: Bool { bytes[index...].elementsEqual(" BC".utf8) }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            index += 1
            return true
        }

        mutating func skipEra() -> Bool {
            guard isAtEra else { return false }
            index = bytes.count
            return true
        }

        mutating func number(_ digits: ClosedRange<Int>) -> Int? {
            let start = index
            var value = 0
            while let digit = next, digit &- 0x30 < 10, index - start < digits.upperBound {
                value = value * 10 + Int(digit - 0x30)
                index += 1
            }
            return index - start >= digits.lowerBound ? value : nil
        }

        /// `10:20`, `10:20:30`, `10:20:30.123456`.
        mutating func time() -> Int? {
            guard let hour = number(2...2), hour < 24, skip(0x3a), let minute = number(2...2), minute < 60 else {
                return nil
            }
            var seconds = hour * 3600 + minute * 60
            guard skip(0x3a) else { return seconds }
            guard let second = number(2...2), second < 60 else { return nil }
            seconds += second
            if skip(0x2e), number(1...9) == nil { return nil }
            return seconds
        }

        /// `Z`, `+05`, `+05:30`, `+0530`, `-00:19:32`.
        mutating func zone() -> Int? {
            if skip(0x5a) { return 0 }
            let start = index
            guard let sign = next, sign == 0x2b || sign == 0x2d else { return nil }
            index += 1
            guard let hours = number(2...2), hours < 16 else {
                index = start
                return nil
            }
            var seconds = hours * 3600
            var unit = 60
            while unit > 0, skip(0x3a) || next.map({ $0 &- 0x30 < 10 }) == true {
                guard let part = number(2...2), part < 60 else {
                    index = start
                    return nil
                }
                seconds += part * unit
                unit /= 60
            }
            return sign == 0x2b ? seconds : -seconds
        }
    }
}
