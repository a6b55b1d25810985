/// Who decides about a request. Make it only from an authenticated identity, or for the owner of the state directory.
public struct Reviewer: Sendable, Hashable {
    public let name: String
    public let groups: [String]
    /// The owner of the state directory, who may review anything.
    public let isOperator: Bool

    public init(name: String, groups: [String]) {
        self.name = name
        self.groups = groups
        isOperator = false
    }

    private init(operatorNamed name: String) {
        self.name = name
        groups = []
        isOperator = true
    }

    /// The owner of the state directory. No service account can have this name.
    public static let `operator` = Reviewer(operatorNamed: "operator")

    /// Why this reviewer may not decide about the request; nil when it may.
    func refusal(for request: HoldRequest) -> ReviewError? {
        if name == request.identity {
            return ReviewError(.ownRequest, "nobody reviews their own request; ask another reviewer")
        }
        if isOperator || (request.approverGroups.isEmpty && request.approverIdentities.isEmpty) { return nil }
        if request.approverIdentities.contains(name) || !Set(request.approverGroups).isDisjoint(with: groups) {
            return nil
        }
        return ReviewError(.notAnApprover, "\(name) is not among the approvers that rule '\(request.rule)' names")
    }
}

/// Why a review did not count. The message may be shown to the reviewer.
public struct ReviewError: Error, Sendable, Equatable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        public let name: String
        public static let notFound = Code(name: "not_found")
        public static let ownRequest = Code(name: "own_request")
        public static let notAnApprover = Code(name: "not_an_approver")
        public static let alreadyReviewed = Code(name: "already_reviewed")
        public static let alreadyDecided = Code(name: "already_decided")
        public static let expired = Code(name: "expired")
        public static let reasonRequired = Code(name: "reason_required")
        public static let commentTooLong = Code(name: "comment_too_long")
        public static let unavailable = Code(name: "unavailable")
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

/// Why the store of approvals did not do what was asked.
public struct ApprovalError: Error, Sendable, Equatable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        public let name: String
        public static let invalid = Code(name: "invalid")
        /// The session and sequence number stand for another command already.
        public static let conflict = Code(name: "conflict")
        public static let full = Code(name: "full")
        public static let notFound = Code(name: "not_found")
        public static let ambiguous = Code(name: "ambiguous")
        /// Another session's request, or one that was never approved.
        public static let notApproved = Code(name: "not_approved")
        public static let unavailable = Code(name: "unavailable")
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
