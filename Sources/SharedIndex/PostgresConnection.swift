import CLibpq
import Glibc
import Recording

/// One connection to PostgreSQL by libpq, in pipeline mode (PostgreSQL manual 34.5). Used by one thread at a time; every wait
/// ends, whatever the server does.
final class PostgresConnection {
    /// Statements sent before their results are read.
    private static let pipelined = 256

    /// No statement may follow a failure of this kind.
    private(set) var isLost = false
    private let handle: OpaquePointer
    /// Names of statements that the server has parsed. There are few: values are never part of them.
    private var prepared: [String: String] = [:]

    /// - Parameter parameters: libpq's, by name (PostgreSQL manual 34.1.2).
    init(_ parameters: [String: String]) throws(PostgresFailure) {
        let sorted = parameters.sorted { $0.key < $1.key }
        let names = CStrings(sorted.map(\.key))
        let values = CStrings(sorted.map(\.value))
        let made = withExtendedLifetime((names, values)) { PQconnectdbParams(names.pointers, values.pointers, 0) }
        guard let handle = made else {
            throw PostgresFailure(.lost, "no memory for a connection")
        }
        self.handle = handle
        // What matters of a notice comes as an error too.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        guard PQstatus(handle) == CONNECTION_OK, PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1
        else {
            isLost = true
            throw PostgresFailure(.lost, String(cString: PQerrorMessage(handle)))
        }
    }

    deinit { PQfinish(handle) }

    /// A setting that the server told by itself, such as `server_encoding`.
    func setting(_ name: String) -> String? { PQparameterStatus(handle, name).map { String(cString: $0) } }

    /// Runs a statement once for each list of values; those behind one that fails do nothing.
    func run(_ statement: String, each values: [[IndexValue]]) throws(PostgresFailure) -> [[IndexRow]] {
        guard let first = values.first else { return [] }
        do throws(PostgresFailure) {
            let name = try prepare(statement, first)
            var found: [[IndexRow]] = []
            found.reserveCapacity(values.count)
            var rest = values[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(Self.pipelined)
                rest = rest.dropFirst(Self.pipelined)
                for values in chunk {
                    guard Parameters(values).send(name, to: handle) else { throw failure() }
                }
                found += try results(chunk.count)
            }
            return found
        } catch {
            if error.isLost { isLost = true }
            throw error
        }
    }

    /// Has the server parse the statement once.
    ///
    /// - Parameter values: some of its values, for their types.
    private func prepare(_ statement: String, _ values: [IndexValue]) throws(PostgresFailure) -> String {
        if let name = prepared[statement] { return name }
        let name = "s\(prepared.count)"
        let types = values.map(PostgresType.of)
        guard PQsendPrepare(handle, name, statement, Int32(types.count), types) == 1 else { throw failure() }
        _ = try results(1)
        prepared[statement] = name
        return name
    }

