import Contract
import Foundation

/// Where a held command stands. Only ``ApprovalStore`` changes it.
public enum HoldStatus: String, Sendable, Hashable, Codable, CaseIterable {
    /// Waits for reviewers.
    case pending
    /// Its quorum has approved; the one command that it names may run once.
    case approved
    case denied
    /// Nobody decided in time, or the approval was not used in time.
    case expired
    /// Approved, and the command was released to the target.
    case used
    /// Given up by the client or its session before it ran.
    case cancelled

    /// Whether nothing can change any more.
    public var isClosed: Bool {
        switch self {
        case .pending, .approved: false
        case .denied, .expired, .used, .cancelled: true
        }
    }
}

/// A command that waits for reviewers, bound to its exact bytes, session, identity and resource.
public struct HoldRequest: Sendable, Hashable {
    /// Ten characters of ``RequestID``'s alphabet.
    public let id: String
    public let session: String
    public let sequence: UInt64
    /// SHA-256 of the exact bytes that will run, with their parameters.
    public let digest: [UInt8]
    public let identity: String
    public let groups: [String]
    public let resource: String
    /// The whole command as it came, never shortened.
    public let command: [UInt8]
    public let parameters: [String]
    public let operations: [String]
    public let rule: String
    /// Both lists empty: any identity but the requester.
    public let approverGroups: [String]
    public let approverIdentities: [String]
    public let quorum: Int
    public let createdAt: Date
    public let expiresAt: Date
    public let status: HoldStatus
    /// The inbox that waits for the decision.
    public let replyTo: String
    public let reviews: [HoldReview]
    /// The store's serial at the last change of this request.
    public let serial: Int64
}

/// What one reviewer said.
public struct HoldReview: Sendable, Hashable {
    public let reviewer: String
    public let approved: Bool
    public let comment: String
    public let at: Date

    /// As it travels in a decision.
    public var message: Review {
        var review = Review()
        review.reviewer = reviewer
        review.approved = approved
        review.comment = comment
        review.atMs = UInt64(max(0, at.milliseconds))
        return review
    }
}

/// A command to hold, as it comes from the request lane.
public struct HoldSubmission: Sendable {
    public static let digestByteCount = 32
    /// Longest command, in bytes: more than a listener lets through.
    public static let maximumCommandByteCount = 64 << 20
    public static let maximumQuorum = 100
    /// Thirty days.
    public static let maximumExpirySeconds: UInt64 = 2_592_000

    public var session: String
    public var sequence: UInt64
    public var digest: [UInt8]
    public var identity: String
    public var groups: [String]
    public var resource: String
    public var command: [UInt8]
    public var parameters: [String]
    public var operations: [String]
    public var rule: String
    /// Who may approve, how many must, and for how long the request stands from its submission.
    public var hold: Hold
    public var replyTo: String

    public init(
        session: String, sequence: UInt64, digest: [UInt8], identity: String, groups: [String], resource: String,
        command: [UInt8], parameters: [String], operations: [String], rule: String, hold: Hold, replyTo: String
    ) {
        self.session = session
        self.sequence = sequence
        self.digest = digest
        self.identity = identity
        self.groups = groups
        self.resource = resource
        self.command = command
        self.parameters = parameters
        self.operations = operations
        self.rule = rule
        self.hold = hold
        self.replyTo = replyTo
    }

    /// From a message of the request lane.
    /// - Parameters:
    ///   - rule: the rule that asked for the hold.
    ///   - payload: the command's text.
    public init(header: Header, judge: Judge, rule: String, payload: [UInt8]) {
        self.init(
            session: header.session, sequence: header.sequence, digest: [UInt8](judge.digest),
            identity: judge.principal.name, groups: judge.principal.groups, resource: judge.resource, command: payload,
            parameters: judge.parameters, operations: judge.facts.operations, rule: rule, hold: judge.hold,
            replyTo: header.replyTo)
    }

    func check() throws(ApprovalError) {
        func require(_ condition: Bool, _ message: String) throws(ApprovalError) {
            if !condition { throw ApprovalError(.invalid, message) }
        }
        try require(
            !session.isEmpty && !identity.isEmpty && !resource.isEmpty, "a hold names session, identity and resource")
        try require(sequence <= UInt64(Int64.max), "sequence number out of range")
        try require(digest.count == Self.digestByteCount, "a digest has \(Self.digestByteCount) bytes")
        try require(command.count <= Self.maximumCommandByteCount, "command of \(command.count) bytes")
        try require((1...UInt32(Self.maximumQuorum)).contains(hold.quorum), "a quorum is 1 to \(Self.maximumQuorum)")
        try require(
            (1...Self.maximumExpirySeconds).contains(hold.expiresSeconds),
            "a hold expires after 1 to \(Self.maximumExpirySeconds) seconds")
    }
}

extension Date {
    /// Unix time in milliseconds.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
