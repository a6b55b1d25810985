/// Dates and times in the style ISO, times of day with a zone in UTC.
extension PostgresText {
    private static let microseconds: Int64 = 1_000_000
    private static let day: Int64 = 86_400 * microseconds

    static func date(days: Int) -> [UInt8] {
        if days == Int(Int32.max) { return Array("infinity".utf8) }
        if days == Int(Int32.min) { return Array("-infinity".utf8) }
        let (text, isBeforeChrist) = calendar(days)
        return Array((isBeforeChrist ? text + " BC" : text).utf8)
    }

    /// The proleptic Gregorian calendar's date, of days since 2000-01-01.
    private static func calendar(_ days: Int) -> (text: String, isBeforeChrist: Bool) {
        // Years that begin in March, in eras of 400 years: from 0000-03-01 to 2000-01-01.
        let shifted = days + 730_425
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * march + 2) / 5 + 1
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let shown = year > 0 ? year : 1 - year
        return ("\(padded(shown, 4))-\(padded(month))-\(padded(dayOfMonth))", year <= 0)
    }

    static func time(_ value: Int64) -> [UInt8]? {
        (0...day).contains(value) ? Array(clock(value).utf8) : nil
    }

    private static func clock(_ value: Int64) -> String {
        let seconds = value / microseconds
        var text = "\(padded(Int(seconds / 3600))):\(padded(Int(seconds / 60 % 60))):\(padded(Int(seconds % 60)))"
        var fraction = String(String(value % microseconds + microseconds).dropFirst())
        while fraction.hasSuffix("0") { fraction.removeLast() }
        if !fraction.isEmpty { text += "." + fraction }
        return text
    }

    static func timetz(_ reader: inout ValueReader) -> [UInt8]? {
        // Seconds west of Greenwich.
        guard let time = reader.int64().flatMap(time), let west = reader.int32() else { return nil }
        let east = west.magnitude
        var zone = (west > 0 ? "-" : "+") + padded(Int(east / 3600))
        if east % 3600 != 0 { zone += ":" + padded(Int(east / 60 % 60)) }
        if east % 60 != 0 { zone += ":" + padded(Int(east % 60)) }
        return time + zone.utf8
    }

    static func timestamp(_ value: Int64, zone: String) -> [UInt8] {
        if value == .max { return Array("infinity".utf8) }
        if value == .min { return Array("-infinity".utf8) }
        let rest = value % day
        let (date, isBeforeChrist) = calendar(Int(value / day) - (rest < 0 ? 1 : 0))
        return Array("\(date) \(clock(rest < 0 ? rest + day : rest))\(zone)\(isBeforeChrist ? " BC" : "")".utf8)
    }

    /// In the style `postgres`.
    static func interval(_ reader: inout ValueReader) -> [UInt8]? {
        guard let time = reader.int64(), let days = reader.int32(), let months = reader.int32() else { return nil }
        var words: [String] = []
        var isBefore = false
        for (value, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] where value != 0 {
            words.append((isBefore && value > 0 ? "+" : "") + "\(value) \(unit)" + (value == 1 ? "" : "s"))
            isBefore = value < 0
        }
        if words.isEmpty || time != 0 {
            let sign = time < 0 ? "-" : isBefore ? "+" : ""
            words.append(sign + clock(Int64(clamping: time.magnitude)))
        }
        return Array(words.joined(separator: " ").utf8)
    }

    private static func padded(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
