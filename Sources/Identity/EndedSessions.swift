import Foundation
import GRDB

/// Sessions that an operator wants to be ended.
enum EndedSessions {
    /// How long an order is kept. Ingress follows it within a second.
    private static let kept: TimeInterval = 86_400
    /// Characters of a reason.
    private static let maximumReason = 200

    static func add(_ db: Database, session: String, reason: String, now: Date) throws {
        try db.execute(
            sql: "DELETE FROM endedSessions WHERE orderedMilliseconds < ?",
            arguments: [now.addingTimeInterval(-kept).milliseconds])
        try db.execute(
            sql: "INSERT OR REPLACE INTO endedSessions(session, reason, orderedMilliseconds) VALUES (?, ?, ?)",
            arguments: [session, String(reason.prefix(maximumReason)), now.milliseconds])
    }

    static func all(_ db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(db, sql: "SELECT session, reason FROM endedSessions")
        return Dictionary(rows.map { ($0["session"], $0["reason"]) }, uniquingKeysWith: { first, _ in first })
    }
}
