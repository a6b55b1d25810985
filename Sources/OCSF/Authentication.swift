import Contract

/// Sessions: class Authentication (3002).
public struct Authentication {
    private static let category = (3, "Identity & Access Management")
    private static let classNumber = 3002
    private static let logon = (1, "Logon")
    private static let logoff = (2, "Logoff")

    private let session: RecordedSession

    public init(_ session: RecordedSession) { self.session = session }

    /// The session began.
    ///
    /// - Parameters:
    ///   - uid: the same whenever the event is made again.
    ///   - time: Unix time, microseconds.
    public func started(_ event: SessionStarted, uid: String, time: UInt64) -> [String: Any] {
        var result = common(Self.logon, uid: uid, time: time, .informational)
        if !event.principal.method.isEmpty {
            result["auth_protocol_id"] = 99
            result["auth_protocol"] = event.principal.method
        }
        return result
    }

    /// The session is over; `isKilled`: an operator ended it.
    public func ended(_ event: SessionEnded, isKilled: Bool, uid: String, time: UInt64) -> [String: Any] {
        var result = common(Self.logoff, uid: uid, time: time, isKilled ? .medium : .informational)
        if !event.reason.isEmpty { result["status_detail"] = event.reason }
        result["unmapped"] = ["commands": event.commands, "bytes": event.bytes]
        return result
    }

    private func common(
        _ activity: (Int, String), uid: String, time: UInt64, _ severity: OCSF.Severity
    ) -> [String: Any] {
        var event = OCSF.kind(
            category: Self.category, class: Self.classNumber, "Authentication", activity: activity.0, activity.1,
            severity)
        event["time"] = time / 1000
        event["status_id"] = 1
        event["status"] = "Success"
        event["metadata"] = OCSF.metadata(uid, session, profiles: [])
        event["user"] = OCSF.user(session)
        event["session"] = ["uid": session.id]
        event["service"] = ["name": session.resource]
        if let source = OCSF.endpoint(session.source) { event["src_endpoint"] = source }
        return event
    }
}
