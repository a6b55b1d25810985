import CivilCalendar

/// A field's value as text. Text format is shown as it is; of binary format the common types are decoded and the
/// others shown in hexadecimal.
enum ValueText {
    // Type OIDs, pg_type.dat.
    private static let textTypes: Set<UInt32> = [18, 19, 25, 114, 142, 705, 1042, 1043]
    private static let maxHexBytes = 64

    static func text(_ value: ArraySlice<UInt8>, type: UInt32, binary: Bool) -> String {
        guard binary else { return TerminalText.escape(value) }
        if textTypes.contains(type) { return TerminalText.escape(value) }
        let bits = value.count <= 8 ? value.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } : 0
        switch (type, value.count) {
        case (16, 1): return bits == 0 ? "f" : "t"
        case (21, 2): return String(Int16(truncatingIfNeeded: bits))
        case (23, 4): return String(Int32(truncatingIfNeeded: bits))
        case (26, 4): return String(bits)
        case (20, 8): return String(Int64(bitPattern: bits))
        case (700, 4): return String(Float(bitPattern: UInt32(bits)))
        case (701, 8): return String(Double(bitPattern: bits))
        case (1082, 4): return date(Int(Int32(truncatingIfNeeded: bits)))
        case (1114, 8): return timestamp(Int64(bitPattern: bits), zone: "")
        case (1184, 8): return timestamp(Int64(bitPattern: bits), zone: "+00")
        case (2950, 16): return uuid(value)
        case (3802, 1...) where value.first == 1: return TerminalText.escape(value.dropFirst())
        default: return hexadecimal(value)
        }
    }

    private static func hexadecimal(_ value: ArraySlice<UInt8>) -> String {
        let shown = value.prefix(maxHexBytes).map { TerminalText.hex(UInt32($0), 2) }.joined()
        return "\\x" + shown + (value.count > maxHexBytes ? "… (\(value.count) bytes)" : "")
    }

    private static func uuid(_ value: ArraySlice<UInt8>) -> String {
        var result = ""
        for (index, byte) in value.enumerated() {
            if [4, 6, 8, 10].contains(index) { result += "-" }
            result += TerminalText.hex(UInt32(byte), 2)
        }
        return result
    }

    /// Days since 2000-01-01.
    private static func date(_ days: Int) -> String {
        if days == Int(Int32.max) { return "infinity" }
        if days == Int(Int32.min) { return "-infinity" }
        return CivilTime.day(days + CivilTime.daysFrom1970To2000)
    }

    /// Microseconds since 2000-01-01.
    private static func timestamp(_ value: Int64, zone: String) -> String {
        if value == .max { return "infinity" }
        if value == .min { return "-infinity" }
        let day = Int(value / CivilTime.microsecondsPerDay) - (value % CivilTime.microsecondsPerDay < 0 ? 1 : 0)
        let time = value - Int64(day) * CivilTime.microsecondsPerDay
        return CivilTime.day(day + CivilTime.daysFrom1970To2000) + " " + CivilTime.time(time, digits: 6) + zone
    }
}

/// Days and times of day as texts, for any year.
enum CivilTime {
    static let microsecondsPerDay: Int64 = 86_400_000_000
    static let daysFrom1970To2000 = 10_957

    /// `YYYY-MM-DD` of a day counted from 1970-01-01.
    static func day(_ days: Int) -> String {
        let date = CalendarDate(day: days - daysFrom1970To2000)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.dayOfMonth, 2))"
    }

    /// `HH:MM:SS` and a fraction of `digits` digits.
    static func time(_ microseconds: Int64, digits: Int) -> String {
        let seconds = Int(microseconds / 1_000_000)
        let fraction = padded(Int(microseconds % 1_000_000), 6).prefix(digits)
        return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(fraction)"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value.magnitude)
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
