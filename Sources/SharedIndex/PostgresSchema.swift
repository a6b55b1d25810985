import Recording

/// The index's tables in a database.
enum PostgresSchema {
    static let name = "sluice"
    /// Raised with each change of the tables.
    private static let version: Int64 = 1
    /// Of the lock that the first one takes who makes the tables: any number that nobody else takes.
    private static let lock: Int64 = 0x736c_7569_6365
    private static let tables = IndexTables(text: "TEXT COLLATE \"C\"", bytes: "BYTEA", keyed: "")
    /// Read as a table: names are looked up in a cache that does not know what another one made while the lock was waited for.
    private static let isThere = """
        SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname::text = $1 AND c.relname::text = $2
        """

    /// Makes the tables, when nobody has yet.
    static func prepare(_ connection: PostgresConnection) throws(PostgresFailure) {
        let encoding = connection.setting("server_encoding") ?? ""
        guard encoding == "UTF8" else {
            throw PostgresFailure(
                .refused("22P05"), "the database has the encoding \(encoding) and must have UTF8: make one that has it")
        }
        for (setting, value) in [
            // Nothing of a temporary schema stands for a table of the index.
            ("search_path", "\(name), pg_temp"),
            ("client_min_messages", "warning"),
            ("statement_timeout", "\(PostgresLimits.statement.wholeMilliseconds)"),
            ("lock_timeout", "\(PostgresLimits.lock.wholeMilliseconds)"),
            ("idle_in_transaction_session_timeout", "\(PostgresLimits.idleTransaction.wholeMilliseconds)"),
        ] {
            try execute("SELECT set_config($1, $2, false)", [.string(setting), .string(value)], connection)
        }
        if try !exists(connection) { try make(connection) }
        let found = try connection.run("SELECT max(version) FROM \(name).version", each: [[]]).joined().first?.values
            .first
        guard found == .integer(version) else {
            throw PostgresFailure(
                .refused("55000"),
                "its tables are of another release of Sluice: all hosts that share it need the same, or a database each"
            )
        }
    }

    private static func exists(_ connection: PostgresConnection) throws(PostgresFailure) -> Bool {
        try !connection.run(isThere, each: [[.string(name), .string("version")]]).joined().isEmpty
    }

    /// Left unfinished, it is rolled back with the connection, which is then not used.
    private static func make(_ connection: PostgresConnection) throws(PostgresFailure) {
        try execute("BEGIN", [], connection)
        try execute("SELECT pg_advisory_xact_lock($1)", [.integer(lock)], connection)
        if try !exists(connection) {
            let schema = try connection.run(
                "SELECT nspname::text FROM pg_namespace WHERE nspname::text = $1", each: [[.string(name)]])
            // The right to make schemas is asked for even where it is there already.
            if schema.joined().isEmpty { try execute("CREATE SCHEMA \(name)", [], connection) }
            for statement in tables.statements { try execute(statement, [], connection) }
            try execute("CREATE TABLE \(name).version (version BIGINT NOT NULL)", [], connection)
            try execute("INSERT INTO \(name).version VALUES ($1)", [.integer(version)], connection)
        }
        try execute("COMMIT", [], connection)
    }

    private static func execute(
        _ statement: String, _ values: [IndexValue], _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        _ = try connection.run(statement, each: [values])
    }
}
