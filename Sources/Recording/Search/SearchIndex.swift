import Foundation
import GRDB
import Glibc

/// Words of commands, and where the commands are: a file beside the recordings, or anywhere else for who can read them. It
/// holds no text, and nothing that the segments do not: losing it loses no record. One process writes it, any may read it.
public final class SearchIndex {
    /// What it is kept of; parts of `recording.search`.
    public enum Content: String, Sendable, CaseIterable {
        case commands
        /// What clients saw of replies too.
        case output
    }

    public static let fileName = "search.sqlite"
    /// Raised with each change of the schema, of what a word is, and of what is kept.
    static let version = 2
    /// Commands whose earliest and latest time are kept together: two to this power.
    static let spanBits: Int64 = 10
    /// Every so many numbers of `commands.id`, a power of two, there is a row of `words` that is no command: an edge. SQLite looks for
    /// the next match without regard to where the range ends that it was asked for, so something has to match now and then.
    static let edgeSpacing: Int64 = 4096
    private static let busySeconds = 5.0
    /// Bytes of words that SQLite gathers before it writes them (sqlite.org/fts5.html, "The 'hashsize'").
    private static let gatheredBytes = 16 << 20
    private static let pageBytes = 8192

    public let path: String
    public let recordings: String
    let access: RecordingAccess
    let database: DatabaseQueue
    /// Held while this value may write; nil: it only reads.
    private let lock: Int32?
    /// The lists of removals, by replica, of which nothing is here any more.
    var settledRemovals: [String: FileChange] = [:]

    /// Opens an index for searching.
    ///
    /// - Throws: `notFound` when there is none, or one of another version.
    public init(
        reading path: String, of recordings: String, access: RecordingAccess = RecordingAccess()
    ) throws(RecordingError) {
        self.path = path
        self.access = access
        self.recordings = recordings
        lock = nil
        guard fileSize(path) != nil else { throw RecordingError(.notFound, file: path, "there is no search index") }
        database = try Self.open(path)
        let known = try Self.wrapped(path) { try database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } }
        guard known == Self.version else {
            throw RecordingError(.notFound, file: path, "the search index is of another version, and is made anew yet")
        }
    }

    /// Opens an index for writing, making it when it is missing. One of another version, or of other content, is emptied.
    ///
    /// - Throws: `locked` when another process writes it.
    public init(
        writing path: String, of recordings: String, _ content: Content, access: RecordingAccess = RecordingAccess()
    ) throws(RecordingError) {
        self.path = path
        self.access = access
        self.recordings = recordings
        let lock = try Self.acquire(path + ".lock")
        do throws(RecordingError) {
            // SQLite gives its journal files the mode of the database file.
            if fileSize(path) == nil, let descriptor = try? SystemFiles().create(path) { close(descriptor) }
            let opened = try Self.open(path)
            try Self.wrapped(path) { try opened.inDatabase { try Self.prepare($0, content) } }
            database = opened
        } catch {
            close(lock)
            throw error
        }
        self.lock = lock
    }

    deinit {
        if let lock { close(lock) }
    }

    /// What this index holds.
    public func content() throws(RecordingError) -> Content {
        let text = try read { database in
            try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = 'content'")
        }
        return text.flatMap(Content.init) ?? .commands
    }

    /// Changes when it is emptied, which another process may do.
    func generation() throws(RecordingError) -> String? { try read(Self.generation) }

    static func generation(_ database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = 'generation'")
    }

    /// Empties it, so that the next update reads everything, of whichever process.
    public func clear() throws(RecordingError) {
        let content = try content()
        try Self.wrapped(path) { try database.inDatabase { try Self.make($0, content) } }
    }

    static func open(_ path: String) throws(RecordingError) -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(busySeconds)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA page_size = \(pageBytes); PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                    PRAGMA secure_delete = ON
                    """)
        }
        return try wrapped(path) { try DatabaseQueue(path: path, configuration: configuration) }
    }

    /// flock(2): given up by the kernel when the process dies.
    private static func acquire(_ path: String) throws(RecordingError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(FileError("open", number: errno), path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw RecordingError(.locked, file: path, "another process writes this index")
        }
        return descriptor
    }

    private static func prepare(_ database: Database, _ content: Content) throws {
        let known = try Int.fetchOne(database, sql: "PRAGMA user_version")
        if known == version,
            try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = 'content'") == content.rawValue
        {
            return
        }
        try make(database, content)
    }

    static func make(_ database: Database, _ content: Content) throws {
        try database.inTransaction {
            for table in [
                "words", "settings", "replicas", "sessions", "names", "places", "commands", "spans", "pending",
                "vocabulary", uncleanTable,
            ] {
                try database.execute(sql: "DROP TABLE IF EXISTS \(table)")
            }
            try database.execute(sql: schema)
            try database.execute(
                sql: "INSERT INTO settings(name, value) VALUES ('content', ?), ('generation', ?)",
                arguments: [content.rawValue, UUID().uuidString])
            try database.execute(sql: "INSERT INTO words(words, rank) VALUES ('hashsize', \(gatheredBytes))")
            try database.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// `words` keeps no text (`content`), only which words a command has and in which order; its rowid is `commands.id`.
    private static let schema = """
        CREATE VIRTUAL TABLE words USING fts5(
            text, content = '', columnsize = 0, detail = full, tokenize = "ascii tokenchars '_#~'");
        CREATE TABLE settings (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE replicas (
            name TEXT PRIMARY KEY NOT NULL, recording BLOB, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
            block INTEGER NOT NULL, chain BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, identity INTEGER NOT NULL, resource INTEGER NOT NULL);
        CREATE TABLE names (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));
        CREATE TABLE places (
            id INTEGER PRIMARY KEY, replica TEXT NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
            block INTEGER NOT NULL, chain BLOB NOT NULL);
        CREATE TABLE commands (
            id INTEGER PRIMARY KEY, session INTEGER NOT NULL, number INTEGER NOT NULL, time_us INTEGER NOT NULL,
            place INTEGER NOT NULL, rule INTEGER NOT NULL, decision INTEGER NOT NULL);
        CREATE TABLE spans (id INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL);
        CREATE TABLE pending (
            session TEXT NOT NULL, number INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (session, number)
        ) WITHOUT ROWID;
        CREATE TABLE vocabulary (word TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID;
        CREATE TABLE \(uncleanTable) (session INTEGER PRIMARY KEY);
        """

    static func isEdge(_ id: Int64) -> Bool { id & (edgeSpacing - 1) == 0 }

    static func wrapped<Value>(_ path: String, _ body: () throws -> Value) throws(RecordingError) -> Value {
        do {
            return try body()
        } catch {
            throw (error as? RecordingError) ?? RecordingError(.storage, file: path, "the search index: \(error)")
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(RecordingError) -> Value {
        try Self.wrapped(path) { try database.read(body) }
    }
}

extension RecordingIndex.Filter.Decision {
    /// As `commands.decision` has it; beside these bits ``SearchIndex/heldBit``.
    var code: Int64 {
        switch self {
        case .allow: 1
        case .hold: 2
        case .refuse: 3
        }
    }

    init?(code: Int64) {
        guard let found = Self.allCases.first(where: { $0.code == code & 3 }) else { return nil }
        self = found
    }
}
