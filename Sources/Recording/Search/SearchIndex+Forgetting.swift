import Foundation
import GRDB

extension SearchIndex {
    /// Commands whose words are looked up in one pass over all words, so many texts are in memory; and those that go in one
    /// transaction.
    private static let passCommands = 262_144
    private static let stepCommands = 8_192
    /// Pages of FTS5 that are put together in one transaction (sqlite.org/fts5.html, "The 'merge' Command").
    private static let mergePages = 4_096

    /// Takes out the words of commands in segments that were removed or erased by order, and every byte of them: from the file,
    /// its free pages and its log. Killed anywhere, the next call goes on. It takes a pass over all words of the index.
    ///
    /// - Parameter goesOn: asked every few seconds at least; after false the next call goes on.
    /// - Returns: whether nothing of them is left.
    @discardableResult
    public func forgetRemoved(while goesOn: () -> Bool = { true }) throws(RecordingError) -> Bool {
        let stamps = try removalStamps()
        if stamps != settledRemovals {
            let removed = try removedSegments()
            if !removed.isEmpty {
                guard try Self.wrapped(path, { try forget(removed, goesOn) }) else { return false }
            }
            settledRemovals = stamps
        }
        return try Self.wrapped(path) { try database.inDatabase { try Self.clean($0, goesOn) } }
    }

    /// Whether something of removed or erased segments is still in the file.
    public func hasRemoved() throws(RecordingError) -> Bool {
        guard try removedSegments().isEmpty else { return true }
        return try read(Self.isUnclean)
    }

    /// Whether a replica's list of removals is another one than was settled.
    var hasNewRemovals: Bool {
        get throws(RecordingError) { try removalStamps() != settledRemovals }
    }

    // MARK: - Which

    private func removalStamps() throws(RecordingError) -> [String: FileChange] {
        var stamps: [String: FileChange] = [:]
        for replica in try RecordingArchive(recordings: recordings, access: access).replicas() {
            stamps[replica] = FileChange(RemovalList.path(recordings + "/" + replica))
        }
        return stamps
    }

    /// Segments of which something is here, and that a list of removals names.
    private func removedSegments() throws(RecordingError) -> [String: [UInt64]] {
        var known: [String: Set<UInt64>] = [:]
        let places = try read { try Row.fetchAll($0, sql: "SELECT DISTINCT replica, segment FROM places") }
        for row in places { known[row["replica"], default: []].insert(UInt64(max(0, row["segment"]))) }
        for command in try pending() { known[command.place.replica, default: []].insert(command.place.segment) }
        var removed: [String: [UInt64]] = [:]
        for (replica, segments) in known {
            guard let list = try RemovalList.read(recordings + "/" + replica, keys: nil) else { continue }
            let gone = segments.filter(list.isErased).sorted()
            if !gone.isEmpty { removed[replica] = gone }
        }
        return removed
    }

    // MARK: - Taking out

    /// False: it was told to stop, or emptied meanwhile.
    private func forget(_ removed: [String: [UInt64]], _ goesOn: () -> Bool) throws -> Bool {
        let generation = try read(Self.generation)
        return try database.inDatabase { database in
            try Self.prepareForgetting(database, removed)
            guard try !Self.isMostlyGone(database) else {
                let content = try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = 'content'")
                try Self.make(database, content.flatMap(Content.init) ?? .commands)
                return true
            }
            while goesOn() {
                let ids = try Int64.fetchAll(
                    database,
                    sql: """
                        SELECT id FROM commands WHERE place IN (SELECT id FROM temp.gone) ORDER BY id LIMIT \(Self.passCommands)
                        """)
                guard !ids.isEmpty else {
                    return try Self.step(database, generation) { try Self.finishForgetting(database, removed) }
                }
                guard var words = try Self.words(of: ids, database, goesOn) else { return false }
                for start in stride(from: 0, to: ids.count, by: Self.stepCommands) {
                    let some = ids[start..<min(start + Self.stepCommands, ids.count)]
                    let isDone = try Self.step(database, generation) {
                        for id in some { try Self.forget(id, words.removeValue(forKey: id) ?? [], database) }
                    }
                    guard isDone, goesOn() else { return false }
                }
            }
            return false
        }
    }

