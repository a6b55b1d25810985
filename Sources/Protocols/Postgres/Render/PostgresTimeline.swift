import Contract
import Foundation
import SwiftProtobuf

/// Renders one session's records, in their order, as lines for a terminal. Recorded bytes cannot control the
/// terminal, and a line that a session made is always indented, so that it can't pass for one of the timeline's.
public struct PostgresTimeline: Sendable {
    /// Bounds of what is shown.
    public struct Options: Sendable {
        /// Rows or copy lines of one result.
        public var maxRows = 1000
        /// Bytes of one value.
        public var maxValueBytes = 200
        /// Bytes of one command's text.
        public var maxCommandBytes = 16 << 10

        public init() {}
    }

    private let options: Options
    private var start: UInt64?
    private var replies: ReplyText
    private var input: ReplyText
    /// The line of a command of which it was not known, when it was recorded, how much of it may be.
    private var undecided: (command: UInt64, line: String)?
    /// The last command that was shown without its text.
    private var textless: UInt64?

    public init(options: Options = Options()) {
        self.options = options
        replies = ReplyText(options)
        input = ReplyText(options)
    }

    /// The record's lines, each ending in a line feed; empty when it shows nothing by itself.
    public mutating func render(_ record: Record) -> String {
        if start == nil { start = record.timeUs }
        let head = Self.time(record.timeUs, since: start ?? record.timeUs)
        let before = lineOfUndecided(before: record)
        var lines: [String]
        switch record.event {
        case .sessionStarted(let event): lines = ["\(head)  " + Self.started(event)]
        case .command(let event): lines = command(event, head)
        case .decision(let event): lines = Self.decision(event)
        case .hold(let event): lines = Self.hold(event, head)
        case .output(let event): lines = output(event)
        case .result(let event): lines = result(event)
        case .sessionEnded(let event):
            lines = indented(replies.finishTable())
            lines.append("\(head)  session ended: \(TerminalText.escape(event.reason))")
        case .notice(let event): lines = ["\(head)  notice: \(TerminalText.escape(event.text))"]
        case .stageEvent(let event): lines = ["\(head)  " + Self.stageEvent(event)]
        case .sessionResumed(let event):
            lines = ["\(head)  recording goes on here; until then it was with \(TerminalText.escape(event.replica))"]
        case nil: lines = ["\(head)  (a record of a newer version)"]
        }
        return (before + lines).map { $0 + "\n" }.joined()
    }

    /// What is left to show behind the last record.
    public mutating func finish() -> String {
        defer { undecided = nil }
        return undecided.map { $0.line + "\n" } ?? ""
    }

    /// A command is shown once, as its second record has it, unless something is to be shown before. Then its text continues it.
    private mutating func lineOfUndecided(before record: Record) -> [String] {
        guard let waiting = undecided else { return [] }
        undecided = nil
        if case .command(let event) = record.event, event.command == waiting.command { return [] }
        textless = waiting.command
        return [waiting.line]
    }

    // MARK: - Events

    private static func started(_ event: SessionStarted) -> String {
        let groups = event.principal.groups.map { TerminalText.escape($0) }.joined(separator: ", ")
        return "session of \(TerminalText.escape(event.principal.name))" + (groups.isEmpty ? "" : " (\(groups))")
            + " on \(TerminalText.escape(event.resource)) from \(TerminalText.escape(event.principal.sourceAddress))"
            + (event.traceID.isEmpty ? "" : ", trace \(TerminalText.escape(event.traceID))")
    }

    private static func stageEvent(_ event: StageEvent) -> String {
        let fields = event.event.fields.sorted { $0.key < $1.key }.map {
            " \(TerminalText.escape($0.key))=\(TerminalText.escape($0.value))"
        }
        return "stage \(TerminalText.escape(event.stage)): \(TerminalText.escape(event.event.name))\(fields.joined())"
    }

    private mutating func command(_ event: CommandReceived, _ head: String) -> [String] {
        guard !event.undecided else {
            textless = nil
            undecided = (event.command, line(of: event, head, "its text is recorded once it is decided"))
            return []
        }
        var lines = indented(replies.begin())
        guard event.recording.keepsTexts else {
            lines.append(line(of: event, head, "text not recorded\(Self.because(of: event.recordingRule))"))
            textless = event.command
            if event.hasMemoised { lines += Self.decision(event.memoised) }
            return lines
        }
        let bytes = event.raw.isEmpty ? Array(event.text.utf8) : [UInt8](event.raw)
        let cut = String(decoding: bytes.prefix(options.maxCommandBytes), as: UTF8.self)
        let text =
            bytes.count > options.maxCommandBytes
            ? TerminalText.escape(cut, keepingNewlines: true) + "… (\(bytes.count) bytes)"
            : TerminalText.escape(bytes, keepingNewlines: true)
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.append("\(head)  \(title(of: event))  \(parts.first ?? "")")
        lines += parts.dropFirst().map { "      \($0)" }
        for (index, parameter) in event.parameters.enumerated() {
            lines.append("      $\(index + 1) = \(value(parameter))")
        }
        if event.hasMemoised { lines += Self.decision(event.memoised) }
        return lines
    }

    private static func kind(of event: CommandReceived) -> String {
        event.message == "Query" || event.message.isEmpty ? "" : " (\(TerminalText.escape(event.message)))"
    }

    private func title(of event: CommandReceived) -> String {
        "command \(event.command)\(event.command == textless ? ", continued" : "")\(Self.kind(of: event))"
    }

    /// A command without its text.
    private func line(of event: CommandReceived, _ head: String, _ why: String) -> String {
        "\(head)  \(title(of: event))  (\(why); SHA-256 \(Self.hexadecimal(event.digest)))"
    }

