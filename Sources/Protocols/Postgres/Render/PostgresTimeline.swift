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

    public init(options: Options = Options()) {
        self.options = options
        replies = ReplyText(options)
    }

    /// The record's lines, each ending in a line feed; empty when it shows nothing by itself.
    public mutating func render(_ record: Record) -> String {
        if start == nil { start = record.timeUs }
        let head = Self.time(record.timeUs, since: start ?? record.timeUs)
        var lines: [String]
        switch record.event {
        case .sessionStarted(let event): lines = ["\(head)  " + Self.started(event)]
        case .command(let event): lines = command(event, head)
        case .decision(let event): lines = Self.decision(event)
        case .hold(let event): lines = Self.hold(event, head)
        case .output(let event): lines = indented(replies.add([UInt8](event.data), columns: event.columns))
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
        return lines.map { $0 + "\n" }.joined()
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
        var lines = indented(replies.begin())
        let bytes = event.raw.isEmpty ? Array(event.text.utf8) : [UInt8](event.raw)
        let cut = String(decoding: bytes.prefix(options.maxCommandBytes), as: UTF8.self)
        let text =
            bytes.count > options.maxCommandBytes
            ? TerminalText.escape(cut, keepingNewlines: true) + "… (\(bytes.count) bytes)"
            : TerminalText.escape(bytes, keepingNewlines: true)
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kind = event.message == "Query" || event.message.isEmpty ? "" : " (\(TerminalText.escape(event.message)))"
        lines.append("\(head)  command \(event.command)\(kind)  \(parts.first ?? "")")
        lines += parts.dropFirst().map { "      \($0)" }
        for (index, parameter) in event.parameters.enumerated() {
            lines.append("      $\(index + 1) = \(value(parameter))")
        }
        if event.hasMemoised { lines += Self.decision(event.memoised) }
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
        if !event.error.isEmpty {
            text = "error \(TerminalText.escape(event.sqlstate)): \(TerminalText.escape(event.error))"
        } else if text.isEmpty {
            text = TerminalText.escape(event.status)
        }
        text += ", \(event.rows) rows, \(event.bytes) bytes"
        let masked = event.masked.map { "\($0.count) × \(TerminalText.escape($0.entity))" }
        if !masked.isEmpty { text += ", masked: " + masked.joined(separator: ", ") }
        if event.outputOmittedBytes > 0 { text += ", \(event.outputOmittedBytes) bytes not recorded" }
        lines.append("    ← \(text)")
        return lines
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
