import GRDB

extension SearchIndex {
    /// Bit of `commands.decision`: a reviewer was asked.
    static let heldBit: Int64 = 4

    /// The latest commands that match. Each is read from the recordings, and is one only when it matches there. What is
    /// recorded and not in the index yet is not found: ``blocksBehind()``.
    ///
    /// - Parameter replies: makes text of replies, for an index of these.
    public func find(
        _ filter: SearchFilter, replies: (any ReplyTextReader)?
    ) throws(RecordingError) -> [SearchHit] {
        try find(filter, replies: replies, slices: WordSlices(path: path))
    }

    func find(
        _ filter: SearchFilter, replies: (any ReplyTextReader)?, slices: WordSlices
    ) throws(RecordingError) -> [SearchHit] {
        let scope: CommandCollector.Scope
        switch (try content(), replies) {
        case (.output, let replies?): scope = .output(replies)
        case (.output, nil), (.commands, _): scope = .commands
        }
        let finder = CommandFinder(RecordingArchive(recordings: recordings, access: access))
        let pending = try pending()
        return try read { database in
            var search = RunningSearch(
                database: database, filter: filter, scope: scope, finder: finder, slices: slices)
            try search.add(pending)
            if let expression = try SearchExpression(filter, database) { try search.run(expression) }
            return search.hits.sorted
        }
    }
}

/// One search, from the latest command that was added backwards.
private struct RunningSearch {
    /// What the index names, before the recording is asked.
    private struct Candidate {
        var hit: SearchHit
        var place: Int64
        var wasHeld: Bool
    }

    let database: Database
    let filter: SearchFilter
    let scope: CommandCollector.Scope
    let finder: CommandFinder
    let slices: WordSlices
    private(set) var hits: LatestHits
    private var places: [Int64: RecordingPlace] = [:]

    /// Fewest commands that are read from the recordings together.
    private static let minTogether = 16

    init(
        database: Database, filter: SearchFilter, scope: CommandCollector.Scope, finder: CommandFinder,
        slices: WordSlices
    ) {
        self.database = database
        self.slices = slices
        self.filter = filter
        self.scope = scope
        self.finder = finder
        hits = LatestHits(filter.limit)
    }

    /// Commands that are not decided yet, or whose replies are not complete.
    mutating func add(_ pending: [RecordedCommand]) throws {
        for command in pending {
            let session = try Row.fetchOne(
                database,
                sql: """
                    SELECT i.name AS identity, r.name AS resource FROM sessions
                    JOIN names i ON i.id = sessions.identity JOIN names r ON r.id = sessions.resource
                    WHERE sessions.name = ?
                    """, arguments: [command.session])
            let (identity, resource): (String, String) = (session?["identity"] ?? "", session?["resource"] ?? "")
            guard filter.matches(command, identity: identity, resource: resource),
                let match = filter.query.match(command.parts)
            else { continue }
            hits.add(
                SearchHit(
                    session: command.session, command: command.number, time: command.time, identity: identity,
                    resource: resource, decision: command.decision ?? (command.wasHeld ? .hold : nil),
                    rule: command.rule, text: command.parts[match.part], match: match.range))
        }
    }

    mutating func run(_ expression: SearchExpression) throws {
        guard let window = try window(), var reached = try latest(expression, window) else { return }
        // What was added before that, and is later than the last of these: of replicas that were read one after the other.
        while reached > window.lowerBound, let floor = hits.floor,
            let span = try Int64.fetchOne(
                database,
                sql: "SELECT id FROM spans WHERE id BETWEEN ? AND ? AND latest > ? ORDER BY id DESC LIMIT 1",
                arguments: [
                    window.lowerBound >> SearchIndex.spanBits, (reached - 1) >> SearchIndex.spanBits,
                    Int64(clamping: floor),
                ])
        {
            let first = max(window.lowerBound, span << SearchIndex.spanBits)
            let last = min(reached - 1, (span + 1) << SearchIndex.spanBits - 1)
            _ = try search(expression, first...last, stopsWhenFull: false)
            reached = first
        }
    }