    /// Ends the pipeline, and reads the rows of so many statements in it.
    private func results(_ count: Int) throws(PostgresFailure) -> [[IndexRow]] {
        guard PQpipelineSync(handle) == 1 else { throw failure() }
        var found: [[IndexRow]] = []
        var refusal: PostgresFailure?
        for _ in 0..<count {
            var rows: [IndexRow] = []
            while let result = try next() {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_COMMAND_OK, PGRES_PIPELINE_ABORTED: break
                case PGRES_TUPLES_OK: rows = try Self.rows(result)
                case PGRES_FATAL_ERROR:
                    refusal = refusal ?? Self.refusal(result)
                    if PQstatus(handle) != CONNECTION_OK { throw failure() }
                case let status:
                    throw PostgresFailure(.lost, "an unexpected answer: \(String(cString: PQresStatus(status)))")
                }
            }
            found.append(rows)
        }
        guard let end = try next() else { throw PostgresFailure(.lost, "an answer has no end") }
        defer { PQclear(end) }
        guard PQresultStatus(end) == PGRES_PIPELINE_SYNC else { throw PostgresFailure(.lost, "an answer has no end") }
        if let refusal { throw refusal }
        return found
    }

    /// The next result, nil behind the last one of a statement.
    private func next() throws(PostgresFailure) -> OpaquePointer? {
        let end = ContinuousClock.now + PostgresLimits.answer
        while PQisBusy(handle) == 1 {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw failure() }
            let left = (end - ContinuousClock.now) / .milliseconds(1)
            var waiting = pollfd(
                fd: PQsocket(handle), events: Int16(unsent == 1 ? POLLIN | POLLOUT : POLLIN), revents: 0)
            let count = left > 0 ? poll(&waiting, 1, Int32(left) + 1) : 0
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw PostgresFailure(.lost, "no answer within \(PostgresLimits.answer.components.seconds) s")
            }
            if waiting.revents & ~Int16(POLLOUT) != 0, PQconsumeInput(handle) == 0 { throw failure() }
        }
        return PQgetResult(handle)
    }

    private func failure() -> PostgresFailure { PostgresFailure(.lost, String(cString: PQerrorMessage(handle))) }

    private static func refusal(_ result: OpaquePointer) -> PostgresFailure {
        func field(_ name: UnicodeScalar) -> String? {
            PQresultErrorField(result, Int32(name.value)).map { String(cString: $0) }
        }
        // PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY: without the detail, which may hold values.
        guard let state = field("C") else {
            return PostgresFailure(.lost, String(cString: PQresultErrorMessage(result)))
        }
        // Class 08 and admin_shutdown, crash_shutdown: the server ends the connection behind it.
        let isEnd = state.hasPrefix("08") || state.hasPrefix("57P")
        return PostgresFailure(isEnd ? .lost : .refused(state), field("M") ?? "no reason is given")
    }

    private static func rows(_ result: OpaquePointer) throws(PostgresFailure) -> [IndexRow] {
        let columns = 0..<PQnfields(result)
        let types = columns.map { PQftype(result, $0) }
        var rows: [IndexRow] = []
        for row in 0..<PQntuples(result) {
            var values: [IndexValue] = []
            for column in columns {
                values.append(try value(result, row, column, types[Int(column)]))
            }
            rows.append(IndexRow(values))
        }
        return rows
    }

    private static func value(
        _ result: OpaquePointer, _ row: Int32, _ column: Int32, _ type: Oid
    ) throws(PostgresFailure) -> IndexValue {
        guard PQgetisnull(result, row, column) == 0 else { return .null }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        switch type {
        case PostgresType.int8 where bytes.count == 8:
            return .integer(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
        case PostgresType.text: return .string(String(decoding: bytes, as: UTF8.self))
        case PostgresType.bytea: return .bytes(Array(bytes))
        case PostgresType.void: return .null
        case _: throw PostgresFailure(.lost, "a column of the type \(type)")
        }
    }
}

/// Types' numbers (pg_type.dat).
enum PostgresType {
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let text: Oid = 25
    static let void: Oid = 2278

    /// 0: what the statement has it for.
    static func of(_ value: IndexValue) -> Oid {
        switch value {
        case .null: 0
        case .integer: int8
        case .string: text
        case .bytes: bytea
        }
    }
}

/// Parameters in PostgreSQL's binary form.
private struct Parameters {
    private var lengths: [Int32] = []
    private var bytes: [UInt8] = []
    private var isNull: [Bool] = []

    init(_ values: [IndexValue]) {
        for value in values {
            let start = bytes.count
            switch value {
            case .null: break
            case .integer(let number):
                withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
            case .string(let text):
                bytes.append(contentsOf: text.utf8)
            case .bytes(let value):
                bytes.append(contentsOf: value)
            }
            isNull.append(value == .null)
            lengths.append(Int32(clamping: bytes.count - start))
        }
    }

    func send(_ name: String, to handle: OpaquePointer) -> Bool {
        // One byte more, so that there is an address for an empty value, which no address would make NULL.
        (bytes + [0]).withUnsafeBytes { buffer in
            var values: [UnsafePointer<CChar>?] = []
            var start = 0
            for (length, isNull) in zip(lengths, isNull) {
                values.append(
                    isNull ? nil : buffer.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) })
                start += Int(length)
            }
            let binary = [Int32](repeating: 1, count: values.count)
            return PQsendQueryPrepared(handle, name, Int32(values.count), values, lengths, binary, 1) == 1
        }
    }
}

/// C strings, and a null pointer behind them.
private final class CStrings {
    private let copies: [UnsafeMutablePointer<CChar>?]
    var pointers: [UnsafePointer<CChar>?] { copies.map { $0.map { UnsafePointer($0) } } + [nil] }

    init(_ texts: [String]) { copies = texts.map { strdup($0) } }

    deinit { for copy in copies { free(copy) } }
}
