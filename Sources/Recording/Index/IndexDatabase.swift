/// A database that holds the list of sessions. Statements are the same for all of them: parameters are `$1`, `$2` and so on,
/// first used in this order, and tables those of ``IndexTables``.
public protocol IndexDatabase: Sendable {
    /// What messages call it: a file, or a place on the network.
    var name: String { get }
    /// Whether recorders of other folders, perhaps on other hosts, have their sessions in it too.
    var isShared: Bool { get }

    /// Calls `body` with what the database holds at one moment.
    func read<Value>(
        _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value

    /// Calls `body`, and keeps all that it changes or nothing. It is called again where another one was in the way, or the
    /// connection was gone; what it did before may then have been kept.
    func write<Value>(
        _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value

    /// Leaves no byte of what was deleted where the database can be told so: SQLite's file. Others clean up by themselves.
    ///
    /// - Throws: `storage` when a file's log could not be emptied, because somebody reads without end.
    func scrub() throws(RecordingError)
}

/// What is read and changed together.
public protocol IndexTransaction {
    /// What a SELECT ends with whose rows nobody else may change before the transaction ends.
    var rowLock: String { get }

    /// Runs one statement for each list of values, and returns the rows of each.
    func run(_ statement: String, each values: [[IndexValue]]) throws(RecordingError) -> [[IndexRow]]
}

extension IndexTransaction {
    func rows(_ statement: String, _ values: IndexValue...) throws(RecordingError) -> [IndexRow] {
        try rows(statement, values)
    }

    func rows(_ statement: String, _ values: [IndexValue]) throws(RecordingError) -> [IndexRow] {
        try run(statement, each: [values]).first ?? []
    }

    func execute(_ statement: String, _ values: IndexValue...) throws(RecordingError) {
        _ = try rows(statement, values)
    }
}

/// A value of a column or a parameter.
public enum IndexValue: Sendable, Equatable {
    case null
    case integer(Int64)
    /// Made by ``text(_:)`` where it does not come from a database.
    case string(String)
    case bytes([UInt8])

    /// Without NUL characters, which PostgreSQL's text cannot have: U+FFFD stands for them.
    static func text(_ value: some StringProtocol) -> IndexValue {
        value.utf8.contains(0)
            ? .string(String(String.UnicodeScalarView(value.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 })))
            : .string(String(value))
    }

    static func number(_ value: UInt64) -> IndexValue { .integer(Int64(clamping: value)) }

    static func number(_ value: UInt64?) -> IndexValue { value.map(number) ?? .null }
}

/// The columns of one row, from 0.
public struct IndexRow: Sendable, Equatable {
    public let values: [IndexValue]

    public init(_ values: [IndexValue]) { self.values = values }

    func text(_ column: Int) throws(RecordingError) -> String { try optionalText(column) ?? "" }

    func optionalText(_ column: Int) throws(RecordingError) -> String? {
        switch values[column] {
        case .string(let text): return text
        case .null: return nil
        case .integer, .bytes: throw Self.unexpected(column)
        }
    }

    /// Numbers are never negative.
    func number(_ column: Int) throws(RecordingError) -> UInt64 { try optionalNumber(column) ?? 0 }

    func optionalNumber(_ column: Int) throws(RecordingError) -> UInt64? {
        switch values[column] {
        case .integer(let number): return UInt64(max(0, number))
        case .null: return nil
        case .string, .bytes: throw Self.unexpected(column)
        }
    }

    func bytes(_ column: Int) throws(RecordingError) -> [UInt8] {
        guard case .bytes(let bytes) = values[column] else { throw Self.unexpected(column) }
        return bytes
    }

    private static func unexpected(_ column: Int) -> RecordingError {
        RecordingError(.damaged, "the index: column \(column) of a row is of another type")
    }
}
