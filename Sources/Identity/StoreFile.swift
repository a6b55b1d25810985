import Foundation
import GRDB
import Glibc

/// The SQLite file behind ``IdentityStore``: how it is created, opened and versioned.
enum StoreFile {
    /// How long a statement waits for another process's transaction, in seconds.
    private static let busyTimeout: TimeInterval = 5
    private static let schemaVersion = 1

    static func open(path: String) throws -> DatabaseQueue {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if !FileManager.default.fileExists(atPath: directory) {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        return try DirectoryLock.holding(directory) {
            try createPrivate(path, in: directory)
            var configuration = GRDB.Configuration()
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(busyTimeout)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            try database.write(prepareSchema)
            // Beside the schema's version: a release before does without.
            try database.write { db in try db.execute(sql: endedSessions) }
            return database
        }
    }

    /// SQLite gives its log and index files the mode of the file itself, so the file is made first.
    private static func createPrivate(_ path: String, in directory: String) throws {
        let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            defer { close(descriptor) }
            // Root acts for the owner of the directory, who must be able to open the file later.
            var owner = stat()
            if geteuid() == 0, stat(directory, &owner) == 0 { _ = fchown(descriptor, owner.st_uid, owner.st_gid) }
        } else if errno != EEXIST {
            throw IdentityStoreError(.unavailable, "cannot create \(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & 0o077 != 0, chmod(path, 0o600) != 0 {
            throw IdentityStoreError(.unavailable, "\(path) is readable by others and cannot be made private")
        }
    }

    private static let endedSessions = """
        CREATE TABLE IF NOT EXISTS endedSessions (
            session TEXT PRIMARY KEY, reason TEXT NOT NULL, orderedMilliseconds INTEGER NOT NULL
        ) STRICT
        """

    private static func prepareSchema(_ db: Database) throws {
        switch try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 {
        case schemaVersion: return
        case 0: break
        default: throw IdentityStoreError(.unavailable, "the store of identities was made by a newer Sluice")
        }
        try db.execute(
            sql: """
                CREATE TABLE accounts (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    name TEXT NOT NULL,
                    groups TEXT NOT NULL,
                    labels TEXT NOT NULL,
                    verifier TEXT NOT NULL,
                    createdMilliseconds INTEGER NOT NULL,
                    expiresMilliseconds INTEGER,
                    revokedMilliseconds INTEGER
                ) STRICT;
                CREATE UNIQUE INDEX accountsInForce ON accounts (name) WHERE revokedMilliseconds IS NULL;
                CREATE TABLE facts (serial INTEGER NOT NULL, mockSecret BLOB NOT NULL) STRICT;
                PRAGMA user_version = \(schemaVersion);
                """)
        let mockSecret = Data(SecureRandom.bytes(SHA256Digest.byteCount))
        try db.execute(sql: "INSERT INTO facts (serial, mockSecret) VALUES (0, ?)", arguments: [mockSecret])
    }

    static func serial(_ db: Database) throws -> Int64 {
        guard let serial = try Int64.fetchOne(db, sql: "SELECT serial FROM facts") else { throw damaged }
        return serial
    }

    static func increaseSerial(_ db: Database) throws {
        try db.execute(sql: "UPDATE facts SET serial = serial + 1")
    }

    static func mockSecret(_ db: Database) throws -> [UInt8] {
        guard let secret = try Data.fetchOne(db, sql: "SELECT mockSecret FROM facts") else { throw damaged }
        return [UInt8](secret)
    }

    private static var damaged: IdentityStoreError {
        IdentityStoreError(.unavailable, "the store of identities is damaged")
    }
}

/// Lets one process at a time set up files in a directory.
enum DirectoryLock {
    /// Runs `body` while holding an exclusive lock on the directory. The lock is not SQLite's own, so that closing its
    /// descriptor drops none of SQLite's.
    static func holding<Value>(_ directory: String, _ body: () throws -> Value) throws -> Value {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(directory) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure(directory) }
        }
        return try body()
    }

    private static func failure(_ directory: String) -> IdentityStoreError {
        IdentityStoreError(.unavailable, "cannot lock \(directory): \(String(cString: strerror(errno)))")
    }
}
