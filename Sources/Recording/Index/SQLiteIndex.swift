import Foundation
import GRDB

/// The index of one folder of recordings: the file `index.sqlite` in it.
struct SQLiteIndex: IndexDatabase {
    private static let busySeconds = 5.0
    /// Times that the log is tried to be emptied; each waits for who reads.
    private static let checkpointAttempts = 3
    private static let tables = IndexTables(text: "TEXT", bytes: "BLOB", keyed: "WITHOUT ROWID")

    let name: String
    let isShared = false
    private let pool: DatabasePool

    /// Opens the file, creating it when missing.
    init(_ path: String) throws(RecordingError) {
        name = path
        if fileSize(path) == nil {
            do throws(FileError) {
                // SQLite gives its journal files the mode of the database file.
                close(try SystemFiles().create(path))
            } catch {
                guard error.number == EEXIST else { throw .system(error, path) }
            }
        }
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(Self.busySeconds)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        do {
            pool = try Self.open(path, configuration)
            try pool.write(Self.prepare)
        } catch {
            throw Self.failure(path, error)
        }
    }

    /// SQLite does not wait where another process changes the journal's mode (sqlite.org/pragma.html#pragma_journal_mode).
    private static func open(_ path: String, _ configuration: GRDB.Configuration) throws -> DatabasePool {
        let end = Date(timeIntervalSinceNow: busySeconds)
        while true {
            do {
                return try DatabasePool(path: path, configuration: configuration)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && Date() < end {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }

    /// Makes the tables. What was read is kept by version: a recorder of the release before, which reads less of the segments, goes on
    /// with its own table of that meanwhile. Those of another version go, and what they held is read from the segments again.
    private static func prepare(_ database: Database) throws {
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") != RecordingIndex.version else {
            for statement in tables.beside { try database.execute(sql: statement) }
            return
        }
        try database.execute(
            sql: """
                DROP TABLE IF EXISTS sessions; DROP TABLE IF EXISTS session_segments; DROP TABLE IF EXISTS session_marks;
                DROP TABLE IF EXISTS progress_3;
                """)
        for statement in tables.statements { try database.execute(sql: statement) }
        try database.execute(sql: "PRAGMA user_version = \(RecordingIndex.version)")
    }

    private static func failure(_ path: String, _ error: any Error) -> RecordingError {
        (error as? RecordingError) ?? RecordingError(.storage, file: path, "the index: \(error)")
    }

    func read<Value>(
        _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value {
        do {
            return try pool.read { try body(Transaction(database: $0)) }
        } catch {
            throw Self.failure(name, error)
        }
    }

    func write<Value>(
        _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value {
        do {
            return try pool.write { try body(Transaction(database: $0)) }
        } catch {
            throw Self.failure(name, error)
        }
    }

    func scrub() throws(RecordingError) {
        for attempt in 1...Self.checkpointAttempts {
            do {
                // SQLite overwrites what is deleted, not the copies that it left where pages were split and joined.
                try pool.vacuum()
                try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
                return
            } catch {
                let isBusy = (error as? DatabaseError)?.resultCode == .SQLITE_BUSY
                guard isBusy, attempt < Self.checkpointAttempts else { throw Self.failure(name, error) }
            }
        }
    }

    private struct Transaction: IndexTransaction {
        let database: Database
        /// Who writes is alone.
        let rowLock = ""

        func run(_ statement: String, each values: [[IndexValue]]) throws(RecordingError) -> [[IndexRow]] {
            do {
                let statement = try database.cachedStatement(sql: statement)
                return try values.map { values in
                    let arguments = StatementArguments(values.map(\.databaseValue))
                    guard statement.columnCount > 0 else {
                        try statement.execute(arguments: arguments)
                        return []
                    }
                    return try Row.fetchAll(statement, arguments: arguments).map { row in
                        IndexRow(row.databaseValues.map(IndexValue.init))
                    }
                }
            } catch {
                throw RecordingError(.storage, "the index: \(error)")
            }
        }
    }
}

extension IndexValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .string(let text): text.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        // A sum beyond 64 bits.
        case .double(let number): self = .integer(Int64(exactly: number) ?? .max)
        case .string(let text): self = .string(text)
        case .blob(let bytes): self = .bytes([UInt8](bytes))
        }
    }
}
