import Contract
import GRDB

extension RecordingIndex {
    /// Sessions put into one transaction when the index is brought up to date.
    private static let catchUpSessions = 4_096
    private static let catchUpCounts = 65_536

    /// Adds what a writer wrote. Changes that do not follow on what the index has are read from the segments instead.
    public func apply(_ changes: IndexChanges) throws(RecordingError) {
        guard !changes.isEmpty else { return }
        let follows = try write { database in
            guard changes.isComplete, try Self.progress(database, changes.replica) == changes.after else {
                return false
            }
            try Self.store(changes, database)
            return true
        }
        if !follows { try catchUp(replica: changes.replica) }
    }

    /// Reads what a replica's segments hold beyond what the index has, up to the replica's head.
    public func catchUp(replica: String) throws(RecordingError) {
        let archive = RecordingArchive(recordings: recordings)
        var done = try access { try Self.progress($0, replica) }
        var changes = IndexChanges(replica: replica, after: done)
        for segment in try archive.readable(replica: replica, fromBlock: done + 1) {
            let reader = try SegmentReader(path: segment.path)
            while let block = try reader.next(limit: segment.limit) {
                guard block.number > done else { continue }
                try reader.forEachHead { head, raw throws(RecordingError) in
                    guard !head.session.isEmpty else { return }
                    changes.add(
                        head, raw, session: try head.sessionName(raw), segment: segment.number, block: block.number)
                }
                changes.through = block.number
                if changes.sessions.count >= Self.catchUpSessions || changes.counts >= Self.catchUpCounts {
                    done = try flush(&changes)
                }
            }
        }
        _ = try flush(&changes)
    }

    /// Forgets everything and reads all segments.
    public func rebuild() throws(RecordingError) {
        _ = try write { database in
            try database.execute(sql: "DELETE FROM sessions; DELETE FROM session_segments; DELETE FROM progress;")
            return true
        }
        for replica in try RecordingArchive(recordings: recordings).replicas() { try catchUp(replica: replica) }
    }

    private func flush(_ changes: inout IndexChanges) throws(RecordingError) -> UInt64 {
        let taken = changes
        _ = try write { database in
            // Another process may have been here meanwhile; then its work stands and the next call goes on from it.
            guard try Self.progress(database, taken.replica) == taken.after else { return false }
            try Self.store(taken, database)
            return true
        }
        changes = IndexChanges(replica: taken.replica, after: taken.through)
        return taken.through
    }

    private func write(_ body: @Sendable (Database) throws -> Bool) throws(RecordingError) -> Bool {
        do {
            return try database.write(body)
        } catch {
            throw Self.failure(recordings + "/" + Self.fileName, error)
        }
    }

    private static func progress(_ database: Database, _ replica: String) throws -> UInt64 {
        let block = try Int64.fetchOne(
            database, sql: "SELECT block FROM progress WHERE replica = ?", arguments: [replica])
        return UInt64(max(0, block ?? 0))
    }

    private static func store(_ changes: IndexChanges, _ database: Database) throws {
        let sessions = try database.cachedStatement(sql: storeSession)
        let segments = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO session_segments(session, replica, segment, first_block) VALUES (?, ?, ?, ?)")
        let known = try database.cachedStatement(sql: "SELECT counted FROM sessions WHERE id = ?")
        for (id, session) in changes.sessions {
            // Records that two replicas have, because their session moved, count once.
            var counted = try String.fetchOne(known, arguments: [id]).flatMap { SequenceSet(text: $0) } ?? SequenceSet()
            let new = session.counts.filter { !counted.contains($0.sequence) }
            counted.insert(session.sequences)
            let actor = session.started?.principal ?? Principal()
            try sessions.execute(arguments: [
                id, actor.name, actor.groups.joined(separator: "\n"), session.started?.resource ?? "",
                session.started?.protocol ?? "", actor.sourceAddress, Int64(clamping: session.startedMicroseconds),
                session.endedMicroseconds.map { Int64(clamping: $0) },
                session.endedMicroseconds == nil ? nil : session.endReason, Int64(clamping: session.commands),
                Int64(clamping: new.reduce(0) { $0 + $1.bytes }), Int64(clamping: new.reduce(0) { $0 + $1.refused }),
                Int64(clamping: new.reduce(0) { $0 + $1.held }), counted.text,
            ])
            for (segment, block) in session.segments {
                try segments.execute(arguments: [
                    id, changes.replica, Int64(clamping: segment), Int64(clamping: block),
                ])
            }
        }
        try database.execute(
            sql: "INSERT OR REPLACE INTO progress(replica, block) VALUES (?, ?)",
            arguments: [changes.replica, Int64(clamping: changes.through)])
    }

    private static let storeSession = """
        INSERT INTO sessions(id, identity, groups, resource, protocol, source, started_us, ended_us, end_reason,
            commands, bytes, refused, held, counted)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET
            identity = CASE excluded.identity WHEN '' THEN identity ELSE excluded.identity END,
            groups = CASE excluded.identity WHEN '' THEN groups ELSE excluded.groups END,
            resource = CASE excluded.resource WHEN '' THEN resource ELSE excluded.resource END,
            protocol = CASE excluded.protocol WHEN '' THEN protocol ELSE excluded.protocol END,
            source = CASE excluded.source WHEN '' THEN source ELSE excluded.source END,
            started_us = min(started_us, excluded.started_us),
            ended_us = coalesce(excluded.ended_us, ended_us),
            end_reason = coalesce(excluded.end_reason, end_reason),
            commands = max(commands, excluded.commands), bytes = bytes + excluded.bytes,
            refused = refused + excluded.refused, held = held + excluded.held, counted = excluded.counted
        """
}
