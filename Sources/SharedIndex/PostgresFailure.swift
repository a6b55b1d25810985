/// Why a statement was not carried out.
struct PostgresFailure: Error {
    enum Kind {
        /// The connection is of no use any more.
        case lost
        /// The server refused, with this SQLSTATE (PostgreSQL manual, appendix A).
        case refused(String)
    }

    let kind: Kind
    /// libpq's or the server's words, on one line.
    let message: String

    private static let maxMessageBytes = 500

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        self.message = String(decoding: line.utf8.prefix(Self.maxMessageBytes), as: UTF8.self)
    }

    var isLost: Bool {
        switch kind {
        case .lost: true
        case .refused: false
        }
    }

    /// Whether another transaction was in the way, so that the same again may go through.
    var isContention: Bool {
        switch kind {
        case .lost: false
        // serialization_failure, deadlock_detected, lock_not_available
        case .refused(let state): ["40001", "40P01", "55P03"].contains(state)
        }
    }

    /// What the operator is told.
    ///
    /// - Parameters:
    ///   - user: the role that Sluice has.
    func explanation(user: String) -> String {
        switch kind {
        case .lost:
            return """
                the index cannot be used: \(message). Recorders bring it up to date by themselves once it can; `sluice verify` and \
                `sluice sessions export` of everything do without it
                """
        case .refused("42501"):
            return """
                the index: \(message). \(user) needs the schema \(PostgresSchema.name): CREATE SCHEMA \(PostgresSchema.name) \
                AUTHORIZATION the role of the recorders, or, to read only, GRANT USAGE ON SCHEMA \(PostgresSchema.name) and \
                GRANT SELECT ON ALL TABLES IN SCHEMA \(PostgresSchema.name) to it
                """
        case .refused(let state):
            return "the index: \(message) (SQLSTATE \(state))"
        }
    }
}
