import Foundation
import Recording
import Telemetry

/// Events of the Open Cybersecurity Schema Framework, schema.ocsf.io.
public enum OCSF {
    static let version = "1.3.0"

    /// `event` as JSON, keys in order.
    public static func json(_ event: [String: Any]) -> [UInt8] {
        do {
            return [UInt8](
                try JSONSerialization.data(withJSONObject: event, options: [.sortedKeys, .withoutEscapingSlashes]))
        } catch {
            preconditionFailure("numbers and strings always encode: \(error)")
        }
    }

    /// `severity_id`.
    enum Severity: Int {
        case informational = 1
        case medium = 3

        var text: String {
            switch self {
            case .informational: "Informational"
            case .medium: "Medium"
            }
        }
    }

    /// What every event of a class has.
    static func kind(
        category: (Int, String), class number: Int, _ name: String, activity: Int, _ activityName: String,
        _ severity: Severity
    ) -> [String: Any] {
        [
            "activity_id": activity, "activity_name": activityName, "category_uid": category.0,
            "category_name": category.1, "class_uid": number, "class_name": name,
            "type_uid": number * 100 + activity, "type_name": "\(name): \(activityName)",
            "severity_id": severity.rawValue, "severity": severity.text,
        ]
    }

    /// - Parameter uid: the same whenever the event is made again.
    static func metadata(_ uid: String, _ session: RecordedSession, profiles: [String]) -> [String: Any] {
        [
            "version": version, "profiles": profiles, "uid": uid, "correlation_uid": session.id,
            "product": ["name": "Sluice", "vendor_name": "Sluice", "version": BuildVersion.current],
        ]
    }

    static func user(_ session: RecordedSession) -> [String: Any] {
        ["name": session.identity, "groups": session.groups.map { ["name": $0] }]
    }

    /// `address:port`; nil when it is not known.
    static func endpoint(_ source: String) -> [String: Any]? {
        guard let colon = source.lastIndex(of: ":") else { return nil }
        let host = source[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        var endpoint: [String: Any] = ["ip": host]
        if let port = UInt16(source[source.index(after: colon)...]) { endpoint["port"] = port }
        return endpoint
    }
}
