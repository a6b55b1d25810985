import GRDB

extension RecordingIndex {
    /// A session that has records in a segment.
    public struct SegmentSession: Sendable, Equatable {
        public var replica: String
        public var segment: UInt64
        public var session: String
        public var resource: String
        /// Rules that decided in it.
        public var rules: Set<String>
        /// Unix time, microseconds; nil: it goes on, as far as the index knows.
        public var ended: UInt64?
    }

    /// Times that the log is tried to be emptied; each waits for who reads.
    private static let checkpointAttempts = 3

    /// Forgets segments that were removed, and the sessions of which nothing is left: every byte of them.
    ///
    /// - Throws: `storage` also when the file's log could not be emptied, because somebody reads without end.
    public func forget(_ segments: ClosedRange<UInt64>, of replica: String) throws(RecordingError) {
        _ = try write { database in
            try database.execute(
                sql: "DELETE FROM session_segments WHERE replica = ? AND segment BETWEEN ? AND ?",
                arguments: [replica, Int64(segments.lowerBound), Int64(segments.upperBound)])
            try database.execute(
                sql: """
                    DELETE FROM sessions WHERE id NOT IN (SELECT session FROM session_segments);
                    DELETE FROM session_marks WHERE session NOT IN (SELECT session FROM session_segments);
                    """)
            return true
        }
        for attempt in 1...Self.checkpointAttempts {
            do {
                try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
                return
            } catch {
                let isBusy = (error as? DatabaseError)?.resultCode == .SQLITE_BUSY
                guard isBusy, attempt < Self.checkpointAttempts else {
                    throw Self.failure(recordings + "/" + Self.fileName, error)
                }
            }
        }
    }

    /// Sessions of all segments, segment by segment.
    public func segmentSessions() throws(RecordingError) -> [SegmentSession] {
        try access { database in
            var rules: [String: Set<String>] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT session, name FROM session_marks WHERE kind = 'rule'") {
                rules[row["session"], default: []].insert(row["name"])
            }
            return try Row.fetchAll(
                database,
                sql: """
                    SELECT s.replica, s.segment, s.session, t.resource, t.ended_us FROM session_segments s
                    JOIN sessions t ON t.id = s.session ORDER BY s.replica, s.segment, s.session
                    """
            ).map { row in
                let session: String = row["session"]
                let ended: Int64? = row["ended_us"]
                return SegmentSession(
                    replica: row["replica"], segment: unsigned(row["segment"]), session: session,
                    resource: row["resource"] ?? "", rules: rules[session] ?? [], ended: ended.map(unsigned))
            }
        }
    }
}
