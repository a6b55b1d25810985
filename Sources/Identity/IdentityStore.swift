import Foundation
import GRDB

/// Service accounts in an SQLite file (mode 0600, write-ahead log). Several processes may have it open at once: the
/// CLI writes, ingress reads. Calls block on the disk.
public final class IdentityStore: Sendable {
    let database: DatabaseQueue

    /// Opens the store, and creates it when the file is missing.
    public init(path: String) throws(IdentityStoreError) {
        do {
            database = try StoreFile.open(path: path)
        } catch let error as IdentityStoreError {
            throw error
        } catch {
            throw IdentityStoreError(.unavailable, "cannot open the store of identities \(path): \(error)")
        }
    }

    /// Makes an account with a new random secret, which is returned here and kept nowhere.
    /// - Throws: `nameTaken` while an account of that name is not revoked, and `invalid…`.
    public func create(
        name: String, groups: [String] = [], labels: [String: String] = [:], expiresAt: Date? = nil, now: Date = Date()
    ) throws(IdentityStoreError) -> (account: ServiceAccount, secret: String) {
        try AccountRules.check(name: name, groups: groups, labels: labels)
        if let expiresAt, expiresAt <= now {
            throw IdentityStoreError(.invalidExpiry, "the account would have expired already")
        }
        let secret = AccountSecret.random()
        let verifier = ScramVerifier(password: secret)
        let account = try perform { database in
            try database.write { db in
                if try AccountRow.newest(db, name: name, notRevoked: true) != nil {
                    throw IdentityStoreError(
                        .nameTaken, "an account \(name) exists; revoke it first or choose another name")
                }
                var row = AccountRow(
                    id: nil, name: name, groups: groups, labels: labels, verifier: verifier.textualForm,
                    createdMilliseconds: now.milliseconds, expiresMilliseconds: expiresAt?.milliseconds,
                    revokedMilliseconds: nil)
                try row.insert(db)
                try StoreFile.increaseSerial(db)
                return try row.account()
            }
        }
        return (account, secret)
    }

    /// All accounts in order of creation, revoked ones too.
    public func list() throws(IdentityStoreError) -> [ServiceAccount] {
        try perform { database in try database.read { db in try AccountRow.all(db).map { try $0.account() } } }
    }

    /// Ends an account now; ingress closes its sessions when it sees the serial change.
    /// - Throws: `notFound` when no account of that name is in force.
    @discardableResult
    public func revoke(_ name: String, now: Date = Date()) throws(IdentityStoreError) -> ServiceAccount {
        try perform { database in
            try database.write { db in
                guard var row = try AccountRow.newest(db, name: name, notRevoked: true) else {
                    throw IdentityStoreError(.notFound, "no account \(name) that could be revoked")
                }
                row.revokedMilliseconds = now.milliseconds
                try row.update(db)
                try StoreFile.increaseSerial(db)
                return try row.account()
            }
        }
    }

    /// Has a session ended; ingress does so when it sees the serial change. Orders are kept for a day.
    /// - Parameter reason: recorded with the session's end, and told to the client: at most 200 characters of it.
    public func end(session: String, reason: String, now: Date = Date()) throws(IdentityStoreError) {
        try perform { database in
            try database.write { db in
                try EndedSessions.add(db, session: session, reason: reason, now: now)
                try StoreFile.increaseSerial(db)
            }
        }
    }

    /// The newest account of that name, which may be expired or revoked.
    public func find(_ name: String) throws(IdentityStoreError) -> ServiceAccount? {
        try perform { database in
            try database.read { db in try AccountRow.newest(db, name: name, notRevoked: false)?.account() }
        }
    }

    /// A number that grows with every change, by whatever process.
    public func serial() throws(IdentityStoreError) -> Int64 {
        try perform { database in try database.read { db in try StoreFile.serial(db) } }
    }

    /// Everything at one moment.
    public func snapshot() throws(IdentityStoreError) -> IdentitySnapshot {
        try perform { database in
            try database.read { db in
                IdentitySnapshot(
                    serial: try StoreFile.serial(db), accounts: try AccountRow.all(db).map { try $0.account() },
                    mockSecret: try StoreFile.mockSecret(db), ended: try EndedSessions.all(db))
            }
        }
    }

    /// Checks a name and secret against the store as it is now.
    public func authenticate(
        name: String, secret: String, now: Date = Date()
    ) throws(AuthenticationError) -> AuthenticatedIdentity {
        let candidate: LoginCandidate
        do {
            candidate = try snapshot().candidate(name: name)
        } catch {
            throw AuthenticationError(.storeUnavailable, error.message)
        }
        return try candidate.authenticate(secret: secret, now: now)
    }

    private func perform<Value>(_ body: (DatabaseQueue) throws -> Value) throws(IdentityStoreError) -> Value {
        do {
            return try body(database)
        } catch let error as IdentityStoreError {
            throw error
        } catch {
            throw IdentityStoreError(.unavailable, "the store of identities failed: \(error)")
        }
    }
}
