import Contract
import Foundation
import GRDB

/// Held commands and their reviews in an SQLite file (mode 0600, write-ahead log, every commit synced). Several
/// processes may have it open at once: the approver submits, the CLI reviews, and the approver sees the reviews by
/// ``changes(since:limit:)``. Calls block on the disk.
public final class ApprovalStore: Sendable {
    /// Requests that may be open at once; further ones are refused.
    public static let maximumOpenRequests = 10_000
    /// How long an approval that nobody used outlives its request's expiry: time for a client that was just released.
    public static let unusedApprovalGrace: TimeInterval = 300

    let database: DatabaseQueue

    /// Opens the store, and creates it when the file is missing.
    public init(path: String) throws(ApprovalError) {
        do {
            database = try ApprovalFile.open(path: path)
        } catch let error as ApprovalError {
            throw error
        } catch {
            throw ApprovalError(.unavailable, "cannot open the store of approvals \(path): \(error)")
        }
    }

    /// Makes a hold durable. A resent message (same session, sequence, digest, identity and resource) gets the request
    /// as it stands now, which may be decided, expired or used already; only its reply inbox is updated.
    /// - Throws: `conflict` when session and sequence stand for another command, `invalid`, `full`.
    public func submit(_ submission: HoldSubmission, now: Date = Date()) throws(ApprovalError) -> HoldRequest {
        try submission.check()
        return try write { db in
            let known = try ApprovalRow.fetchOne(
                db, sql: "SELECT * FROM requests WHERE session = ? AND sequence = ?",
                arguments: [submission.session, Int64(submission.sequence)])
            if var row = known {
                // What reviewers see and who may review is what the first message said, or nothing.
                guard row.digest == Data(submission.digest), row.identity == submission.identity,
                    row.resource == submission.resource, row.command == Data(submission.command),
                    row.parameters == submission.parameters, row.approverGroups == submission.hold.approverGroups,
                    row.approverIdentities == submission.hold.approverIdentities,
                    row.quorum == max(1, Int(submission.hold.quorum))
                else { throw ApprovalError(.conflict, "the sequence number stands for another command") }
                if row.replyTo != submission.replyTo {
                    row.replyTo = submission.replyTo
                    try row.update(db)
                }
                return try row.request(db)
            }
            let open = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM requests WHERE status IN ('pending', 'approved')")
            guard let open, open < Self.maximumOpenRequests else {
                throw ApprovalError(.full, "\(Self.maximumOpenRequests) requests wait already")
            }
            let row = ApprovalRow(
                id: try Self.freeID(db), submission: submission, serial: try ApprovalFile.nextSerial(db), now: now)
            try row.insert(db)
            return try row.request(db)
        }
    }

    private static func freeID(_ db: Database) throws -> String {
        var id = RequestID.random()
        while try ApprovalRow.one(db, id: id) != nil { id = RequestID.random() }
        return id
    }

    /// Ends what nobody decided or used in time. The requests that changed.
    @discardableResult
    public func expire(now: Date = Date()) throws(ApprovalError) -> [HoldRequest] {
        let grace = Int64(Self.unusedApprovalGrace * 1000)
        return try write { db in
            let rows = try ApprovalRow.fetchAll(
                db,
                sql: """
                    SELECT * FROM requests WHERE (status = 'pending' AND expiresMilliseconds <= :now)
                        OR (status = 'approved' AND expiresMilliseconds + :grace <= :now) ORDER BY serial
                    """, arguments: ["now": now.milliseconds, "grace": grace])
            return try rows.map { row in try Self.change(row, to: .expired, db).request(db) }
        }
    }

    /// Notes that an approved command was released to its target. Asking again changes nothing.
    /// - Throws: `notFound`, and `notApproved` for another session's request or one that was never approved.
    @discardableResult
    public func markUsed(id: String, session: String, sequence: UInt64) throws(ApprovalError) -> HoldRequest {
        try write { db in
            let row = try Self.row(db, id: id, session, sequence)
            switch row.status {
            case .used: return try row.request(db)
            case .approved: return try Self.change(row, to: .used, db).request(db)
            case .expired where row.approvedMilliseconds != nil:
                return try Self.change(row, to: .used, db).request(db)
            case .pending, .denied, .expired, .cancelled:
                throw ApprovalError(.notApproved, "request \(id) is \(row.status.rawValue), not approved")
            }
        }
    }

    /// Notes that the held command was given up. A request that is closed already stays as it is.
    @discardableResult
    public func cancel(id: String, session: String, sequence: UInt64) throws(ApprovalError) -> HoldRequest {
        try write { db in
            let row = try Self.row(db, id: id, session, sequence)
            return try (row.status.isClosed ? row : Self.change(row, to: .cancelled, db)).request(db)
        }
    }

    /// The one place where a request's status changes.
    static func change(_ row: ApprovalRow, to status: HoldStatus, _ db: Database, now: Date? = nil) throws
        -> ApprovalRow
    {
        var changed = row
        changed.status = status
        if status == .approved { changed.approvedMilliseconds = now?.milliseconds }
        changed.serial = try ApprovalFile.nextSerial(db)
        try changed.update(db)
        return changed
    }

    private static func row(_ db: Database, id: String, _ session: String, _ sequence: UInt64) throws -> ApprovalRow {
        guard let row = try ApprovalRow.one(db, id: id) else { throw ApprovalError(.notFound, "no request \(id)") }
        guard row.belongs(to: session, sequence) else {
            throw ApprovalError(.notApproved, "request \(id) belongs to another command")
        }
        return row
    }

    func write<Value>(_ body: (Database) throws -> Value) throws(ApprovalError) -> Value {
        try Self.mapping { try database.write(body) }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(ApprovalError) -> Value {
        try Self.mapping { try database.read(body) }
    }

    private static func mapping<Value>(_ body: () throws -> Value) throws(ApprovalError) -> Value {
        do {
            return try body()
        } catch let error as ApprovalError {
            throw error
        } catch {
            throw ApprovalError(.unavailable, "the store of approvals failed: \(error)")
        }
    }
}
