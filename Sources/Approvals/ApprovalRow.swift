import Contract
import Foundation
import GRDB

/// One row of the table `requests`.
struct ApprovalRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "requests"

    var id: String
    var session: String
    var sequence: Int64
    var digest: Data
    var identity: String
    var groups: [String]
    var resource: String
    var command: Data
    var parameters: [String]
    var operations: [String]
    var rule: String
    var approverGroups: [String]
    var approverIdentities: [String]
    var quorum: Int
    var createdMilliseconds: Int64
    var expiresMilliseconds: Int64
    /// When the quorum was reached; stays when an unused approval expires.
    var approvedMilliseconds: Int64?
    var status: HoldStatus
    var replyTo: String
    var serial: Int64

    init(id: String, submission: HoldSubmission, serial: Int64, now: Date) {
        self.id = id
        session = submission.session
        sequence = Int64(submission.sequence)
        digest = Data(submission.digest)
        identity = submission.identity
        groups = submission.groups
        resource = submission.resource
        command = Data(submission.command)
        parameters = submission.parameters
        operations = submission.operations
        rule = submission.rule
        approverGroups = submission.hold.approverGroups
        approverIdentities = submission.hold.approverIdentities
        quorum = Int(submission.hold.quorum)
        createdMilliseconds = now.milliseconds
        expiresMilliseconds = now.milliseconds + Int64(submission.hold.expiresSeconds) * 1000
        approvedMilliseconds = nil
        status = .pending
        replyTo = submission.replyTo
        self.serial = serial
    }

    static func one(_ db: Database, id: String) throws -> ApprovalRow? {
        try ApprovalRow.fetchOne(db, sql: "SELECT * FROM requests WHERE id = ?", arguments: [id])
    }

    func belongs(to session: String, _ sequence: UInt64) -> Bool {
        self.session == session && UInt64(self.sequence) == sequence
    }

    func request(_ db: Database) throws -> HoldRequest {
        let reviews = try ReviewRow.fetchAll(
            db, sql: "SELECT * FROM reviews WHERE request = ? ORDER BY rowid", arguments: [id])
        return HoldRequest(
            id: id, session: session, sequence: UInt64(sequence), digest: [UInt8](digest), identity: identity,
            groups: groups, resource: resource, command: [UInt8](command), parameters: parameters,
            operations: operations, rule: rule, approverGroups: approverGroups,
            approverIdentities: approverIdentities, quorum: quorum, createdAt: Date(milliseconds: createdMilliseconds),
            expiresAt: Date(milliseconds: expiresMilliseconds), status: status, replyTo: replyTo,
            reviews: reviews.map(\.review), serial: serial)
    }
}

/// One row of the table `reviews`.
struct ReviewRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "reviews"

    var request: String
    var reviewer: String
    var approved: Bool
    var comment: String
    var atMilliseconds: Int64

    var review: HoldReview {
        HoldReview(reviewer: reviewer, approved: approved, comment: comment, at: Date(milliseconds: atMilliseconds))
    }
}
