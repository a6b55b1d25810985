import Foundation
import GRDB

/// Adds commands to a search index within one transaction.
struct SearchBatch {
    private struct Session {
        var id: Int64
        var identity: Int64
        var resource: Int64
    }

    private struct Name: Hashable {
        var kind: SearchTokens.NameKind
        var name: String
    }

    private let database: Database
    private let insertCommand: Statement
    private let insertWords: Statement
    private let insertWord: Statement
    private var nextCommand: Int64
    private var sessions: [String: Session] = [:]
    private var names: [Name: Int64] = [:]
    private var places: [RecordingPlace: Int64] = [:]
    private var spans: [Int64: (earliest: Int64, latest: Int64)] = [:]
    private var vocabulary: Set<String> = []
    private var scanner = SearchWords()

    init(_ database: Database) throws {
        self.database = database
        insertCommand = try database.cachedStatement(
            sql: """
                INSERT INTO commands(id, session, number, time_us, place, rule, decision) VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        insertWords = try database.cachedStatement(sql: "INSERT INTO words(rowid, text) VALUES (?, ?)")
        insertWord = try database.cachedStatement(sql: "INSERT OR IGNORE INTO vocabulary(word) VALUES (?)")
        nextCommand = (try Int64.fetchOne(database, sql: "SELECT max(id) FROM commands") ?? 0) + 1
    }

    /// A session that began. One that is known keeps its number.
    mutating func add(_ started: CommandCollector.Session) throws {
        let identity = try id(.identity, started.identity)
        let resource = try id(.resource, started.resource)
        try database.cachedStatement(
            sql: """
                INSERT INTO sessions(name, identity, resource) VALUES (?, ?, ?)
                ON CONFLICT(name) DO UPDATE SET identity = excluded.identity, resource = excluded.resource
                """
        ).execute(arguments: [started.name, identity, resource])
        sessions[started.name] = nil
    }

    mutating func add(_ command: RecordedCommand) throws {
        let session = try session(command.session)
        let rule = try id(.rule, command.rule)
        if SearchIndex.isEdge(nextCommand) {
            try insertWords.execute(arguments: [nextCommand, SearchTokens.edge])
            nextCommand += 1
        }
        let id = nextCommand
        nextCommand += 1
        let time = Int64(clamping: command.time)
        let decision = (command.decision?.code ?? 0) | (command.wasHeld ? SearchIndex.heldBit : 0)
        try insertCommand.execute(arguments: [
            id, session.id, Int64(clamping: command.number), time, place(command.place), rule, decision,
        ])
        var text = facets(command, session, rule: rule)
        for table in command.tables {
            text += " " + SearchTokens.facet(.table, try self.id(.table, table))
        }
        var bytes = Array(text.utf8)
        for part in command.parts {
            bytes.append(UInt8(ascii: " "))
            bytes += SearchTokens.border
            try add(part, to: &bytes)
        }
        try insertWords.execute(arguments: [id, String(decoding: bytes, as: UTF8.self)])
        let span = id >> SearchIndex.spanBits
        let known = spans[span] ?? (time, time)
        spans[span] = (min(known.earliest, time), max(known.latest, time))
    }

    func finish() throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO spans(id, earliest, latest) VALUES (?, ?, ?) ON CONFLICT(id) DO UPDATE SET
                    earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)
                """)
        for (id, span) in spans { try statement.execute(arguments: [id, span.earliest, span.latest]) }
    }

    private mutating func add(_ part: [UInt8], to text: inout [UInt8]) throws {
        var new: [String] = []
        scanner.forEach(part) { word, _ in
            SearchTokens.append(word, to: &text)
            guard SearchTokens.isVocabulary(word) else { return }
            let word = String(decoding: word, as: UTF8.self)
            if vocabulary.insert(word).inserted { new.append(word) }
        }
        for word in new { try insertWord.execute(arguments: [word]) }
    }

    private func facets(_ command: RecordedCommand, _ session: Session, rule: Int64) -> String {
        var tokens = [
            SearchTokens.facet(.identity, session.identity), SearchTokens.facet(.resource, session.resource),
            SearchTokens.facet(.rule, rule),
        ]
        for decision in RecordingIndex.Filter.Decision.allCases where command.wasDecided(decision) {
            tokens.append(SearchTokens.facet(decision))
        }
        return tokens.joined(separator: " ")
    }

    private mutating func session(_ name: String) throws -> Session {
        if let known = sessions[name] { return known }
        let statement = try database.cachedStatement(sql: "SELECT id, identity, resource FROM sessions WHERE name = ?")
        let found: Session
        if let row = try Row.fetchOne(statement, arguments: [name]) {
            found = Session(id: row["id"], identity: row["identity"], resource: row["resource"])
        } else {
            // Its beginning is in a segment that is gone.
            let (identity, resource) = (try id(.identity, ""), try id(.resource, ""))
            try database.execute(
                sql: "INSERT INTO sessions(name, identity, resource) VALUES (?, ?, ?)",
                arguments: [name, identity, resource])
            found = Session(id: database.lastInsertedRowID, identity: identity, resource: resource)
        }
        sessions[name] = found
        return found
    }

    private mutating func id(_ kind: SearchTokens.NameKind, _ name: String) throws -> Int64 {
        let key = Name(kind: kind, name: name)
        if let known = names[key] { return known }
        try database.execute(
            sql: "INSERT OR IGNORE INTO names(kind, name) VALUES (?, ?)", arguments: [kind.rawValue, name])
        let id = try Int64.fetchOne(
            database, sql: "SELECT id FROM names WHERE kind = ? AND name = ?", arguments: [kind.rawValue, name])
        names[key] = id
        return id ?? 0
    }

    private mutating func place(_ place: RecordingPlace) throws -> Int64 {
        if let known = places[place] { return known }
        try database.execute(
            sql: "INSERT INTO places(replica, segment, offset, block, chain) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                place.replica, Int64(clamping: place.segment), place.offset, Int64(clamping: place.block),
                Data(place.chain),
            ])
        places[place] = database.lastInsertedRowID
        return database.lastInsertedRowID
    }
}
