import Foundation
import GRDB

extension ApprovalStore {
    /// A number that grows with every submission and every change of a request, by whatever process.
    public func serial() throws(ApprovalError) -> Int64 {
        try read { db in try ApprovalFile.serial(db) }
    }

    /// The requests that were made or changed after `serial`, in the order of their last change, at most `limit`; ask
    /// again with the last one's ``HoldRequest/serial`` for the rest.
    public func changes(since serial: Int64, limit: Int = 256) throws(ApprovalError) -> [HoldRequest] {
        try requests("WHERE serial > ? ORDER BY serial LIMIT ?", [serial, limit])
    }

    /// The newest requests first, at most `limit`.
    public func list(status: HoldStatus? = nil, limit: Int = 200) throws(ApprovalError) -> [HoldRequest] {
        guard let status else { return try requests("ORDER BY createdMilliseconds DESC, rowid DESC LIMIT ?", [limit]) }
        return try requests(
            "WHERE status = ? ORDER BY createdMilliseconds DESC, rowid DESC LIMIT ?", [status.rawValue, limit])
    }

    /// What waits for reviewers or for its command to run: what an approver takes up again after a restart.
    public func openRequests() throws(ApprovalError) -> [HoldRequest] {
        try requests("WHERE status IN ('pending', 'approved') ORDER BY createdMilliseconds, rowid", [])
    }

    /// The pending requests that this reviewer may decide and has not yet reviewed.
    public func pending(for reviewer: Reviewer, now: Date = Date()) throws(ApprovalError) -> [HoldRequest] {
        try requests("WHERE status = 'pending' ORDER BY createdMilliseconds, rowid", []).filter { request in
            request.expiresAt > now && reviewer.refusal(for: request) == nil
                && !request.reviews.contains { $0.reviewer == reviewer.name }
        }
    }

    /// The request of this name, or the only one whose name begins so.
    /// - Throws: `notFound`, `ambiguous`.
    public func find(_ typed: String) throws(ApprovalError) -> HoldRequest {
        guard let prefix = RequestID.normalise(typed) else {
            throw ApprovalError(
                .notFound,
                "a request's name is \(RequestID.minimumPrefixLength) to \(RequestID.length) letters and digits")
        }
        let found = try requests("WHERE substr(id, 1, ?) = ? LIMIT 2", [prefix.utf8.count, prefix])
        guard let request = found.first else { throw ApprovalError(.notFound, "no request \(prefix)") }
        guard found.count == 1 else {
            throw ApprovalError(.ambiguous, "several requests begin with \(prefix); type more of the name")
        }
        return request
    }

    private func requests(
        _ clause: String, _ arguments: StatementArguments
    ) throws(ApprovalError) -> [HoldRequest] {
        try read { db in
            try ApprovalRow.fetchAll(db, sql: "SELECT * FROM requests \(clause)", arguments: arguments)
                .map { try $0.request(db) }
        }
    }
}