    /// The commands among which all are that were received when it is asked for.
    private func window() throws -> ClosedRange<Int64>? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT min(id) AS first, max(id) AS last FROM spans
                WHERE (:since IS NULL OR latest >= :since) AND (:until IS NULL OR earliest < :until)
                """,
            arguments: [
                "since": filter.since.map { Int64(clamping: $0) }, "until": filter.until.map { Int64(clamping: $0) },
            ])
        guard let first: Int64 = row?["first"], let last: Int64 = row?["last"] else { return nil }
        return (first << SearchIndex.spanBits)...((last + 1) << SearchIndex.spanBits - 1)
    }

    /// Takes hits from a range until there are enough; for phrases, which take SQLite long, on every processor. Returns where it
    /// stopped, all from there on being done; nil: all are.
    private mutating func latest(_ expression: SearchExpression, _ range: ClosedRange<Int64>) throws -> Int64? {
        guard expression.hasPhrase, slices.isWorth(range) else {
            return try search(expression, range, stopsWhenFull: true)
        }
        let generation = try SearchIndex.generation(database)
        for slice in try slices.find(expression.stoppingAtEdges, range, generation, atMost: enough) {
            if let stopped = try take(AnyCursor(slice.ids), stopsWhenFull: true) { return stopped }
            if let left = slice.left, let stopped = try search(expression, left, stopsWhenFull: true) { return stopped }
            if hits.floor != nil { return slice.range.lowerBound }
        }
        return nil
    }

    /// Takes hits from a range, the last first. Returns where it stopped, all from there on being done; nil: all are.
    private mutating func search(
        _ expression: SearchExpression, _ range: ClosedRange<Int64>, stopsWhenFull: Bool
    ) throws -> Int64? {
        let found: DatabaseCursorOfIDs
        if let text = expression.text {
            found = try Int64.fetchCursor(
                database,
                sql: "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC",
                arguments: [text, range.lowerBound, range.upperBound])
        } else {
            found = try Int64.fetchCursor(
                database, sql: "SELECT id FROM commands WHERE id BETWEEN ? AND ? ORDER BY id DESC",
                arguments: [range.lowerBound, range.upperBound])
        }
        return try take(found, stopsWhenFull: stopsWhenFull)
    }

    /// How many commands are read from the recordings together.
    private var enough: Int { max(filter.limit, Self.minTogether) }

    /// The same for commands that were found in the index.
    private mutating func take(_ found: some Cursor<Int64>, stopsWhenFull: Bool) throws -> Int64? {
        var candidates: [Candidate] = []
        while let id = try found.next() {
            if let candidate = try candidate(id) { candidates.append(candidate) }
            guard candidates.count >= enough else { continue }
            try settle(candidates)
            candidates = []
            if stopsWhenFull, hits.floor != nil { return id }
        }
        try settle(candidates)
        return nil
    }

    private typealias DatabaseCursorOfIDs = FastDatabaseValueCursor<Int64>

    /// nil: it is too old, or was found already.
    private mutating func candidate(_ id: Int64) throws -> Candidate? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT s.name AS session, number, time_us, place, decision, i.name AS identity, r.name AS resource,
                    u.name AS rule
                FROM commands JOIN sessions s ON s.id = session JOIN names i ON i.id = s.identity
                JOIN names r ON r.id = s.resource JOIN names u ON u.id = rule WHERE commands.id = ?
                """)
        let times = try database.cachedStatement(sql: "SELECT time_us FROM commands WHERE id = ?")
        guard let time = try Int64.fetchOne(times, arguments: [id]).map({ UInt64(clamping: $0) }),
            filter.includes(time), hits.floor.map({ time > $0 }) ?? true,
            let row = try Row.fetchOne(statement, arguments: [id])
        else { return nil }
        let number: Int64 = row["number"]
        let decision: Int64 = row["decision"]
        let hit = SearchHit(
            session: row["session"], command: UInt64(clamping: number), time: time, identity: row["identity"],
            resource: row["resource"],
            decision: .init(code: decision) ?? (decision & SearchIndex.heldBit != 0 ? .hold : nil), rule: row["rule"])
        return hits.isNew(hit.session, hit.command)
            ? Candidate(hit: hit, place: row["place"], wasHeld: decision & SearchIndex.heldBit != 0) : nil
    }

    /// Reads what the index names from the recordings.
    private mutating func settle(_ candidates: [Candidate]) throws {
        for (number, group) in Dictionary(grouping: candidates, by: \.place) {
            let wanted = Set(group.map { CommandFinder.Key(session: $0.hit.session, number: $0.hit.command) })
            let found: [CommandFinder.Key: RecordedCommand]
            do throws(RecordingError) {
                found = try finder.commands(wanted, from: try place(number), scope)
            } catch {
                for candidate in group {
                    var hit = candidate.hit
                    hit.problem = error.description
                    hits.add(hit)
                }
                continue
            }
            for candidate in group {
                let key = CommandFinder.Key(session: candidate.hit.session, number: candidate.hit.command)
                if let hit = proven(candidate, found[key]) { hits.add(hit) }
            }
        }
    }

    /// The hit as the recording has it; nil: it is none there.
    private func proven(_ candidate: Candidate, _ command: RecordedCommand?) -> SearchHit? {
        var hit = candidate.hit
        guard var command else {
            hit.problem = "the recording does not have this command where the index says"
            return hit
        }
        guard let match = filter.query.match(command.parts) else { return nil }
        // A text that was recorded later than the command came, or was held, does not tell that.
        command.time = min(command.time, hit.time)
        command.wasHeld = command.wasHeld || candidate.wasHeld
        hit.time = command.time
        hit.text = command.parts[match.part]
        hit.match = match.range
        // What was decided much later is as the index says.
        guard let decision = command.decision else { return hit }
        guard filter.matches(command) else { return nil }
        hit.decision = decision
        hit.rule = command.rule
        return hit
    }

    private mutating func place(_ number: Int64) throws(RecordingError) -> RecordingPlace {
        if let known = places[number] { return known }
        let row: Row?
        do {
            row = try Row.fetchOne(
                database, sql: "SELECT replica, segment, offset, block, chain FROM places WHERE id = ?",
                arguments: [number])
        } catch {
            throw RecordingError(.storage, "the search index: \(error)")
        }
        guard let row else { throw RecordingError(.damaged, "the search index names a place that it does not have") }
        let place = RecordingPlace(row, row["replica"])
        places[number] = place
        return place
    }
}
