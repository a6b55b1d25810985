import Contract

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
        let follows = try database.write { index throws(RecordingError) in
            guard changes.isComplete, try Self.lockedProgress(index, changes.replica) == changes.after else {
                return false
            }
            switch try match(changes.replica, changes.recording, index) {
            case .same: break
            case .new where !isShared: break
            // Where the replica is must be known first.
            case .other, .new: return false
            }
            try Self.store(changes, index)
            return true
        }
        return follows ? .followed : try catchUp(replica: changes.replica)
    }

    /// Reads what a replica's segments hold beyond what the index has, up to the replica's head.
    @discardableResult
    public func catchUp(replica: String) throws(RecordingError) -> Outcome {
        let archive = RecordingArchive(recordings: recordings, access: access)
        let identity = try RecordingIdentity.read(archive.directory(of: replica))
        let outcome = try settle(replica, identity)
        var done = try progress(replica)
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

    /// Forgets everything and reads all segments; in a shared index what is of this folder.
    ///
    /// - Throws: the first replica's error, after all others were read.
    public func rebuild() throws(RecordingError) {
        let archive = RecordingArchive(recordings: recordings)
        let present = try archive.replicas()
        var problem: RecordingError?
        func attempt(_ body: () throws(RecordingError) -> Void) {
            do throws(RecordingError) {
                try body()
            } catch {
                problem = problem ?? error
            }
        }
        if isShared {
            for replica in try Set(present).union(replicas(at: .of(recordings))).sorted() {
                attempt { () throws(RecordingError) in
                    if present.contains(replica) {
                        _ = try settle(replica, RecordingIdentity.read(archive.directory(of: replica)))
                    }
                    try forgetOwn(replica)
                }
            }
        } else {
            try database.write { index throws(RecordingError) in
                for table in ["sessions", "session_segments", "session_marks", "progress_3", "recordings", "places"] {
                    try index.execute("DELETE FROM \(table)")
                }
            }
        }
        for replica in present {
            attempt { () throws(RecordingError) in try catchUp(replica: replica) }
        }
        if let problem { throw problem }
    }

    private func forgetOwn(_ replica: String) throws(RecordingError) {
        try database.write { index throws(RecordingError) in
            _ = try Self.lockedProgress(index, replica)
            try requireOwn(replica, index)
            try Self.forgetAll(of: replica, index)
        }
    }

    /// Forgets what the index has of a replica when that is not what the replica's folder holds now.
    private func settle(_ replica: String, _ identity: RecordingIdentity?) throws(RecordingError) -> Outcome {
        // In this order: a live recorder moves its head before the index.
        let done = try progress(replica)
        let head = try StoredHead.read(directory: recordings + "/" + replica, keys: []).value
        return try database.write { index throws(RecordingError) in
            _ = try Self.lockedProgress(index, replica)
            let outcome: Outcome =
                switch try match(replica, identity, index) {
                case .other: .otherRecording
                case .same, .new: done > head.block ? .olderCopy : .followed
                }
            switch outcome {
            case .followed: break
            case .otherRecording, .olderCopy:
                try requireOwn(replica, index)
                try Self.forgetAll(of: replica, index)
            }
            try remember(replica, identity, index)
            return outcome
        }
    }

    /// Replicas of former releases have the same name on every host: each would take the other's sessions off.
    ///
    /// - Throws: when what the index has of this name is another folder's.
    private func requireOwn(_ replica: String, _ index: any IndexTransaction) throws(RecordingError) {
        guard isShared else { return }
        let place = try Self.place(of: replica, index)
        if place == .of(recordings) { return }
        throw RecordingError(
            .invalid, file: recordings + "/" + replica,
            "the index knows another recording of this name, \(place?.description ?? "wherever that is"), and cannot have both: "
                + "stop the recorder, move this folder out of \(recordings), and start the recorder again, which makes one with a "
                + "name of its own")
    }

    private func remember(
        _ replica: String, _ identity: RecordingIdentity?, _ index: any IndexTransaction
    ) throws(RecordingError) {
        try Self.remember(replica, identity, index)
        let place = ReplicaPlace.of(recordings)
        try index.execute(
            """
            INSERT INTO places(replica, host, folder) VALUES ($1, $2, $3)
            ON CONFLICT(replica) DO UPDATE SET host = excluded.host, folder = excluded.folder
            """, .text(replica), .text(place.host), .text(place.folder))
    }

    private static func remember(
        _ replica: String, _ identity: RecordingIdentity?, _ index: any IndexTransaction
    ) throws(RecordingError) {
        let known = try self.identity(of: replica, index)
        guard let complete = identity?.completed(by: known), complete != known else { return }
        try index.execute(
            """
            INSERT INTO recordings(replica, first_chain) VALUES ($1, $2)
            ON CONFLICT(replica) DO UPDATE SET first_chain = excluded.first_chain
            """, .text(replica), .bytes(complete.bytes))
    }

    private static func forgetAll(of replica: String, _ index: any IndexTransaction) throws(RecordingError) {
        try forget(replica, 0...UInt64(Int64.max), index)
        for table in ["progress_3", "recordings", "places"] {
            try index.execute("DELETE FROM \(table) WHERE replica = $1", .text(replica))
        }
    }

    private func flush(_ changes: inout IndexChanges) throws(RecordingError) -> UInt64 {
        let taken = changes
        try database.write { index throws(RecordingError) in
            // Another process may have been here meanwhile; then its work stands and the next call goes on from it.
            guard try Self.lockedProgress(index, taken.replica) == taken.after else { return }
            try Self.store(taken, index)
        }
        changes = IndexChanges(replica: taken.replica, after: taken.through, recording: taken.recording)
        return taken.through
    }

    /// Whether what a replica recorded up to a block is in the index.
    public func hasRead(_ replica: String, through block: UInt64) throws(RecordingError) -> Bool {
        try progress(replica) >= block
    }

    private func progress(_ replica: String) throws(RecordingError) -> UInt64 {
        try database.read { index throws(RecordingError) in
            try index.rows("SELECT block FROM progress_3 WHERE replica = $1", .text(replica)).first?.number(0) ?? 0
        }
    }

    /// Up to where a replica was read. Nobody else moves it before the transaction ends.
    private static func lockedProgress(
        _ index: any IndexTransaction, _ replica: String
    ) throws(RecordingError) -> UInt64 {
        let name = IndexValue.text(replica)
        try index.execute("INSERT INTO progress_3(replica, block) VALUES ($1, 0) ON CONFLICT(replica) DO NOTHING", name)
        let rows = try index.rows("SELECT block FROM progress_3 WHERE replica = $1" + index.rowLock, name)
        guard let row = rows.first else { throw .contended }
        return try row.number(0)
    }

    private static func store(_ changes: IndexChanges, _ index: any IndexTransaction) throws(RecordingError) {
        try remember(changes.replica, changes.recording, index)
        // In one order everywhere, so that nobody waits for who waits for him.
        let sessions = changes.sessions.sorted { $0.key < $1.key }
        try StoredSession.merge(sessions, index)
        _ = try index.run(
            "INSERT INTO session_marks(session, kind, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            each: sessions.flatMap { id, session in
                session.marks.map {
                    [.text(id), .text($0.kind.rawValue), .mark(String(decoding: $0.name, as: UTF8.self))]
                }
            })
        _ = try index.run(
            """
            INSERT INTO session_segments(session, replica, segment, first_block) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            each: sessions.flatMap { id, session in
                session.segments.map { [.text(id), .text(changes.replica), .number($0.key), .number($0.value)] }
            })
        try index.execute(
            "UPDATE progress_3 SET block = $1 WHERE replica = $2", .number(changes.through), .text(changes.replica))
    }
}
