import GRDB
import Glibc

/// What an index names, read once and without changing anything. The index is no evidence: without it the segments are
/// verified all the same.
struct IndexSnapshot {
    /// The sessions of each replica.
    private(set) var sessions: [String: Set<String>] = [:]
    /// Why it was not compared.
    private(set) var note: String?
    private(set) var problem: VerificationReport.Problem?

    /// Reads `<recordings>/index.sqlite`, in another user's or a read-only folder too.
    static func read(_ recordings: String) -> IndexSnapshot {
        var snapshot = IndexSnapshot()
        let path = recordings + "/" + RecordingIndex.fileName
        guard fileSize(path) != nil else {
            snapshot.note = "\(path): no index, so that what it names was not looked for"
            return snapshot
        }
        guard isFile(path) else {
            snapshot.problem = .init(
                file: path, offset: 0, reason: "is not a file; the segments are verified without it")
            return snapshot
        }
        do {
            let database = try DatabaseQueue(path: source(path), configuration: configuration)
            snapshot = try database.read { try IndexSnapshot($0, path) }
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            snapshot.problem = .init(
                file: path, offset: 0, reason: "the index is damaged (\(error)); the segments are verified without it")
        } catch {
            snapshot.note = "\(path): the index cannot be read, and was not compared: \(error)"
        }
        return snapshot
    }

    private init() {}

    private init(_ database: Database, _ path: String) throws {
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == RecordingIndex.version else {
            note = "\(path): an index of another version, which was not compared"
            return
        }
        let rows = try Row.fetchCursor(database, sql: "SELECT DISTINCT replica, session FROM session_segments")
        while let row = try rows.next() { sessions[row["replica"], default: []].insert(row["session"]) }
    }

    private static var configuration: GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(1)
        return configuration
    }

    /// Without a write-ahead log nobody writes, and SQLite must be told so, as it would make the log's files otherwise
    /// (sqlite.org/uri.html, `immutable`).
    private static func source(_ path: String) -> String {
        guard (fileSize(path + "-wal") ?? 0) == 0 else { return path }
        let escaped = path.utf8.map { byte in
            "?#%".utf8.contains(byte) ? "%" + hexadecimal([byte]) : String(decoding: [byte], as: UTF8.self)
        }
        return "file:\(escaped.joined())?immutable=1"
    }
}
