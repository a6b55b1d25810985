import Masking

/// Dates and times in the style ISO, times of day with a zone in UTC.
extension PostgresText {
    private static let microseconds: Int64 = 1_000_000
    private static let day: Int64 = 86_400 * microseconds

    static func date(days: Int) -> [UInt8] { WireTime.dateText(Int64(days)) }

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
        return ISODate.text(
            day: Int(value / day) - (rest < 0 ? 1 : 0), rest: " \(clock(rest < 0 ? rest + day : rest))\(zone)")
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

    private static func padded(_ value: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, 2 - digits.count)) + digits
    }
}
