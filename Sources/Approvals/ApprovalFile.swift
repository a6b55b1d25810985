import Foundation
import GRDB
import Glibc

/// The SQLite file behind ``ApprovalStore``: how it is created, opened and versioned.
enum ApprovalFile {
    /// How long a statement waits for another process's transaction, in seconds.
    private static let busyTimeout: TimeInterval = 5
    private static let schemaVersion = 1
    /// How SQLite reports `synchronous = FULL`.
    private static let fullSynchronous = 2

    static func open(path: String) throws -> DatabaseQueue {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if !FileManager.default.fileExists(atPath: directory) {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        // One process at a time creates the file and switches it to the write-ahead log. The lock is not SQLite's own,
        // so that closing its descriptor drops none of SQLite's.
        let lock = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw failure("cannot open \(directory)") }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("cannot lock \(directory)") }
        }

        try createPrivate(path, in: directory)
        var configuration = GRDB.Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(busyTimeout)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        // An acknowledged hold or review survives a power failure.
        let synchronous = try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            return try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        guard synchronous == fullSynchronous else {
            throw ApprovalError(.unavailable, "SQLite does not sync its commits to \(path)")
        }
        try database.write(prepareSchema)
        return database
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
            throw failure("cannot create \(path)")
        }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & 0o077 != 0, chmod(path, 0o600) != 0 {
            throw failure("\(path) is readable by others and cannot be made private")
        }
    }

    private static func failure(_ what: String) -> ApprovalError {
        ApprovalError(.unavailable, "\(what): \(String(cString: strerror(errno)))")
    }

    private static func prepareSchema(_ db: Database) throws {
        switch try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 {
        case schemaVersion: return
        case 0: break
        default: throw ApprovalError(.unavailable, "the store of approvals was made by a newer Sluice")
        }
        try db.execute(
            sql: """
                CREATE TABLE requests (
                    id TEXT PRIMARY KEY,
                    session TEXT NOT NULL,
                    sequence INTEGER NOT NULL,
                    digest BLOB NOT NULL,
                    identity TEXT NOT NULL,
                    groups TEXT NOT NULL,
                    resource TEXT NOT NULL,
                    command BLOB NOT NULL,
                    parameters TEXT NOT NULL,
                    operations TEXT NOT NULL,
                    rule TEXT NOT NULL,
                    approverGroups TEXT NOT NULL,
                    approverIdentities TEXT NOT NULL,
                    quorum INTEGER NOT NULL,
                    createdMilliseconds INTEGER NOT NULL,
                    expiresMilliseconds INTEGER NOT NULL,
                    approvedMilliseconds INTEGER,
                    status TEXT NOT NULL,
                    replyTo TEXT NOT NULL,
                    serial INTEGER NOT NULL UNIQUE,
                    UNIQUE (session, sequence)
                ) STRICT;
                CREATE INDEX requestsByStatus ON requests (status, expiresMilliseconds);
                CREATE TABLE reviews (
                    request TEXT NOT NULL REFERENCES requests (id),
                    reviewer TEXT NOT NULL,
                    approved INTEGER NOT NULL,
                    comment TEXT NOT NULL,
                    atMilliseconds INTEGER NOT NULL,
                    UNIQUE (request, reviewer)
                ) STRICT;
                CREATE TABLE facts (serial INTEGER NOT NULL) STRICT;
                INSERT INTO facts (serial) VALUES (0);
                PRAGMA user_version = \(schemaVersion);
                """)
    }

    static func serial(_ db: Database) throws -> Int64 {
        guard let serial = try Int64.fetchOne(db, sql: "SELECT serial FROM facts") else {
            throw ApprovalError(.unavailable, "the store of approvals is damaged")
        }
        return serial
    }

    /// The number of the change that is being made.
    static func nextSerial(_ db: Database) throws -> Int64 {
        try db.execute(sql: "UPDATE facts SET serial = serial + 1")
        return try serial(db)
    }
}
