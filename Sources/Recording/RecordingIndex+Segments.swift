extension RecordingIndex {
    private static let pageSessions = 2_000

    /// A session that has records in a segment.
    public struct SegmentSession: Sendable, Equatable {
        public var replica: String
        public var segment: UInt64
        public var session: String
        public var resource: String
        /// Rules that decided in it.
        public var rules: Set<String>
        /// Whether some of its records were not read, for want of a key: there may be other rules, and the resource may be missing.
        public var isPartlyRead: Bool
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
        var found: [SegmentSession] = []
        for replica in try ownReplicas().sorted() {
            var page = try segmentSessions(of: replica, after: nil)
            while let last = page.last {
                found += page
                page = try segmentSessions(of: replica, after: last)
            }
        }
        return found
    }

    /// The sessions that these segments hold beside one.
    ///
    /// - Parameter segments: of a replica whose folder is here.
    public func sessions(
        in segments: ClosedRange<UInt64>, of replica: String, beside session: String
    ) throws(RecordingError) -> Set<String> {
        try database.read { index throws(RecordingError) in
            let rows = try index.rows(
                """
                SELECT DISTINCT session FROM session_segments
                WHERE replica = $1 AND segment BETWEEN $2 AND $3 AND session <> $4
                """, .text(replica), .number(segments.lowerBound), .number(segments.upperBound), .text(session))
            var found: Set<String> = []
            for row in rows { found.insert(try row.text(0)) }
            return found
        }
    }

    /// A page of bounded length: a statement may not take for ever.
    private func segmentSessions(
        of replica: String, after last: SegmentSession?
    ) throws(RecordingError) -> [SegmentSession] {
        try database.read { index throws(RecordingError) in
            let rows = try index.rows(
                """
                SELECT s.segment, s.session, t.resource, t.ended_us FROM session_segments s
                JOIN sessions t ON t.id = s.session
                WHERE s.replica = $1 AND s.segment >= $2 AND (s.segment > $2 OR s.session > $3)
                ORDER BY s.segment, s.session LIMIT \(Self.pageSessions)
                """, .text(replica), .number(last?.segment ?? 0), .text(last?.session ?? ""))
            let marks = try index.run(
                "SELECT name, kind FROM session_marks WHERE session = $1 AND kind IN ('rule', 'unread')",
                each: rows.map { row throws(RecordingError) in [.text(try row.text(1))] })
            var found: [SegmentSession] = []
            for (row, names) in zip(rows, marks) {
                var rules: Set<String> = []
                var isPartlyRead = false
                for name in names {
                    if try name.text(1) == "rule" { rules.insert(try name.text(0)) } else { isPartlyRead = true }
                }
                found.append(
                    SegmentSession(
                        replica: replica, segment: try row.number(0), session: try row.text(1),
                        resource: try row.text(2), rules: rules, isPartlyRead: isPartlyRead,
                        ended: try row.optionalNumber(3)))
            }
            return found
        }
    }
}
