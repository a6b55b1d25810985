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

    /// Forgets segments that were removed, and the sessions of which nothing is left.
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
