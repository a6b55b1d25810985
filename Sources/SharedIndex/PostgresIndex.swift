import Foundation
import Recording

/// The index of several hosts, in PostgreSQL. It connects when it is first used, and again after a connection was lost.
public final class PostgresIndex: IndexDatabase, @unchecked Sendable {
    public let name: String
    public let isShared = true

    private let user: String
    private let parameters: @Sendable () throws(RecordingError) -> [String: String]
    private let lock = NSLock()
    // Touched under `lock` alone.
    private var connection: PostgresConnection?
    private var failed: (at: ContinuousClock.Instant, error: RecordingError)?

    /// - Parameters:
    ///   - name: what messages call it.
    ///   - parameters: libpq's, asked for before each connection: a password may have changed.
    init(
        name: String, user: String, parameters: @escaping @Sendable () throws(RecordingError) -> [String: String]
    ) {
        self.name = name
        self.user = user
        self.parameters = parameters
    }

    public func read<Value>(
        _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value {
        try perform("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    public func write<Value>(
        _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value {
        // Rows are locked before they are read: each statement sees what others committed before it.
        try perform("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", body)
    }

    /// VACUUM does it, when the server finds the time.
    public func scrub() {}

    private func perform<Value>(
        _ begin: String, _ body: (any IndexTransaction) throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value {
        lock.lock()
        defer { lock.unlock() }
        var attempt = 1
        while true {
            let isReused = connection != nil
            let connection = try connected()
            let transaction = Transaction(connection, name, user)
            do throws(RecordingError) {
                try transaction.command(begin)
                let value = try body(transaction)
                try transaction.command("COMMIT")
                return value
            } catch {
                giveUp(connection)
                // One that was idle may have been closed meanwhile.
                let isAgain = self.connection == nil ? isReused : transaction.isContended || error.code == .contended
                guard isAgain, attempt < PostgresLimits.attempts else { throw error }
            }
            usleep(UInt32.random(in: 0...UInt32(attempt * Int(PostgresLimits.contentionPause / .microseconds(1)))))
            attempt += 1
        }
    }

    /// Ends a transaction that failed.
    private func giveUp(_ connection: PostgresConnection) {
        do throws(PostgresFailure) {
            if !connection.isLost { _ = try connection.run("ROLLBACK", each: [[]]) }
        } catch {
            self.connection = nil
        }
        if connection.isLost { self.connection = nil }
    }

    private func connected() throws(RecordingError) -> PostgresConnection {
        if let connection { return connection }
        // A thread that has other things to do does not wait each time.
        if let failed, ContinuousClock.now < failed.at + PostgresLimits.pause { throw failed.error }
        do throws(RecordingError) {
            let made = try connect()
            connection = made
            failed = nil
            return made
        } catch {
            failed = (.now, error)
            throw error
        }
    }

    private func connect() throws(RecordingError) -> PostgresConnection {
        let parameters = try parameters()
        do throws(PostgresFailure) {
            let made = try PostgresConnection(parameters)
            try PostgresSchema.prepare(made)
            return made
        } catch {
            throw .index(name, error.explanation(user: user))
        }
    }

    private final class Transaction: IndexTransaction {
        let rowLock = " FOR UPDATE"
        private(set) var isContended = false
        private let connection: PostgresConnection
        private let name: String
        private let user: String

        init(_ connection: PostgresConnection, _ name: String, _ user: String) {
            self.connection = connection
            self.name = name
            self.user = user
        }

        func command(_ statement: String) throws(RecordingError) { _ = try run(statement, each: [[]]) }

        func run(_ statement: String, each values: [[IndexValue]]) throws(RecordingError) -> [[IndexRow]] {
            do throws(PostgresFailure) {
                return try connection.run(statement, each: values)
            } catch {
                isContended = error.isContention
                throw .index(name, error.explanation(user: user))
            }
        }
    }
}
