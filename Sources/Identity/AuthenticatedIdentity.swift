import Foundation

/// Proof that a peer is a service account. Only this module's verifying code makes one.
public struct AuthenticatedIdentity: Sendable, Hashable {
    public enum Method: String, Sendable, Hashable {
        case scramSHA256 = "scram-sha-256"
        case password
    }

    public let accountID: Int64
    public let name: String
    public let groups: [String]
    public let labels: [String: String]
    public let method: Method
    /// When the account ends, and its sessions with it; nil: never.
    public let expiresAt: Date?

    /// The permit itself: made after the secret was proven, and refused for an account that no longer counts.
    fileprivate init(proven account: ServiceAccount, method: Method, now: Date) throws(AuthenticationError) {
        switch account.status(at: now) {
        case .active: break
        case .expired: throw AuthenticationError(.expired, "account \(account.name) has expired")
        case .revoked: throw AuthenticationError(.revoked, "account \(account.name) is revoked")
        }
        accountID = account.id
        name = account.name
        groups = account.groups
        labels = account.labels
        self.method = method
        expiresAt = account.expiresAt
    }
}

/// What one login attempt is checked against: an account, or a mock that looks like one and fits no secret.
public struct LoginCandidate: Sendable {
    private let name: String
    private let account: ServiceAccount?
    fileprivate let verifier: ScramVerifier

    /// - Parameters:
    ///   - account: nil when there is none with this name.
    ///   - mockSecret: the store's own secret, from which mocks are derived.
    public init(name: String, account: ServiceAccount?, mockSecret: [UInt8]) {
        self.name = name
        self.account = account
        verifier = account?.verifier ?? .mock(name: name, serverSecret: mockSecret)
    }

    /// Checks a secret that the client sent as it is. Takes about 2 ms of processor time whether it fits or not.
    public func authenticate(secret: String, now: Date) throws(AuthenticationError) -> AuthenticatedIdentity {
        guard !secret.isEmpty else { throw AuthenticationError(.emptySecret, "empty secret for \(name)") }
        guard secret.utf8.count <= AccountSecret.maximumByteCount else {
            throw AuthenticationError(.wrongSecret, "secret longer than \(AccountSecret.maximumByteCount) bytes")
        }
        let matches = verifier.matches(password: secret)
        let account = try existing()
        guard matches else { throw AuthenticationError(.wrongSecret, "wrong secret for \(name)") }
        return try AuthenticatedIdentity(proven: account, method: .password, now: now)
    }

    fileprivate func existing() throws(AuthenticationError) -> ServiceAccount {
        guard let account else { throw AuthenticationError(.unknownAccount, "no account \(name)") }
        return account
    }

    fileprivate func identity(
        afterProofBy method: AuthenticatedIdentity.Method, now: Date
    ) throws(AuthenticationError) -> AuthenticatedIdentity {
        try AuthenticatedIdentity(proven: existing(), method: method, now: now)
    }
}

/// One SCRAM login: ``ScramServer`` against a candidate, with the proof of identity at its end.
public struct ScramLogin: Sendable {
    private let candidate: LoginCandidate
    private var server: ScramServer

    public init(candidate: LoginCandidate, nonce: ScramNonce = .random()) {
        self.candidate = candidate
        server = ScramServer(verifier: candidate.verifier, nonce: nonce)
    }

    public mutating func receive(clientFirst: [UInt8]) throws(AuthenticationError) -> [UInt8] {
        try server.receive(clientFirst: clientFirst)
    }

    /// The server's final message is to be sent only when this returns: it goes with the identity.
    public mutating func receive(
        clientFinal: [UInt8], now: Date
    ) throws(AuthenticationError) -> (serverFinal: [UInt8], identity: AuthenticatedIdentity) {
        do {
            let serverFinal = try server.receive(clientFinal: clientFinal)
            return (serverFinal, try candidate.identity(afterProofBy: .scramSHA256, now: now))
        } catch  where error.code == .wrongSecret {
            _ = try candidate.existing()
            throw error
        }
    }
}
