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

    /// An object as ``LogEntry`` writes it, by this process.
    private static func isOwnObject(_ line: String, stage: String, replica: Int) -> Bool {
        guard line.hasPrefix("{\"ts\":\""), line.hasSuffix("\"}") else { return false }
        let rest = line.dropFirst(7)
        guard isTimestamp(rest.prefix(24)) else { return false }
        return LogLevel.allCases.contains {
            rest.dropFirst(24).hasPrefix(
                "\",\"level\":\"\($0.rawValue)\",\"stage\":\"\(stage)\",\"replica\":\"\(replica)\",")
        }
    }
}
