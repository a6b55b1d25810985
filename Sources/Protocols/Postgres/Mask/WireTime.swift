import Masking

/// Dates and timestamps in binary format: days and microseconds since 2000-01-01 (date_send, timestamp_send).
enum WireTime {
    private static let dayMicroseconds: Int64 = 86_400_000_000

    static func dateText(_ days: Int64) -> [UInt8] {
        switch days {
        case Int64(Int32.max): Array("infinity".utf8)
        case Int64(Int32.min): Array("-infinity".utf8)
        case _: ISODate.text(day: Int(days))
        }
    }

    static func dateBytes(_ text: [UInt8]) -> [UInt8]? {
        if let infinity = infinity(text, Int64(Int32.max), Int64(Int32.min)) {
            return WireNumber.bytes(infinity, count: 4)
        }
        return text.withUnsafeBytes { ISODate.day(of: $0) }.map { WireNumber.bytes(Int64($0.day), count: 4) }
    }

    /// - Parameter text: in UTC where it has a zone.
    static func timestampBytes(_ text: [UInt8]) -> [UInt8]? {
        if let infinity = infinity(text, .max, .min) { return WireNumber.bytes(infinity, count: 8) }
        guard let date = text.withUnsafeBytes({ ISODate.day(of: $0) }) else { return nil }
        let (start, overflows) = Int64(date.day).multipliedReportingOverflow(by: dayMicroseconds)
        let (moment, overflowsToo) = start.addingReportingOverflow(date.microseconds)
        return overflows || overflowsToo ? nil : WireNumber.bytes(moment, count: 8)
    }

    private static func infinity(_ text: [UInt8], _ positive: Int64, _ negative: Int64) -> Int64? {
        if text.elementsEqual("infinity".utf8) { return positive }
        return text.elementsEqual("-infinity".utf8) ? negative : nil
    }
}
