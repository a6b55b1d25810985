import Foundation
import GRDB

extension ApprovalStore {
    /// Longest comment or reason, in bytes.
    public static let maximumCommentByteCount = 4096

    /// Notes one reviewer's word, and decides when it suffices: one denial denies, a quorum of different reviewers
    /// approves. All in one transaction, so that two reviewers at once cannot both be the last.
    /// - Parameter id: the whole name of the request.
    public func review(
        id: String, reviewer: Reviewer, approved: Bool, comment: String, now: Date = Date()
    ) throws(ReviewError) -> HoldRequest {
        let comment = comment.trimmingCharacters(in: .whitespacesAndNewlines)
        guard approved || !comment.isEmpty else { throw ReviewError(.reasonRequired, "a denial needs a reason") }
        guard comment.utf8.count <= Self.maximumCommentByteCount else {
            throw ReviewError(.commentTooLong, "a comment has at most \(Self.maximumCommentByteCount) bytes")
        }
        let outcome: Result<HoldRequest, ReviewError>
        do {
            outcome = try write { db in
                try Self.review(db, id: id, reviewer: reviewer, approved: approved, comment: comment, now: now)
            }
        } catch {
            throw ReviewError(.unavailable, error.message)
        }
        return try outcome.get()
    }

    /// The refusals are returned, not thrown: finding a request expired is itself a change to commit.
    private static func review(
        _ db: Database, id: String, reviewer: Reviewer, approved: Bool, comment: String, now: Date
    ) throws -> Result<HoldRequest, ReviewError> {
        guard let row = try ApprovalRow.one(db, id: id) else {
            return .failure(ReviewError(.notFound, "no request \(id)"))
        }
        let request = try row.request(db)
        if let refusal = reviewer.refusal(for: request) { return .failure(refusal) }
        if row.status == .pending, request.expiresAt <= now {
            _ = try change(row, to: .expired, db)
            return .failure(ReviewError(.expired, "request \(id) has expired; the client may send the command again"))
        }
        switch row.status {
        case .pending: break
        case .expired: return .failure(ReviewError(.expired, "request \(id) has expired"))
        case .approved, .denied, .used, .cancelled:
            return .failure(ReviewError(.alreadyDecided, "request \(id) is \(row.status.rawValue) already"))
        }
        guard !request.reviews.contains(where: { $0.reviewer == reviewer.name }) else {
            return .failure(ReviewError(.alreadyReviewed, "\(reviewer.name) has reviewed request \(id) already"))
        }

        try ReviewRow(
            request: id, reviewer: reviewer.name, approved: approved, comment: comment,
            atMilliseconds: now.milliseconds
        ).insert(db)
        let approvals = request.reviews.count { $0.approved } + (approved ? 1 : 0)
        let status: HoldStatus = !approved ? .denied : approvals >= row.quorum ? .approved : .pending
        return .success(try change(row, to: status, db, now: now).request(db))
    }
}
