import Contract
import Foundation
import PostgresRender
import Recording
import Telemetry

/// What commands were and what came of them: a row for each, RFC 4180.
struct CommandTable: SessionExporter {
    private static let columns = [
        "session", "identity", "groups", "resource", "source", "command", "received", "ended", "message", "text",
        "verdict", "rule", "reason", "holds", "reviewers", "status", "tag", "sqlstate", "error", "rows", "bytes",
        "masked", "recorded", "recording_rule", "omitted_bytes", "omitted_sha256",
    ]

    private var session: RecordingIndex.Session?
    private var log = CommandLog()

    var head: String { Self.columns.joined(separator: ",") + "\r\n" }

    mutating func begin(_ session: RecordingIndex.Session) -> String {
        self.session = session
        log = CommandLog()
        return ""
    }

    mutating func add(_ record: Record) -> [UInt8] { Array((log.add(record).map(row) ?? "").utf8) }

    mutating func end() -> String { log.unfinished().map(row).joined() }

    private var actor: [String] {
        guard let session else { return ["", "", "", "", ""] }
        return [
            session.id, session.identity, session.groups.joined(separator: " "), session.resource, session.source,
        ]
    }

    private func row(_ entry: CommandLog.Entry) -> String {
        let reviewers = entry.reviews.map { ($0.approved ? "approved " : "denied ") + $0.reviewer }
        let masked = entry.masked.map { "\($0.entity)=\($0.count)" }.joined(separator: " ")
        let ended = entry.ended.map(isoTime) ?? ""
        var fields: [String] = actor
        fields += [String(entry.number), isoTime(entry.received), ended, entry.message, entry.text]
        fields += [entry.verdict.word, entry.rule, entry.reason, entry.holds.joined(separator: " ")]
        fields += [reviewers.joined(separator: "; "), entry.status, entry.tag, entry.sqlState, entry.error]
        fields += [String(entry.rows), String(entry.bytes), masked, entry.recording.word, entry.recordingRule]
        fields += [entry.omitted.map { String($0.bytes) }.joined(separator: " ")]
        fields += [entry.omitted.map(\.digest).joined(separator: " ")]
        return fields.map(Self.quoted).joined(separator: ",") + "\r\n"
    }

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { [0x22, 0x2c, 0x0d, 0x0a].contains($0) }) else { return field }
        return "\"" + field.doubling("\"") + "\""
    }
}

/// Commands as events of the Open Cybersecurity Schema Framework: Datastore Activity (schema.ocsf.io, class 6005), with the
/// profile security_control.
struct DatastoreActivity: SessionExporter {
    private static let version = "1.3.0"
    private static let category = 6
    private static let classNumber = 6005
    /// `activity_id`: Query.
    private static let query = 4

    private var session: RecordingIndex.Session?
    private var log = CommandLog()

    mutating func begin(_ session: RecordingIndex.Session) -> String {
        self.session = session
        log = CommandLog()
        return ""
    }

    mutating func add(_ record: Record) -> [UInt8] { Array((log.add(record).map(line) ?? "").utf8) }

    mutating func end() -> String { log.unfinished().map(line).joined() }

    private func line(_ entry: CommandLog.Entry) -> String {
        do {
            let event = try JSONSerialization.data(
                withJSONObject: event(entry), options: [.sortedKeys, .withoutEscapingSlashes])
            return String(decoding: event, as: UTF8.self) + "\n"
        } catch {
            preconditionFailure("numbers and strings always encode: \(error)")
        }
    }

    /// What is the same of every event.
    private static var kind: [String: Any] {
        [
            "activity_id": query, "activity_name": "Query", "category_uid": category,
            "category_name": "Application Activity", "class_uid": classNumber, "class_name": "Datastore Activity",
            "type_uid": classNumber * 100 + query, "type_name": "Datastore Activity: Query", "severity_id": 1,
            "severity": "Informational",
        ]
    }

    private func event(_ entry: CommandLog.Entry) -> [String: Any] {
        let isDone = entry.status == "done" || entry.status == "suspended"
        let isRefused = entry.verdict == .refuse || entry.status == "refused"
        let isOver = entry.ended != nil
        let (status, statusNumber) = isDone ? ("Success", 1) : isOver ? ("Failure", 2) : ("Unknown", 0)
        var event: [String: Any] = Self.kind
        event["time"] = entry.received / 1000
        event["status_id"] = statusNumber
        event["status"] = status
        event["action_id"] = isRefused ? 2 : 1
        event["action"] = isRefused ? "Denied" : "Allowed"
        event["disposition_id"] = isRefused ? 2 : 1
        event["disposition"] = isRefused ? "Blocked" : "Allowed"
        event["metadata"] = metadata(entry)
        event["actor"] = actor
        event["database"] = database
        var query: [String: Any] = ["bytes": entry.bytes]
        if entry.recording.keepsTexts { query["query_string"] = entry.text }
        event["query_info"] = query
        event["unmapped"] = unmapped(entry)
        if !entry.rule.isEmpty { event["firewall_rule"] = ["name": entry.rule] }
        if !entry.sqlState.isEmpty { event["status_code"] = entry.sqlState }
        let detail = entry.error.isEmpty ? entry.reason : entry.error
        if !detail.isEmpty { event["status_detail"] = detail }
        if let ended = entry.ended {
            event["start_time"] = entry.received / 1000
            event["end_time"] = ended / 1000
            event["duration"] = ended > entry.received ? (ended - entry.received) / 1000 : 0
        }
        if let source { event["src_endpoint"] = source }
        return event
    }

    private func metadata(_ entry: CommandLog.Entry) -> [String: Any] {
        [
            "version": Self.version, "profiles": ["security_control"], "uid": "\(session?.id ?? "")/\(entry.number)",
            "correlation_uid": session?.id ?? "",
            "product": ["name": "Sluice", "vendor_name": "Sluice", "version": BuildVersion.current],
        ]
    }

    private var actor: [String: Any] {
        [
            "user": [
                "name": session?.identity ?? "", "groups": (session?.groups ?? []).map { ["name": $0] },
            ] as [String: Any],
            "session": ["uid": session?.id ?? ""],
        ]
    }

    private var database: [String: Any] {
        ["name": session?.resource ?? "", "type_id": 1, "type": "Relational"]
    }

    /// `address:port`.
    private var source: [String: Any]? {
        guard let text = session?.source, let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        var endpoint: [String: Any] = ["ip": host]
        if let port = UInt16(text[text.index(after: colon)...]) { endpoint["port"] = port }
        return endpoint
    }

    private func unmapped(_ entry: CommandLog.Entry) -> [String: Any] {
        var masked: [String: UInt64] = [:]
        for count in entry.masked { masked[count.entity, default: 0] += count.count }
        return [
            "command_tag": entry.tag, "rows": entry.rows, "status": entry.status, "masked": masked,
            "recorded": entry.recording.word, "recording_rule": entry.recordingRule,
            "omitted": entry.omitted.map { ["bytes": $0.bytes, "sha256": $0.digest] as [String: Any] },
            "holds": entry.holds,
            "reviews": entry.reviews.map { ["reviewer": $0.reviewer, "approved": $0.approved] as [String: Any] },
        ]
    }
}

extension Omission {
    /// Hexadecimal.
    fileprivate var digest: String { sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

extension Verdict {
    fileprivate var word: String {
        switch self {
        case .allow: "allow"
        case .hold: "hold"
        case .refuse: "refuse"
        case .unspecified, .UNRECOGNIZED: ""
        }
    }
}
