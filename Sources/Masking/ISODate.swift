/// Days as texts, for types that are not text themselves.
public enum ISODate {
    /// - Parameter day: since 2000-01-01.
    public static func text(day: Int, rest: String = "") -> [UInt8] { DateText.text(day, Array(rest.utf8)) }

    /// The day that a text shows, and the microseconds since its begin.
    public static func day(of text: UnsafeRawBufferPointer) -> (day: Int, microseconds: Int64)? {
        DateText(text).map { ($0.day, $0.microseconds) }
    }
}
