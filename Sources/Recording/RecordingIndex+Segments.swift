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

    /// Forgets segments that were removed, and the sessions of which nothing is left: every byte of them, as far as the
    /// database lets go of what was deleted.
    ///
    /// - Throws: what ``IndexDatabase/scrub()`` throws too.
    public func forget(_ segments: ClosedRange<UInt64>, of replica: String) throws(RecordingError) {
        let identity = try RecordingIdentity.read(
            RecordingArchive(recordings: recordings).directory(of: replica))
        try database.write { index throws(RecordingError) in
            switch try match(replica, identity, index) {
            case .same, .new: try Self.forget(replica, segments, index)
            // It has nothing of what was removed.
            case .other: break
            }
        }
        try database.scrub()
    }

    /// Sessions of which other segments have parts stay, with the sums that were counted.
    static func forget(
        _ replica: String, _ segments: ClosedRange<UInt64>, _ index: any IndexTransaction
    ) throws(RecordingError) {
        let place: [IndexValue] = [.text(replica), .number(segments.lowerBound), .number(segments.upperBound)]
        let isOfPlace = "replica = $1 AND segment BETWEEN $2 AND $3"
        let sessions = try index.rows("SELECT DISTINCT session FROM session_segments WHERE \(isOfPlace)", place)
            .map { row throws(RecordingError) in try row.text(0) }.sorted().map { [IndexValue.text($0)] }
        // Another recorder that is about to add a part has the row meanwhile: whether any part is left is looked for after it.
        _ = try index.run("SELECT id FROM sessions WHERE id = $1" + index.rowLock, each: sessions)
        _ = try index.rows("DELETE FROM session_segments WHERE \(isOfPlace)", place)
        _ = try index.run(
            "DELETE FROM sessions WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM session_segments WHERE session = $1)",
            each: sessions)
        _ = try index.run(
            "DELETE FROM session_marks WHERE session = $1 AND NOT EXISTS (SELECT 1 FROM sessions WHERE id = $1)",
            each: sessions)
    }

    /// Sessions of all segments of the replicas whose folders are here, segment by segment. Who writes to the database can make it
    /// wrong: it says what to look at, and the segments what is so.
    public func segmentSessions() throws(RecordingError) -> [SegmentSession] {
        let replicas = try ownReplicas().sorted().map { [IndexValue.text($0)] }
        return try database.read { index throws(RecordingError) in
            var rules: [String: Set<String>] = [:]
            let marks = try index.run(
                """
                SELECT session, name FROM session_marks WHERE kind = 'rule'
                AND session IN (SELECT session FROM session_segments WHERE replica = $1)
                """, each: replicas)
            for row in marks.joined() { rules[try row.text(0), default: []].insert(try row.text(1)) }
            let found = try index.run(
                """
                SELECT s.replica, s.segment, s.session, t.resource, t.ended_us FROM session_segments s
                JOIN sessions t ON t.id = s.session WHERE s.replica = $1 ORDER BY s.segment, s.session
                """, each: replicas)
            return try found.joined().map { row throws(RecordingError) in
                let session = try row.text(2)
                return SegmentSession(
                    replica: try row.text(0), segment: try row.number(1), session: session,
                    resource: try row.text(3), rules: rules[session] ?? [], ended: try row.optionalNumber(4))
            }
        }
    }
}
