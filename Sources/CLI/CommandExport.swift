import Contract
import Foundation
import OCSF
import PostgresRender
import Recording

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

/// Commands as events of the Open Cybersecurity Schema Framework, one in each line.
struct DatastoreActivityLines: SessionExporter {
    private var session = RecordedSession(id: "")
    private var log = CommandLog()

    mutating func begin(_ session: RecordingIndex.Session) -> String {
        self.session = RecordedSession(session)
        log = CommandLog()
        return ""
    }

    mutating func add(_ record: Record) -> [UInt8] { log.add(record).map(line) ?? [] }

    mutating func end() -> String { log.unfinished().map { String(decoding: line($0), as: UTF8.self) }.joined() }

    private func line(_ entry: CommandLog.Entry) -> [UInt8] {
        OCSF.json(DatastoreActivity(session).event(entry)) + [UInt8(ascii: "\n")]
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
