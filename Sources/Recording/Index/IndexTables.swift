/// The tables of the index, for both kinds of database.
public struct IndexTables: Sendable {
    /// Sorted by its bytes.
    let text: String
    let bytes: String
    /// Behind the columns of a table whose rows lie in the order of its key.
    let keyed: String

    public init(text: String, bytes: String, keyed: String) {
        self.text = text
        self.bytes = bytes
        self.keyed = keyed
    }

    /// They make what is missing, in this order.
    public var statements: [String] {
        [
            """
            CREATE TABLE IF NOT EXISTS sessions (
                id \(text) PRIMARY KEY NOT NULL, identity \(text) NOT NULL, groups \(text) NOT NULL,
                resource \(text) NOT NULL, protocol \(text) NOT NULL, source \(text) NOT NULL,
                started_us BIGINT NOT NULL, ended_us BIGINT, end_reason \(text), commands BIGINT NOT NULL,
                bytes BIGINT NOT NULL, refused BIGINT NOT NULL, held BIGINT NOT NULL, counted \(text) NOT NULL
            ) \(keyed)
            """,
            "CREATE INDEX IF NOT EXISTS sessions_started ON sessions(started_us)",
            """
            CREATE TABLE IF NOT EXISTS session_segments (
                session \(text) NOT NULL, replica \(text) NOT NULL, segment BIGINT NOT NULL, first_block BIGINT NOT NULL,
                PRIMARY KEY (session, replica, segment)
            ) \(keyed)
            """,
            """
            CREATE TABLE IF NOT EXISTS session_marks (
                session \(text) NOT NULL, kind \(text) NOT NULL, name \(text) NOT NULL, PRIMARY KEY (session, kind, name)
            ) \(keyed)
            """,
            "CREATE INDEX IF NOT EXISTS session_marks_by_name ON session_marks(kind, name)",
            "CREATE TABLE IF NOT EXISTS progress_3 (replica \(text) PRIMARY KEY NOT NULL, block BIGINT NOT NULL) \(keyed)",
        ] + beside
    }

    /// What came later: it does not depend on the version of the others, which are there already.
    var beside: [String] {
        [
            "CREATE TABLE IF NOT EXISTS recordings (replica \(text) PRIMARY KEY NOT NULL, first_chain \(bytes) NOT NULL)",
            "CREATE INDEX IF NOT EXISTS session_segments_by_place ON session_segments(replica, segment)",
            """
            CREATE TABLE IF NOT EXISTS places (
                replica \(text) PRIMARY KEY NOT NULL, host \(text) NOT NULL, folder \(text) NOT NULL
            )
            """,
        ]
    }
}
