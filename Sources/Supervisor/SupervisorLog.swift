import Configuration
import Telemetry

/// The log of `sluice up`: its own lines, and those of the stages, each saying once who wrote it.
struct SupervisorLog: Sendable {
    let style: LogStyle

    private var format: LogFormat {
        switch style {
        case .text: .text
        case .json: .json
        }
    }

    /// A line of the supervisor's own, with its newline. `nanoseconds`: Unix time.
    func own(_ text: String, nanoseconds: UInt64 = Clock.unix()) -> String {
        LogEntry(.info, text).line(format, stage: SupervisorMonitor.name, replica: "", nanoseconds: nanoseconds)
    }

    /// What scripts wait for: in text a line that begins with it.
    func announcement(_ text: String, nanoseconds: UInt64 = Clock.unix()) -> String {
        switch style {
        case .text: text + "\n"
        case .json: own(text, nanoseconds: nanoseconds)
        }
    }

    /// A line that a process wrote. One in the log's own form that names its writer stays as it is.
    func passOn(_ line: String, of stage: String, replica: Int, nanoseconds: UInt64 = Clock.unix()) -> String {
        switch style {
        case .text:
            return Self.isOwnText(line, label: "\(stage).\(replica)") ? line + "\n" : "\(stage).\(replica) | \(line)\n"
        case .json:
            if Self.isOwnObject(line, stage: stage, replica: replica) { return line + "\n" }
            return LogEntry(.info, line).line(.json, stage: stage, replica: "\(replica)", nanoseconds: nanoseconds)
        }
    }

    /// `<time> <level> <label>` and what follows, as ``LogEntry`` writes it.
    private static func isOwnText(_ line: String, label: String) -> Bool {
        let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, isTimestamp(parts[0]), LogLevel(rawValue: String(parts[1])) != nil else { return false }
        return parts[2] == label || parts[2] == "\(label):"
    }

    private static func isTimestamp(_ text: Substring) -> Bool {
        text.utf8.count == 24
            && zip(text.utf8, "0000-00-00T00:00:00.000Z".utf8).allSatisfy { byte, shape in
                shape == 0x30 ? (0x30...0x39).contains(byte) : byte == shape
            }
    }

    /// One object as ``LogEntry`` writes it, by this process, and nothing more: each key once, in its order. Members of
    /// other names, or of the same name twice, would let a stage speak for another.
    private static func isOwnObject(_ line: String, stage: String, replica: Int) -> Bool {
        var rest = line.utf8[...]
        guard skip("{\"ts\":\"", &rest), isTimestamp(Substring(rest.prefix(24))) else { return false }
        rest = rest.dropFirst(24)
        guard skip("\",\"level\":\"", &rest), LogLevel.allCases.contains(where: { skip("\($0.rawValue)\"", &rest) }),
            skip(",\"stage\":\"\(stage)\",\"replica\":\"\(replica)\"", &rest)
        else { return false }
        for key in ["session", "trace"] where skip(",\"\(key)\":", &rest) {
            guard skipString(&rest) else { return false }
        }
        return skip(",\"msg\":", &rest) && skipString(&rest) && rest.elementsEqual("}".utf8)
    }

    private static func skip(_ text: String, _ rest: inout Substring.UTF8View) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// A JSON string (RFC 8259 section 7) without surrogates, which may stand alone and break readers.
    private static func skipString(_ rest: inout Substring.UTF8View) -> Bool {
        guard rest.popFirst() == UInt8(ascii: "\"") else { return false }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case 0..<0x20: return false
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return false }
                if escaped == UInt8(ascii: "u") {
                    let digits = rest.prefix(4)
                    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                        let value = UInt16(Substring(digits), radix: 16), !UTF16.isSurrogate(value)
                    else { return false }
                    rest = rest.dropFirst(4)
                } else if !"\"\\/bfnrt".utf8.contains(escaped) {
                    return false
                }
            default: break
            }
        }
        return false
    }
}
