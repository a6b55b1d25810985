import Foundation

/// Every account at one moment: what an ingress keeps in memory between changes of the store's serial, so that a
/// login needs no disk.
public struct IdentitySnapshot: Sendable {
    /// Increases with every change of the store.
    public let serial: Int64
    /// The newest account of each name, revoked ones too.
    private let accounts: [String: ServiceAccount]
    private let mockSecret: [UInt8]
    /// Why sessions are to be ended, by their ids.
    private let ended: [String: String]

    /// - Parameter accounts: in order of creation; a later one replaces an earlier one of the same name.
    /// - Parameter ended: sessions that are to be ended, and why.
    public init(serial: Int64, accounts: [ServiceAccount], mockSecret: [UInt8], ended: [String: String] = [:]) {
        self.ended = ended
        self.serial = serial
        self.accounts = Dictionary(accounts.map { ($0.name, $0) }, uniquingKeysWith: { _, newer in newer })
        self.mockSecret = mockSecret
    }

    /// What a login under this name is checked against. Never nil, so that the exchange looks the same for every name.
    public func candidate(name: String) -> LoginCandidate {
        LoginCandidate(name: name, account: accounts[name], mockSecret: mockSecret)
    }

    /// Why the session of this id is to be ended; nil: it may go on.
    public func reasonToEnd(session: String) -> String? { ended[session] }

    /// Whether an identity that was proven earlier still counts: its sessions end when this turns false.
    public func isCurrent(_ identity: AuthenticatedIdentity, now: Date) -> Bool {
        guard let account = accounts[identity.name], account.id == identity.accountID else { return false }
        return account.status(at: now) == .active
    }
}