    private static func because(of rule: String) -> String {
        rule.isEmpty ? "" : " (rule “\(TerminalText.escape(rule))”)"
    }

    private static func hexadecimal(_ bytes: Data) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private mutating func output(_ event: Output) -> [String] {
        var lines: [String]
        if event.fromClient {
            lines = indented(input.add([UInt8](event.data), columns: [])).map { "  > " + $0.dropFirst(4) }
        } else {
            lines = indented(replies.add([UInt8](event.data), columns: event.columns))
        }
        if event.command == 0, event.stopped.hasPrefix("recording: ") {
            let what = TerminalText.escape(String(event.stopped.dropFirst("recording: ".count)))
            lines.append("      (not recorded, since the policy may have less recorded: \(what))")
        } else if !event.stopped.isEmpty {
            lines.append("      (no more of it is recorded: budget \(TerminalText.escape(event.stopped)) is used up)")
        }
        return lines
    }

    private func value(_ parameter: Parameter) -> String {
        if parameter.null { return "∅" }
        let bytes = [UInt8](parameter.value)
        let shown = bytes.prefix(options.maxValueBytes)
        return ValueText.text(shown, type: 0, binary: parameter.format == 1) + (bytes.count > shown.count ? "…" : "")
    }

    private static func decision(_ event: DecisionMade) -> [String] {
        let verdict =
            switch event.verdict {
            case .allow: "allow"
            case .hold: "hold"
            case .refuse: "refuse"
            case .unspecified, .UNRECOGNIZED: "no decision"
            }
        let rule = event.rule.isEmpty ? "" : " by rule “\(TerminalText.escape(event.rule))”"
        let reason = event.reason.isEmpty ? "" : ": \(TerminalText.escape(event.reason))"
        return ["    → \(verdict)\(rule)\(reason)"] + event.decisions.flatMap(annotations)
    }

    /// What one stage noted: `stage: name = value`.
    private static func annotations(_ signed: SignedDecision) -> [String] {
        let stage = TerminalText.escape(signed.stage)
        do {
            return try Decision(serializedBytes: signed.decision).annotations.map {
                "      \(stage): \(TerminalText.escape($0.name)) = \(TerminalText.escape($0.value))"
            }
        } catch {
            return ["      \(stage): its decision cannot be read"]
        }
    }

    private static func hold(_ event: HoldEvent, _ head: String) -> [String] {
        var lines = ["\(head)  hold \(TerminalText.escape(event.id)): \(TerminalText.escape(event.status))"]
        for review in event.reviews {
            let comment = review.comment.isEmpty ? "" : ": \(TerminalText.escape(review.comment))"
            lines.append(
                "    → \(review.approved ? "approved" : "denied") by \(TerminalText.escape(review.reviewer))\(comment)")
        }
        return lines
    }

    private mutating func result(_ event: CommandResult) -> [String] {
        var lines = indented(replies.add([UInt8](event.output), columns: event.columns) + replies.finishTable())
        var text = event.error.isEmpty ? TerminalText.escape(event.tag) : ""
        if !event.error.isEmpty || !event.recording.keepsData && !event.sqlstate.isEmpty {
            let error = event.error.isEmpty ? "(text not recorded)" : TerminalText.escape(event.error)
            text = "error \(TerminalText.escape(event.sqlstate)): \(error)"
        } else if text.isEmpty {
            text = TerminalText.escape(event.status)
        }
        text += ", \(event.rows) rows, \(event.bytes) bytes"
        let masked = event.masked.map { "\($0.count) × \(TerminalText.escape($0.entity))" }
        if !masked.isEmpty { text += ", masked: " + masked.joined(separator: ", ") }
        if event.hasInput { text += ", \(event.input.bytes) bytes copied in" }
        if !event.recording.keepsData { text += ", data not recorded" + Self.because(of: event.recordingRule) }
        lines.append("    ← \(text)")
        if event.hasOmitted { lines.append(Self.omission(event.omitted, "the output")) }
        if event.input.hasOmitted { lines.append(Self.omission(event.input.omitted, "what was copied in")) }
        input = ReplyText(options)
        return lines
    }

    private static func omission(_ event: Omission, _ what: String) -> String {
        "      the last \(event.bytes) bytes of \(what) are not recorded (budget \(TerminalText.escape(event.budget)));"
            + " their SHA-256 is \(hexadecimal(event.sha256))"
    }

    private func indented(_ lines: [String]) -> [String] { lines.map { "      \($0)" } }

    /// `2026-01-02 03:04:05.678Z +1.234s`
    private static func time(_ microseconds: UInt64, since start: UInt64) -> String {
        let value = Int64(clamping: microseconds)
        let day = value / CivilTime.microsecondsPerDay
        let since = microseconds >= start ? microseconds - start : 0
        let thousandths = String(since / 1000 % 1000)
        let fraction = String(repeating: "0", count: 3 - thousandths.count) + thousandths
        return CivilTime.day(Int(day)) + " " + CivilTime.time(value % CivilTime.microsecondsPerDay, digits: 3)
            + "Z +\(since / 1_000_000).\(fraction)s"
    }
}

/// A Unix time in microseconds as `2026-01-02T03:04:05.678Z`.
public func isoTime(_ microseconds: UInt64) -> String {
    let value = Int64(clamping: microseconds)
    return CivilTime.day(Int(value / CivilTime.microsecondsPerDay)) + "T"
        + CivilTime.time(value % CivilTime.microsecondsPerDay, digits: 3) + "Z"
}
