import Foundation
import GRDB

/// The list of recorded sessions, `<recordings>/index.sqlite`. It holds nothing that the segments do not: losing it
/// loses no record, and ``rebuild()`` makes it again.
public struct RecordingIndex: Sendable {
    public struct Session: Sendable, Equatable {
        public var id: String
        public var identity: String
        public var groups: [String]
        public var resource: String
        public var protocolName: String
        /// The client's address.
        public var source: String
        /// Unix time, microseconds.
        public var startedMicroseconds: UInt64
        public var endedMicroseconds: UInt64?
        public var endReason: String?
        public var commands: UInt64
        /// Bytes of replies as the client got them.
        public var bytes: UInt64
        public var refused: UInt64
        public var held: UInt64
    }

    /// One segment that holds records of a session.
    public struct Location: Sendable, Equatable {
        public var replica: String
        public var segment: UInt64
        public var firstBlock: UInt64

        public init(replica: String, segment: UInt64, firstBlock: UInt64) {
            self.replica = replica
            self.segment = segment
            self.firstBlock = firstBlock
        }
    }

    static let fileName = "index.sqlite"
    private static let busySeconds = 5.0

    public let recordings: String
    let access: RecordingAccess
    let database: DatabasePool

    /// Opens the index, creating it when missing.
    ///
    /// - Parameters:
    ///   - recordings: the directory that holds the replicas' directories; it must exist.
    ///   - access: for reading segments again. Without keys the index learns of a session in encrypted ones what stands there in
    ///     the clear.
    public init(recordings: String, access: RecordingAccess = RecordingAccess()) throws(RecordingError) {
        self.recordings = recordings
        self.access = access
        let path = recordings + "/" + Self.fileName
        guard fileSize(recordings) != nil else {
            throw RecordingError(.notFound, file: recordings, "there are no recordings")
        }
        if fileSize(path) == nil {
            // SQLite gives its journal files the mode of the database file.
            if let descriptor = try? SystemFiles().create(path) { close(descriptor) }
        }
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(Self.busySeconds)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        do {
            database = try Self.open(path, configuration)
            try database.write(Self.prepare)
        } catch {
            throw Self.failure(path, error)
        }
    }

    /// SQLite does not wait where another process changes the journal's mode (sqlite.org/pragma.html#pragma_journal_mode).
    private static func open(_ path: String, _ configuration: GRDB.Configuration) throws -> DatabasePool {
        let end = Date(timeIntervalSinceNow: busySeconds)
        while true {
            do {
                return try DatabasePool(path: path, configuration: configuration)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && Date() < end {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }

    /// Raised with each change of the schema.
    static let version = 3

    /// Makes the tables. What was read is kept by version: a recorder of the release before, which reads less of the segments, goes on
    /// with its own table of that meanwhile. Those of another version go, and what they held is read from the segments again.
    private static func prepare(_ database: Database) throws {
        // Beside the schema's version: a recorder of the release before goes on with its tables meanwhile.
        try database.execute(
            sql: "CREATE TABLE IF NOT EXISTS recordings (replica TEXT PRIMARY KEY NOT NULL, first_chain BLOB NOT NULL)")
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") != version else { return }
        try database.execute(
            sql: """
                DROP TABLE IF EXISTS sessions; DROP TABLE IF EXISTS session_segments; DROP TABLE IF EXISTS session_marks;
                DROP TABLE IF EXISTS progress_3;
                \(schema)
                PRAGMA user_version = \(version);
                """)
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS sessions (
            id TEXT PRIMARY KEY NOT NULL, identity TEXT NOT NULL, groups TEXT NOT NULL, resource TEXT NOT NULL,
            protocol TEXT NOT NULL, source TEXT NOT NULL, started_us INTEGER NOT NULL, ended_us INTEGER,
            end_reason TEXT, commands INTEGER NOT NULL, bytes INTEGER NOT NULL, refused INTEGER NOT NULL,
            held INTEGER NOT NULL, counted TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS sessions_started ON sessions(started_us);
        CREATE TABLE IF NOT EXISTS session_segments (
            session TEXT NOT NULL, replica TEXT NOT NULL, segment INTEGER NOT NULL, first_block INTEGER NOT NULL,
            PRIMARY KEY (session, replica, segment)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS session_marks (
            session TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (session, kind, name)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS session_marks_by_name ON session_marks(kind, name);
        CREATE TABLE IF NOT EXISTS progress_3 (replica TEXT PRIMARY KEY NOT NULL, block INTEGER NOT NULL) WITHOUT ROWID;
        """

    static func failure(_ path: String, _ error: any Error) -> RecordingError {
        (error as? RecordingError) ?? RecordingError(.storage, file: path, "the index: \(error)")
    }

    func access<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) throws(RecordingError) -> Value {
        do {
            return try database.read(body)
        } catch {
            throw Self.failure(recordings + "/" + Self.fileName, error)
        }
    }

    // MARK: - Reading

    /// The session of this id, or the only one whose id begins so.
    public func session(_ prefix: String) throws(RecordingError) -> Session {
        let found = try access { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM sessions WHERE id = :id OR substr(id, 1, length(:id)) = :id
                    ORDER BY id = :id DESC, id LIMIT 2
                    """,
                arguments: ["id": prefix]
            ).map(Session.init)
        }
        guard !prefix.isEmpty, let first = found.first else {
            throw RecordingError(.notFound, "no recorded session has an id that begins with '\(prefix)'")
        }
        guard found.count == 1 || first.id == prefix else {
            throw RecordingError(.notFound, "more than one session's id begins with '\(prefix)': give more of it")
        }
        return first
    }

    /// Where a session's records are, in the order of the segments.
    public func locations(of session: String) throws(RecordingError) -> [Location] {
        try access { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT replica, segment, first_block FROM session_segments WHERE session = ?
                    ORDER BY replica, segment
                    """,
                arguments: [session]
            ).map {
                Location(
                    replica: $0["replica"], segment: unsigned($0["segment"]), firstBlock: unsigned($0["first_block"]))
            }
        }
    }
}

func unsigned(_ value: Int64) -> UInt64 { UInt64(max(0, value)) }

extension RecordingIndex.Session {
    init(_ row: Row) {
        let groups: String = row["groups"]
        id = row["id"]
        identity = row["identity"]
        self.groups = groups.split(separator: "\n").map(String.init)
        resource = row["resource"]
        protocolName = row["protocol"]
        source = row["source"]
        startedMicroseconds = unsigned(row["started_us"])
        let ended: Int64? = row["ended_us"]
        endedMicroseconds = ended.map(unsigned)
        endReason = row["end_reason"]
        commands = unsigned(row["commands"])
        bytes = unsigned(row["bytes"])
        refused = unsigned(row["refused"])
        held = unsigned(row["held"])
    }
}
