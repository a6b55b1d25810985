import Foundation
import GRDB
import Glibc
import OCSF
import Recording

/// How far one sink has come, in an SQLite file of its own (mode 0600, write-ahead log, every commit synced). It has no
/// texts of commands: of those that are not over it names the blocks in which they stand.
final class CursorStore {
    /// What the file says.
    struct Contents {
        var places: [String: ReplicaTail.Place] = [:]
        var sessions: [String: SessionPlace] = [:]
        var commands: [CommandKey: Set<BlockKey>] = [:]
    }

    private static let version = 1
    private static let busySeconds = 5.0
    /// How SQLite reports `synchronous = FULL`.
    private static let fullSynchronous = 2

    private let database: DatabaseQueue
    private let lock: Int32

    /// Opens the file of `sink` in `folder`, which are made when missing.
    ///
    /// - Throws: `cursor` when another process has it.
    init(folder: String, sink: String) throws(ForwardError) {
        let path = "\(folder)/\(sink).sqlite"
        lock = try Self.take(folder, path)
        do {
            var configuration = GRDB.Configuration()
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(Self.busySeconds)
            database = try DatabaseQueue(path: path, configuration: configuration)
            let synchronous = try database.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                return try Int.fetchOne(db, sql: "PRAGMA synchronous")
            }
            guard synchronous == Self.fullSynchronous else {
                throw ForwardError(.cursor, "SQLite does not sync its commits to \(path)")
            }
            try database.write(Self.prepare)
        } catch {
            close(lock)
            throw ForwardError(.cursor, "\(path): \(error)")
        }
    }

    deinit { close(lock) }

    private static func take(_ folder: String, _ path: String) throws(ForwardError) -> Int32 {
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw failure(folder) }
        // SQLite gives its log and index files the mode of the file itself.
        let file = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        close(file)
        // Not SQLite's own file: closing a descriptor of that drops its locks.
        let lock = open(path + ".lock", O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw failure(path + ".lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw ForwardError(.cursor, "\(path): another forwarder has it")
        }
        return lock
    }

    private static func failure(_ path: String) -> ForwardError {
        ForwardError(.cursor, "\(path): \(String(cString: strerror(errno)))")
    }

    private static func prepare(_ database: Database) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found == 0 || found == version else {
            throw ForwardError(.cursor, "written by another version of Sluice")
        }
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS begun (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT;
                CREATE TABLE IF NOT EXISTS places (
                  replica TEXT PRIMARY KEY, block INTEGER NOT NULL, chain BLOB NOT NULL, taken INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE IF NOT EXISTS sessions (
                  id TEXT PRIMARY KEY, seen INTEGER NOT NULL, identity TEXT, groups TEXT, resource TEXT, source TEXT
                ) STRICT;
                CREATE TABLE IF NOT EXISTS commands (
                  session TEXT NOT NULL, command INTEGER NOT NULL, replica TEXT NOT NULL, block INTEGER NOT NULL,
                  PRIMARY KEY (session, command, replica, block)
                ) STRICT, WITHOUT ROWID;
                PRAGMA user_version = \(version);
                """)
    }

    /// What was committed last; nil when the sink never began.
    func load() throws(ForwardError) -> Contents? {
        try access { database in
            guard try Int.fetchOne(database, sql: "SELECT one FROM begun") != nil else { return nil }
            var contents = Contents()
            for row in try Row.fetchAll(database, sql: "SELECT * FROM places") {
                contents.places[row["replica"]] = ReplicaTail.Place(
                    block: UInt64(row["block"] as Int64), chain: [UInt8](row["chain"] as Data), taken: row["taken"])
            }
            for row in try Row.fetchAll(database, sql: "SELECT * FROM sessions") {
                contents.sessions[row["id"]] = try SessionPlace(row)
            }
            for row in try Row.fetchAll(database, sql: "SELECT * FROM commands") {
                let key = CommandKey(session: row["session"], command: UInt64(row["command"] as Int64))
                let block = BlockKey(replica: row["replica"], block: UInt64(row["block"] as Int64))
                contents.commands[key, default: []].insert(block)
            }
            return contents
        }
    }

    /// Returns once it is on the disk.
    func commit(_ checkpoint: ForwardingProgress) throws(ForwardError) {
        try access { database in
            try database.execute(sql: "INSERT OR IGNORE INTO begun VALUES (1)")
            for (replica, place) in checkpoint.places {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)",
                    arguments: [replica, Int64(place.block), Data(place.chain), place.taken])
            }
            for (id, place) in checkpoint.sessions { try Self.write(id, place, database) }
            for (key, blocks) in checkpoint.commands {
                try database.execute(
                    sql: "DELETE FROM commands WHERE session = ? AND command = ?",
                    arguments: [key.session, Int64(key.command)])
                for block in blocks ?? [] {
                    try database.execute(
                        sql: "INSERT INTO commands VALUES (?, ?, ?, ?)",
                        arguments: [key.session, Int64(key.command), block.replica, Int64(block.block)])
                }
            }
        }
    }

    private static func write(_ id: String, _ place: SessionPlace?, _ database: Database) throws {
        guard let place else {
            return try database.execute(sql: "DELETE FROM sessions WHERE id = ?", arguments: [id])
        }
        let groups = try place.facts.map { String(decoding: try JSONEncoder().encode($0.groups), as: UTF8.self) }
        try database.execute(
            sql: "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                id, Int64(place.seen), place.facts?.identity, groups, place.facts?.resource, place.facts?.source,
            ])
    }

    private func access<Value>(_ body: (Database) throws -> Value) throws(ForwardError) -> Value {
        do {
            return try database.write(body)
        } catch {
            throw ForwardError(.cursor, "cannot keep how far the sink has come: \(error)")
        }
    }
}

extension SessionPlace {
    fileprivate init(_ row: Row) throws {
        seen = UInt64(row["seen"] as Int64)
        guard let identity = row["identity"] as String? else { return }
        var facts = RecordedSession(id: row["id"])
        facts.identity = identity
        facts.groups = try JSONDecoder().decode([String].self, from: Data((row["groups"] as String? ?? "[]").utf8))
        facts.resource = row["resource"] ?? ""
        facts.source = row["source"] ?? ""
        self.facts = facts
    }
}
