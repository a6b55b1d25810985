import Contract
import Foundation
import GRDB

extension RecordingIndex {
    /// Sessions put into one transaction when the index is brought up to date.
    private static let catchUpSessions = 4_096
    private static let catchUpCounts = 65_536

    /// What bringing the index up to date found.
    public enum Outcome: Sendable {
        case followed
        /// What the index had of the replica was another recording's, which it has forgotten.
        case otherRecording
        /// The index had more of the replica than there is, which it has forgotten.
        case olderCopy
    }

    /// Adds what a writer wrote. Changes that do not follow on what the index has are read from the segments instead.
    @discardableResult
    public func apply(_ changes: IndexChanges) throws(RecordingError) -> Outcome {
        guard !changes.isEmpty else { return .followed }
        let follows = try write { database in
            guard changes.isComplete, try Self.knows(database, changes.replica, as: changes.recording),
                try Self.progress(database, changes.replica) == changes.after
            else { return false }
            try Self.store(changes, database)
            return true
        }
        return follows ? .followed : try catchUp(replica: changes.replica)
    }

    /// Reads what a replica's segments hold beyond what the index has, up to the replica's head.
    @discardableResult
    public func catchUp(replica: String) throws(RecordingError) -> Outcome {
        let archive = RecordingArchive(recordings: recordings, access: access)
        let identity = try recordingIdentity(archive.directory(of: replica))
        let outcome = try settle(replica, identity)
        var done = try access { try Self.progress($0, replica) }
        var changes = IndexChanges(replica: replica, after: done, recording: identity)
        for segment in try archive.readable(replica: replica, fromBlock: done + 1) {
            let reader = try segment.reader()
            while let block = try reader.next(limit: segment.limit) {
                guard block.number > done else { continue }
                try Self.add(block, of: reader, segment.number, to: &changes)
                changes.through = block.number
                if changes.sessions.count >= Self.catchUpSessions || changes.counts >= Self.catchUpCounts {
                    done = try flush(&changes)
                }
            }
        }
        _ = try flush(&changes)
        return outcome
    }

    private static func add(
        _ block: SegmentReader.Block, of reader: SegmentReader, _ segment: UInt64, to changes: inout IndexChanges
    ) throws(RecordingError) {
        do throws(RecordingError) {
            try reader.forEachHead { head, raw throws(RecordingError) in
                guard !head.session.isEmpty else { return }
                changes.add(head, raw, session: try head.sessionName(raw), segment: segment, block: block.number)
            }
        } catch {
            guard error.code == .encrypted else { throw error }
            let manifest = try reader.manifest()
            for run in manifest.runs {
                changes.add(run, time: manifest.timeUs, segment: segment, block: block.number)
            }
        }
    }

    /// Forgets everything and reads all segments.
    ///
    /// - Throws: the first replica's error, after all others were read.
    public func rebuild() throws(RecordingError) {
        _ = try write { database in
            try database.execute(
                sql: """
                    DELETE FROM sessions; DELETE FROM session_segments; DELETE FROM session_marks; DELETE FROM progress_3;
                    DELETE FROM recordings;
                    """)
            return true
        }
        var problem: RecordingError?
        for replica in try RecordingArchive(recordings: recordings).replicas() {
            do throws(RecordingError) {
                try catchUp(replica: replica)
            } catch {
                problem = problem ?? error
            }
        }
        if let problem { throw problem }
    }

    /// Forgets what the index has of a replica when that is not what the replica's folder holds now.
    private func settle(_ replica: String, _ identity: [UInt8]?) throws(RecordingError) -> Outcome {
        let isKnown = try write { database in
            let isKnown = try Self.knows(database, replica, as: identity)
            if !isKnown { try Self.forget(replica, database) }
            if let identity {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO recordings(replica, first_chain) VALUES (?, ?)",
                    arguments: [replica, Data(identity)])
            }
            return isKnown
        }
        guard isKnown else { return .otherRecording }
        // In this order: a live recorder moves its head before the index.
        let done = try access { try Self.progress($0, replica) }
        let head = try StoredHead.read(directory: recordings + "/" + replica, keys: []).value
        guard done > head.block else { return .followed }
        _ = try write { database in
            try Self.forget(replica, database)
            return true
        }
        return .olderCopy
    }

    /// Whether what the index has of a replica is of this recording, as far as it knows.
    private static func knows(_ database: Database, _ replica: String, as identity: [UInt8]?) throws -> Bool {
        guard let identity else { return true }
        let known = try Data.fetchOne(
            database, sql: "SELECT first_chain FROM recordings WHERE replica = ?", arguments: [replica])
        return known.map { $0.elementsEqual(identity) } ?? true
    }

    /// Sessions of which other replicas have parts stay, with the sums that were counted.
    private static func forget(_ replica: String, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM session_segments WHERE replica = ?", arguments: [replica])
        try database.execute(sql: "DELETE FROM progress_3 WHERE replica = ?", arguments: [replica])
        try database.execute(
            sql: """
                DELETE FROM sessions WHERE NOT EXISTS (SELECT 1 FROM session_segments WHERE session = sessions.id);
                DELETE FROM session_marks WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE id = session_marks.session);
                """)
    }

    private func flush(_ changes: inout IndexChanges) throws(RecordingError) -> UInt64 {
        let taken = changes
        _ = try write { database in
            // Another process may have been here meanwhile; then its work stands and the next call goes on from it.
            guard try Self.progress(database, taken.replica) == taken.after else { return false }
            try Self.store(taken, database)
            return true
        }
        changes = IndexChanges(replica: taken.replica, after: taken.through, recording: taken.recording)
        return taken.through
    }

    func write(_ body: @Sendable (Database) throws -> Bool) throws(RecordingError) -> Bool {
        do {
            return try database.write(body)
        } catch {
            throw Self.failure(recordings + "/" + Self.fileName, error)
        }
    }

    private static func progress(_ database: Database, _ replica: String) throws -> UInt64 {
        let block = try Int64.fetchOne(
            database, sql: "SELECT block FROM progress_3 WHERE replica = ?", arguments: [replica])
        return UInt64(max(0, block ?? 0))
    }

    private static func store(_ changes: IndexChanges, _ database: Database) throws {
        if let identity = changes.recording {
            try database.execute(
                sql: "INSERT OR IGNORE INTO recordings(replica, first_chain) VALUES (?, ?)",
                arguments: [changes.replica, Data(identity)])
        }
        let sessions = try database.cachedStatement(sql: storeSession)
        let segments = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO session_segments(session, replica, segment, first_block) VALUES (?, ?, ?, ?)")
        let marks = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO session_marks(session, kind, name) VALUES (?, ?, ?)")
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
            for mark in session.marks {
                try marks.execute(arguments: [id, mark.kind.rawValue, String(decoding: mark.name, as: UTF8.self)])
            }
            for (segment, block) in session.segments {
                try segments.execute(arguments: [
                    id, changes.replica, Int64(clamping: segment), Int64(clamping: block),
                ])
            }
        }
        try database.execute(
            sql: "INSERT OR REPLACE INTO progress_3(replica, block) VALUES (?, ?)",
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
