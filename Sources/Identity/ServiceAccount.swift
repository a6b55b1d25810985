import Foundation

/// A non-human identity, as stored. Holding one proves nothing: see ``AuthenticatedIdentity``.
public struct ServiceAccount: Sendable, Hashable {
    /// Unique over time: an account made anew under a revoked name has another one.
    public let id: Int64
    public let name: String
    public let groups: [String]
    public let labels: [String: String]
    public let verifier: ScramVerifier
    public let createdAt: Date
    /// Nil: never.
    public let expiresAt: Date?
    public let revokedAt: Date?

    public init(
        id: Int64, name: String, groups: [String] = [], labels: [String: String] = [:], verifier: ScramVerifier,
        createdAt: Date, expiresAt: Date? = nil, revokedAt: Date? = nil
    ) {
        self.id = id
        self.name = name
        self.groups = groups
        self.labels = labels
        self.verifier = verifier
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    public enum Status: String, Sendable, Hashable {
        case active, expired, revoked
    }

    public func status(at now: Date) -> Status {
        if revokedAt != nil { return .revoked }
        if let expiresAt, expiresAt <= now { return .expired }
        return .active
    }
}

/// What may stand in an account's name, groups and labels.
public enum AccountRules {
    /// PostgreSQL's longest user name (NAMEDATALEN - 1).
    public static let maximumNameLength = 63
    public static let maximumGroups = 64
    public static let maximumLabels = 64
    public static let maximumLabelValueLength = 256
    /// The name under which the owner of the state directory reviews; no account may have it.
    public static let reservedNames: Set<String> = ["operator"]

    static func check(name: String, groups: [String], labels: [String: String]) throws(IdentityStoreError) {
        guard isName(name) else {
            throw IdentityStoreError(
                .invalidName, "a name has 1 to \(maximumNameLength) of the characters a-z 0-9 . _ -")
        }
        guard !reservedNames.contains(name) else {
            throw IdentityStoreError(.invalidName, "the name \(name) is reserved; choose another")
        }
        guard groups.count <= maximumGroups, groups.allSatisfy(isName), Set(groups).count == groups.count else {
            throw IdentityStoreError(
                .invalidGroup,
                "at most \(maximumGroups) different groups, each of 1 to \(maximumNameLength) of a-z 0-9 . _ -")
        }
        let labelsAreFine = labels.allSatisfy { key, value in
            isName(key) && value.utf8.count <= maximumLabelValueLength
                && value.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
        guard labels.count <= maximumLabels, labelsAreFine else {
            throw IdentityStoreError(
                .invalidLabel,
                "at most \(maximumLabels) labels, keys of a-z 0-9 . _ -, values of \(maximumLabelValueLength) bytes without controls"
            )
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...maximumNameLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// Secrets of service accounts.
public enum AccountSecret {
    public static let prefix = "slc_"
    static let randomByteCount = 32
    /// Longest secret taken from a client, in bytes; longer ones are not tried.
    public static let maximumByteCount = 1024

    /// `slc_` and 43 characters of base64url: 256 random bits.
    static func random() -> String { prefix + Base64.encodeURL(SecureRandom.bytes(randomByteCount)) }
}

/// Why the store of accounts did not do what was asked. The message may be shown to the operator.
public struct IdentityStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        public let name: String
        public static let invalidName = Code(name: "invalid_name")
        public static let invalidGroup = Code(name: "invalid_group")
        public static let invalidLabel = Code(name: "invalid_label")
        public static let invalidExpiry = Code(name: "invalid_expiry")
        public static let nameTaken = Code(name: "name_taken")
        public static let notFound = Code(name: "not_found")
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
