import Approvals
import Foundation

/// Held commands on a terminal or as JSON. Everything that came from a client is escaped, so that it can neither
/// drive the terminal nor pass for another line of the output.
enum ApprovalOutput {
    /// Characters of a command that a list shows; `show` has the whole.
    private static let listedCommandLength = 60

    static func print(_ requests: [HoldRequest], _ format: OutputFormat) throws {
        switch format {
        case .json: try printJSON(requests.map(JSONRequest.init))
        case .table:
            let rows = requests.map { request in
                [
                    request.id, request.status.rawValue, VisibleText.line(request.identity),
                    VisibleText.line(request.resource), request.expiresAt.ISO8601Format(), listed(request.command),
                ]
            }
            TextTable(columns: ["ID", "STATUS", "IDENTITY", "RESOURCE", "EXPIRES", "COMMAND"], rows: rows).print()
        }
    }

    static func print(_ request: HoldRequest, _ format: OutputFormat, now: Date) throws {
        switch format {
        case .json: try printJSON(JSONRequest(request))
        case .table:
            TextTable(columns: ["id", request.id], rows: fields(of: request, now: now)).print()
            for review in request.reviews {
                let word = review.approved ? "approved" : "denied"
                let comment = review.comment.isEmpty ? "" : ": " + VisibleText.line(review.comment)
                Swift.print("\(word) by \(VisibleText.line(review.reviewer)) at \(review.at.ISO8601Format())\(comment)")
            }
            for (index, parameter) in request.parameters.enumerated() {
                Swift.print("parameter $\(index + 1): \(VisibleText.line(parameter))")
            }
            Swift.print("command (\(request.command.count) bytes):")
            for line in VisibleText.escape(request.command).split(separator: "\n", omittingEmptySubsequences: false) {
                Swift.print("  | \(line)")
            }
        }
    }

    private static func fields(of request: HoldRequest, now: Date) -> [[String]] {
        let left = request.status == .pending ? " (\(timeLeft(until: request.expiresAt, now: now)) left)" : ""
        let approvers = request.approverGroups.map { "group \($0)" } + request.approverIdentities
        return [
            ["status", request.status.rawValue],
            ["identity", VisibleText.line(request.identity)],
            ["groups", VisibleText.line(request.groups.joined(separator: ", "))],
            ["resource", VisibleText.line(request.resource)],
            ["session", VisibleText.line(request.session)],
            ["operations", VisibleText.line(request.operations.joined(separator: ", "))],
            ["rule", VisibleText.line(request.rule)],
            [
                "approvers",
                approvers.isEmpty ? "anyone but the requester" : VisibleText.line(approvers.joined(separator: ", ")),
            ],
            ["quorum", "\(request.reviews.count { $0.approved }) of \(request.quorum)"],
            ["created", request.createdAt.ISO8601Format()],
            ["expires", request.expiresAt.ISO8601Format() + left],
            ["digest", hexadecimal(request.digest)],
        ]
    }

    private static func listed(_ command: [UInt8]) -> String {
        // Four bytes at most for each character that is shown.
        let line = VisibleText.line(String(decoding: command.prefix(listedCommandLength * 4), as: UTF8.self))
        let shortened = line.prefix(listedCommandLength)
        return shortened.count < line.count || command.count > listedCommandLength * 4 ? shortened + "…" : line
    }

    private static func timeLeft(until end: Date, now: Date) -> String {
        let seconds = max(0, Int(end.timeIntervalSince(now)))
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m \(seconds % 60)s" }
        return "\(seconds / 3600)h \(seconds % 3600 / 60)m"
    }

    fileprivate static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private struct JSONRequest: Encodable {
        struct JSONReview: Encodable {
            let reviewer: String
            let approved: Bool
            let comment: String
            let at: String
        }

        let id: String
        let status: String
        let identity: String
        let groups: [String]
        let resource: String
        let session: String
        let command: String
        let parameters: [String]
        let operations: [String]
        let digest: String
        let rule: String
        let approverGroups: [String]
        let approverIdentities: [String]
        let quorum: Int
        let reviews: [JSONReview]
        let created: String
        let expires: String

        private enum CodingKeys: String, CodingKey {
            case id, status, identity, groups, resource, session, command, parameters, operations, digest, rule
            case approverGroups = "approver_groups"
            case approverIdentities = "approver_identities"
            case quorum, reviews, created, expires
        }

        init(_ request: HoldRequest) {
            id = request.id
            status = request.status.rawValue
            identity = request.identity
            groups = request.groups
            resource = request.resource
            session = request.session
            command = String(validating: request.command, as: UTF8.self) ?? VisibleText.escape(request.command)
            parameters = request.parameters
            operations = request.operations
            digest = ApprovalOutput.hexadecimal(request.digest)
            rule = request.rule
            approverGroups = request.approverGroups
            approverIdentities = request.approverIdentities
            quorum = request.quorum
            reviews = request.reviews.map { review in
                JSONReview(
                    reviewer: review.reviewer, approved: review.approved, comment: review.comment,
                    at: review.at.ISO8601Format())
            }
            created = request.createdAt.ISO8601Format()
            expires = request.expiresAt.ISO8601Format()
        }
    }
}
