/// One line of the log.
public struct LogEntry: Sendable, Hashable {
    /// Longest message, bytes of UTF-8; a longer one is cut. With the rest of its line it fits into one atomic write to
    /// a pipe (PIPE_BUF, 4096 bytes), so lines of several processes do not mix.
    public static let maximumMessageBytes = 3000
    /// Longest session or trace id, bytes; a longer one is cut.
    static let maximumIDBytes = 128

    public var level: LogLevel
    public var message: String
    public var session: String
    /// Trace id: 32 hexadecimal digits, or empty.
    public var trace: String

    public init(_ level: LogLevel, _ message: String, session: String = "", trace: String = "") {
        self.level = level
        self.message = message
        self.session = session
        self.trace = trace
    }

    /// The line with its newline. `nanoseconds`: Unix time. `stage`, `replica`: who writes it.
    public func line(_ format: LogFormat, stage: String, replica: String, nanoseconds: UInt64) -> String {
        let time = Self.timestamp(nanoseconds)
        switch format {
        case .text:
            var line = "\(time) \(level.rawValue) \(stage)"
            if !replica.isEmpty { line += ".\(replica)" }
            if !session.isEmpty { line += " session=\(Self.printable(session, limit: Self.maximumIDBytes))" }
            if !trace.isEmpty { line += " trace=\(Self.printable(trace, limit: Self.maximumIDBytes))" }
            return line + ": \(Self.printable(message))\n"
        case .json:
            var line = "{\"ts\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"stage\":\(Self.quoted(stage))"
            line += ",\"replica\":\(Self.quoted(replica))"
            if !session.isEmpty { line += ",\"session\":\(Self.quoted(session, limit: Self.maximumIDBytes))" }
            if !trace.isEmpty { line += ",\"trace\":\(Self.quoted(trace, limit: Self.maximumIDBytes))" }
            return line + ",\"msg\":\(Self.quoted(message))}\n"
        }
    }

    /// RFC 3339 in UTC, to the millisecond: `2026-11-23T10:00:00.123Z`, 24 bytes.
    public static func timestamp(_ nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        let (days, second) = (Int(milliseconds / 86_400_000), Int(milliseconds / 1000 % 86_400))
        // Days to a civil date: Hinnant, “chrono-Compatible Low-Level Date Algorithms”, civil_from_days.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func pad(_ number: Int, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2))"
            + ":\(pad(second % 60, 2)).\(pad(Int(milliseconds % 1000), 3))Z"
    }

    /// `text` on one line, cut to `limit` bytes: what a peer sent must not forge lines or drive a terminal.
    static func printable(_ text: String, limit: Int = maximumMessageBytes) -> String {
        cut(text, limit) { scalar in
            isControl(scalar) ? (scalar == "\n" ? "\\n" : "?") : String(scalar)
        }
    }

    /// A JSON string (RFC 8259 section 7).
    static func quoted(_ text: String, limit: Int = maximumMessageBytes) -> String {
        let escaped = cut(text, limit) { scalar in
            switch scalar {
            case "\"": return "\\\""
            case "\\": return "\\\\"
            case "\n": return "\\n"
            default:
                guard isControl(scalar) else { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return "\"\(escaped)\""
    }

    private static func cut(_ text: String, _ limit: Int, _ write: (Unicode.Scalar) -> String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let next = write(scalar)
            guard result.utf8.count + next.utf8.count <= limit else { return result + "…" }
            result += next
        }
        return result
    }

    /// C0, DEL, C1, and the two line separators of Unicode.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