    private static func prepareForgetting(_ database: Database, _ removed: [String: [UInt64]]) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS temp.gone (id INTEGER PRIMARY KEY); DELETE FROM temp.gone;
                CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab(main, words, instance);
                CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, words, row);
                """)
        for (replica, segments) in removed {
            for segment in segments {
                try database.execute(
                    sql: "INSERT INTO temp.gone SELECT id FROM places WHERE replica = ? AND segment = ?",
                    arguments: [replica, Int64(clamping: segment)])
            }
        }
    }

    /// Then reading the rest again is less work.
    private static func isMostlyGone(_ database: Database) throws -> Bool {
        let gone = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM commands WHERE place IN (SELECT id FROM temp.gone)")
        let all = try Int.fetchOne(database, sql: "SELECT count(*) FROM commands")
        return (gone ?? 0) * 2 > (all ?? 0)
    }

    /// Where the search for words asks whether it goes on: the terms between two of these are looked at together. Words begin with
    /// letters, those with digits with `~`, everything else with `#`.
    private static let bounds: [String] = {
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let marked = ("0123456789".map(String.init) + letters).map { "~" + $0 }
        return ["", "#", "$", "_", "`"] + letters + ["{"] + marked + ["\u{7f}"]
    }()

    /// The words of commands, which the full-text table knows by word alone. They need not be read from the recordings, where
    /// they are not any more. Nil: it was told to stop.
    private static func words(
        of ids: [Int64], _ database: Database, _ goesOn: () -> Bool
    ) throws -> [Int64: [UInt8]]? {
        guard let first = ids.first, let last = ids.last else { return [:] }
        let wanted = Set(ids)
        var words: [Int64: [UInt8]] = [:]
        for (place, bound) in bounds.enumerated() {
            guard goesOn() else { return nil }
            let next = place + 1 < bounds.count ? bounds[place + 1] : nil
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT doc, term FROM temp.instances WHERE term >= ? \(next == nil ? "" : "AND term < ?")
                        AND doc BETWEEN ? AND ? AND doc IN (
                            SELECT id FROM commands WHERE place IN (SELECT id FROM temp.gone))
                    """, arguments: StatementArguments([bound, next].compactMap { $0 }) + [first, last])
            while let row = try rows.next() {
                let id: Int64 = row["doc"]
                guard wanted.contains(id) else { continue }
                let term: String = row["term"]
                words[id, default: []].append(contentsOf: term.utf8)
                words[id]?.append(UInt8(ascii: " "))
            }
        }
        return words
    }

    /// One transaction. False: the index was emptied meanwhile, and nothing was done.
    private static func step(_ database: Database, _ generation: String?, _ body: () throws -> Void) throws -> Bool {
        var isSame = false
        try database.inTransaction(.immediate) {
            isSame = try Self.generation(database) == generation
            guard isSame else { return .rollback }
            try database.execute(sql: "CREATE TABLE IF NOT EXISTS \(uncleanTable) (session INTEGER PRIMARY KEY)")
            try body()
            return .commit
        }
        return isSame
    }

    private static func forget(_ id: Int64, _ words: [UInt8], _ database: Database) throws {
        try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO \(uncleanTable) SELECT session FROM commands WHERE id = ?"
        ).execute(arguments: [id])
        try database.cachedStatement(sql: "INSERT INTO words(words, rowid, text) VALUES ('delete', ?, ?)")
            .execute(arguments: [id, String(decoding: words, as: UTF8.self)])
        try database.cachedStatement(sql: "DELETE FROM commands WHERE id = ?").execute(arguments: [id])
    }

    private static func finishForgetting(_ database: Database, _ removed: [String: [UInt64]]) throws {
        let pending = try Row.fetchAll(database, sql: "SELECT session, number, value FROM pending")
        for row in pending {
            let place = try JSONDecoder().decode(StoredCommand.self, from: row["value"]).command.place
            guard removed[place.replica]?.contains(place.segment) == true else { continue }
            try database.execute(
                sql: "DELETE FROM pending WHERE session = ? AND number = ?",
                arguments: [row["session"] as String, row["number"] as Int64])
        }
        try database.execute(sql: "DELETE FROM places WHERE id IN (SELECT id FROM temp.gone)")
    }

    // MARK: - Leaving no byte

    /// There while something was deleted whose bytes may still stand in the file or its log; the sessions of what went.
    static let uncleanTable = "forgotten"

    /// Asked of the file: what the connection knows of its tables is older than what another process, a `reindex`, made.
    private static func isUnclean(_ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '\(uncleanTable)')") ?? false
    }

    /// FTS5 only notes what was deleted, until all its parts were put together; SQLite's log has what stood before until it is
    /// emptied.
    private static func clean(_ database: Database, _ goesOn: () -> Bool) throws -> Bool {
        guard try isUnclean(database) else { return true }
        var isFirst = true
        while true {
            guard goesOn() else { return false }
            let before = database.totalChangesCount
            // Below zero: all parts, from here on.
            try database.execute(
                sql: "INSERT INTO words(words, rank) VALUES ('merge', ?)",
                arguments: [isFirst ? -mergePages : mergePages])
            isFirst = false
            if database.totalChangesCount - before < 2 { break }
        }
        try forgetNames(database)
        let log = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        // Somebody reads: another time.
        guard let log, log["busy"] == 0 else { return false }
        try database.execute(sql: "DROP TABLE \(uncleanTable)")
        return true
    }

    /// SQLite overwrites rows that are deleted and pages that get free, not what it moved from one page to the next before.
    private static func rewrite(_ table: String, _ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TEMP TABLE kept AS SELECT * FROM main.\(table);
                DELETE FROM main.\(table);
                INSERT INTO main.\(table) SELECT * FROM temp.kept ORDER BY 1;
                DROP TABLE temp.kept;
                """)
    }

    /// What only commands had that went: words, tables, rules, sessions and theirs.
    private static func forgetNames(_ database: Database) throws {
        try database.execute(sql: "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, words, row)")
        try database.inTransaction {
            try database.execute(
                sql: """
                    DELETE FROM vocabulary WHERE word NOT IN (
                        SELECT term FROM temp.terms WHERE substr(term, 1, 1) NOT IN ('#', '~'));
                    DELETE FROM sessions WHERE id NOT IN (SELECT session FROM commands)
                        AND name NOT IN (SELECT session FROM pending)
                        AND (id IN (SELECT session FROM \(uncleanTable)) OR id < (SELECT min(session) FROM commands));
                    DELETE FROM spans WHERE NOT EXISTS (
                        SELECT 1 FROM commands
                        WHERE commands.id BETWEEN spans.id << \(spanBits) AND ((spans.id + 1) << \(spanBits)) - 1);
                    DELETE FROM names WHERE id NOT IN (SELECT identity FROM sessions UNION SELECT resource FROM sessions)
                        AND NOT EXISTS (SELECT 1 FROM temp.terms WHERE term = '#' || kind || id);
                    """)
            for table in ["vocabulary", "names", "sessions", "pending"] { try rewrite(table, database) }
            return .commit
        }
    }
}
