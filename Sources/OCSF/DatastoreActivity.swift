import Contract
import Recording

/// Commands: class Datastore Activity (6005), with the profile security_control.
public struct DatastoreActivity {
    private static let category = (6, "Application Activity")
    private static let classNumber = 6005
    /// `activity_id`: Query.
    private static let query = 4
    /// `disposition_id`.
    private enum Disposition: Int {
        case allowed = 1
        case blocked = 2
        case approved = 8
        case delayed = 14
        case rejected = 25

        var text: String {
            switch self {
            case .allowed: "Allowed"
            case .blocked: "Blocked"
            case .approved: "Approved"
            case .delayed: "Delayed"
            case .rejected: "Rejected"
            }
        }
    }

    private let session: RecordedSession

    public init(_ session: RecordedSession) { self.session = session }

    /// What tells the event of a command from every other event.
    public static func uid(_ session: String, _ command: UInt64) -> String { "\(session)/\(command)" }

    /// What a command was and what came of it.
    ///
    /// - Parameter uid: another one than ``uid(_:_:)`` when the event tells only a part.
    public func event(_ entry: CommandLog.Entry, uid: String? = nil) -> [String: Any] {
        let isDone = entry.status == "done" || entry.status == "suspended"
        let isOver = entry.ended != nil
        let (status, statusNumber) = isDone ? ("Success", 1) : isOver ? ("Failure", 2) : ("Unknown", 0)
        var event = common(entry, uid: uid ?? Self.uid(session.id, entry.number), entry.isRefused ? .blocked : .allowed)
        event["time"] = entry.received / 1000
        event["status_id"] = statusNumber
        event["status"] = status
        event["action_id"] = entry.isRefused ? 2 : 1
        event["action"] = entry.isRefused ? "Denied" : "Allowed"
        if !entry.sqlState.isEmpty { event["status_code"] = entry.sqlState }
        let detail = entry.error.isEmpty ? entry.reason : entry.error
        if !detail.isEmpty { event["status_detail"] = detail }
        if let ended = entry.ended {
            event["start_time"] = entry.received / 1000
            event["end_time"] = ended / 1000
            event["duration"] = ended > entry.received ? (ended - entry.received) / 1000 : 0
        }
        return event
    }

    /// A command waits for reviewers, or does no longer.
    ///
    /// - Parameters:
    ///   - uid: of this change of the request.
    ///   - time: Unix time, microseconds.
    public func event(_ entry: CommandLog.Entry, hold: HoldEvent, uid: String, time: UInt64) -> [String: Any] {
        let disposition: Disposition =
            switch hold.status {
            case "pending": .delayed
            case "approved": .approved
            default: .rejected
            }
        var event = common(entry, uid: uid, disposition)
        event["time"] = time / 1000
        event["status_id"] = 99
        event["status"] = hold.status
        if !entry.reason.isEmpty { event["status_detail"] = entry.reason }
        return event
    }

    private func common(_ entry: CommandLog.Entry, uid: String, _ disposition: Disposition) -> [String: Any] {
        var event = OCSF.kind(
            category: Self.category, class: Self.classNumber, "Datastore Activity", activity: Self.query, "Query",
            .informational)
        event["disposition_id"] = disposition.rawValue
        event["disposition"] = disposition.text
        event["metadata"] = OCSF.metadata(uid, session, profiles: ["security_control"])
        event["actor"] = ["user": OCSF.user(session), "session": ["uid": session.id]]
        event["database"] = ["name": session.resource, "type_id": 1, "type": "Relational"] as [String: Any]
        event["query_info"] = ["query_string": entry.text, "bytes": entry.bytes] as [String: Any]
        event["unmapped"] = unmapped(entry)
        if !entry.rule.isEmpty { event["firewall_rule"] = ["name": entry.rule] }
        if let source = OCSF.endpoint(session.source) { event["src_endpoint"] = source }
        return event
    }

    private func unmapped(_ entry: CommandLog.Entry) -> [String: Any] {
        var masked: [String: UInt64] = [:]
        for count in entry.masked { masked[count.entity, default: 0] += count.count }
        return [
            "command_tag": entry.tag, "rows": entry.rows, "status": entry.status, "masked": masked,
            "holds": entry.holds,
            "reviews": entry.reviews.map { ["reviewer": $0.reviewer, "approved": $0.approved] as [String: Any] },
        ]
    }
}

extension CommandLog.Entry {
    /// Whether it did not run because Sluice did not let it.
    public var isRefused: Bool { verdict == .refuse || status == "refused" }
}
