import Foundation
import GRDB

/// One row of the table `accounts`.
struct AccountRow: Codable, FetchableRecord, MutablePersistableRecord {
    static let databaseTableName = "accounts"

    var id: Int64?
    var name: String
    var groups: [String]
    var labels: [String: String]
    var verifier: String
    var createdMilliseconds: Int64
    var expiresMilliseconds: Int64?
    var revokedMilliseconds: Int64?

    mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }

    static func all(_ db: Database) throws -> [AccountRow] {
        try AccountRow.fetchAll(db, sql: "SELECT * FROM accounts ORDER BY id")
    }

    static func newest(_ db: Database, name: String, notRevoked: Bool) throws -> AccountRow? {
        let condition = notRevoked ? "AND revokedMilliseconds IS NULL" : ""
        return try AccountRow.fetchOne(
            db, sql: "SELECT * FROM accounts WHERE name = ? \(condition) ORDER BY id DESC LIMIT 1", arguments: [name])
    }

    func account() throws(IdentityStoreError) -> ServiceAccount {
        guard let id, let verifier = ScramVerifier(textualForm: verifier) else {
            throw IdentityStoreError(.unavailable, "the stored verifier of \(name) is damaged")
        }
        return ServiceAccount(
            id: id, name: name, groups: groups, labels: labels, verifier: verifier,
            createdAt: Date(milliseconds: createdMilliseconds),
            expiresAt: expiresMilliseconds.map(Date.init(milliseconds:)),
            revokedAt: revokedMilliseconds.map(Date.init(milliseconds:)))
    }
}

extension Date {
    /// Unix time in milliseconds.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
