import PostgresWire

/// What a client's startup parameters may be. A parameter is a setting that no statement carries, so nothing would
/// judge it: only harmless ones pass.
struct StartupRules {
    /// Settings that a client may give at startup, lower case.
    static let passed: Set<String> = [
        "application_name", "client_encoding", "datestyle", "timezone", "intervalstyle", "extra_float_digits",
        "bytea_output", "client_min_messages", "statement_timeout", "lock_timeout",
        "idle_in_transaction_session_timeout",
        "geqo", "jit", "options",
    ]
    /// Client encodings in which the target reads the very characters that were judged: it converts the others, and
    /// some (BIG5, GBK, SJIS …) even hide quotes and backslashes in their characters.
    static let safeEncodings: Set<String> = ["utf8", "unicode", "sqlascii"]
    static let newestMinorVersion = 2

    let user: String
    /// The resource asked for; the user's name when the client names none, as in PostgreSQL.
    let database: String
    let forwarded: [(name: String, value: String)]
    let minorVersion: Int
    /// `_pq_.` options that are not known.
    let unknownOptions: [String]

    init(_ message: StartupMessage) throws(SessionFailure) {
        guard let user = message["user"], !user.isEmpty else {
            throw SessionFailure(
                "28000", "no user name given", hint: "connect as the service account that the token is for")
        }
        self.user = user
        let database = message["database"] ?? ""
        self.database = database.isEmpty ? user : database
        if let replication = message["replication"], !["false", "off", "no", "0"].contains(replication.lowercased()) {
            throw SessionFailure("0A000", "replication connections are refused: their commands cannot be judged")
        }
        var forwarded: [(name: String, value: String)] = []
        for (name, value) in message.parameters {
            let lower = name.lowercased()
            if ["user", "database", "replication"].contains(lower) || lower.hasPrefix("_pq_.") { continue }
            guard Self.passed.contains(lower) else {
                throw SessionFailure(
                    "42501", "startup parameter “\(name)” is refused: it would not be judged",
                    hint: "send it as a SET statement after connecting")
            }
            if lower == "options" {
                guard value.allSatisfy(\.isWhitespace) else {
                    throw SessionFailure(
                        "42501", "startup parameter “options” is refused: its settings would not be judged",
                        hint: "unset PGOPTIONS and send settings as SET statements after connecting")
                }
                continue
            }
            if lower == "client_encoding", !Self.isSafe(encoding: value) { throw Self.unsafeEncoding(value) }
            forwarded.append((lower, value))
        }
        self.forwarded = forwarded
        minorVersion = min(message.minorVersion, Self.newestMinorVersion)
        unknownOptions = message.parameters.map(\.name).filter { $0.hasPrefix("_pq_.") }
    }

    static func isSafe(encoding: String) -> Bool {
        safeEncodings.contains(encoding.lowercased().filter { $0.isLetter || $0.isNumber })
    }

    static func unsafeEncoding(_ name: String) -> SessionFailure {
        SessionFailure(
            "0A000", "client encoding “\(name)” is refused: statements in it cannot be judged safely",
            hint: "use client_encoding UTF8")
    }

    /// A setting that the target reports and that would make it read statements differently from how they are judged.
    static func objection(toSetting name: String, value: String) -> SessionFailure? {
        switch name {
        case "standard_conforming_strings" where value != "on":
            SessionFailure(
                "0A000", "standard_conforming_strings is off at the target: statements cannot be judged safely",
                hint: "turn it on for the target's database and role")
        case "client_encoding" where !isSafe(encoding: value): unsafeEncoding(value)
        default: nil
        }
    }
}

/// Why a session cannot be opened or go on: said to the client as a FATAL error.
struct SessionFailure: Error, Sendable {
    let notice: WireNotice
    /// For the log; never shown.
    let detail: String

    init(_ sqlState: String, _ message: String, hint: String? = nil, detail: String = "") {
        notice = WireNotice(severity: .fatal, sqlState: sqlState, message: message, hint: hint)
        self.detail = detail
    }
}
