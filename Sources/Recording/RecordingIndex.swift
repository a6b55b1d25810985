/// The list of recorded sessions. It holds nothing that the segments do not: losing it loses no record, and ``rebuild()``
/// makes it again.
public struct RecordingIndex: Sendable {
    public struct Session: Sendable, Equatable {
        public var id: String
        public var identity: String
        public var groups: [String]
        public var resource: String
        public var protocolName: String
        /// The client's address.
        public var source: String
        /// Unix time, microseconds.
        public var startedMicroseconds: UInt64
        public var endedMicroseconds: UInt64?
        public var endReason: String?
        public var commands: UInt64
        /// Bytes of replies as the client got them.
        public var bytes: UInt64
        public var refused: UInt64
        public var held: UInt64
    }

    /// One segment that holds records of a session.
    public struct Location: Sendable, Equatable {
        public var replica: String
        public var segment: UInt64
        public var firstBlock: UInt64

        public init(replica: String, segment: UInt64, firstBlock: UInt64) {
            self.replica = replica
            self.segment = segment
            self.firstBlock = firstBlock
        }
    }

    static let fileName = "index.sqlite"
    /// Of the tables of a file; raised with each change of them.
    static let version = 3

    /// The folder whose replicas this process reads.
    public let recordings: String
    let access: RecordingAccess
    let database: any IndexDatabase

    /// Whether sessions of other folders, perhaps on other hosts, are in it too.
    public var isShared: Bool { database.isShared }

    /// Opens the file in `recordings`, creating it when missing.
    ///
    /// - Parameters:
    ///   - recordings: the directory that holds the replicas' directories; it must exist.
    ///   - access: for reading segments again. Without keys the index learns of a session in encrypted ones what stands there in
    ///     the clear.
    public init(recordings: String, access: RecordingAccess = RecordingAccess()) throws(RecordingError) {
        guard fileSize(recordings) != nil else {
            throw RecordingError(.notFound, file: recordings, "there are no recordings")
        }
        self.init(
            recordings: recordings, access: access, database: try SQLiteIndex(recordings + "/" + Self.fileName))
    }

    /// An index in `database`.
    public init(recordings: String, access: RecordingAccess = RecordingAccess(), database: any IndexDatabase) {
        self.recordings = recordings
        self.access = access
        self.database = database
    }

    // MARK: - Reading

    /// The session of this id, or the only one whose id begins so.
    public func session(_ prefix: String) throws(RecordingError) -> Session {
        let found = try database.read { index throws(RecordingError) in
            try index.rows(
                """
                SELECT \(Session.columns) FROM sessions WHERE id = $1 OR substr(id, 1, length($1)) = $1
                ORDER BY CASE id WHEN $1 THEN 0 ELSE 1 END, id LIMIT 2
                """, .text(prefix)
            ).map(Session.init)
        }
        guard !prefix.isEmpty, let first = found.first else {
            throw RecordingError(.notFound, "no recorded session has an id that begins with '\(prefix)'")
        }
        guard found.count == 1 || first.id == prefix else {
            throw RecordingError(.notFound, "more than one session's id begins with '\(prefix)': give more of it")
        }
        return first
    }

    /// Where a session's records are, in the order of the segments.
    public func locations(of session: String) throws(RecordingError) -> [Location] {
        try database.read { index throws(RecordingError) in
            try index.rows(
                """
                SELECT replica, segment, first_block FROM session_segments WHERE session = $1 AND segment > 0
                ORDER BY replica, segment
                """, .text(session)
            ).map { row throws(RecordingError) in
                Location(replica: try row.text(0), segment: try row.number(1), firstBlock: try row.number(2))
            }
        }
    }
}

extension RecordingIndex.Session {
    static let columns = """
        id, identity, groups, resource, protocol, source, started_us, ended_us, end_reason, commands, bytes, refused, held
        """

    /// - Parameter row: ``columns``.
    init(_ row: IndexRow) throws(RecordingError) {
        id = try row.text(0)
        identity = try row.text(1)
        groups = try row.text(2).split(separator: "\n").map(String.init)
        resource = try row.text(3)
        protocolName = try row.text(4)
        source = try row.text(5)
        startedMicroseconds = try row.number(6)
        endedMicroseconds = try row.optionalNumber(7)
        endReason = try row.optionalText(8)
        commands = try row.number(9)
        bytes = try row.number(10)
        refused = try row.number(11)
        held = try row.number(12)
    }
}
