import Foundation
import Synchronization

/// One statement as PostgreSQL's own log has it (`log_statement=all`, jsonlog).
public struct LoggedStatement: Sendable {
    public let backend: Int
    public let user: String
    public let application: String
    public let text: String
    /// Came by the extended protocol ("execute NAME: ") rather than by a simple Query.
    public let extended: Bool

    /// Sluice's own question about names or to the planner, on a connection of its own.
    var isCatalogueLookup: Bool {
        application == "sluice catalog"
            && (text.hasPrefix("SELECT c.oid, n.nspname, c.relname, a.attnum")
                || text.hasPrefix("BEGIN READ ONLY; RESET search_path; SET LOCAL lock_timeout = '"))
            || application == "sluice estimates" && text.hasPrefix("EXPLAIN (FORMAT JSON) ")
    }
}

extension PostgresServer {
    /// What has run so far, in the log's order. A marker statement makes sure that the log is complete up to now.
    public func statements(by user: String? = PostgresServer.application) async throws -> [LoggedStatement] {
        let marker = "SELECT 'log marker \(UUID().uuidString)'"
        _ = try await direct.query(marker)
        let path = directory.file("data/log/statements.json")
        let statements = try await eventually("the statement log is written", deadline: .seconds(20)) {
            let statements = try Self.logged(at: path)
            return statements.last { $0.text.contains(marker) } == nil ? nil : statements
        }
        return statements.filter { ($0.user == user || user == nil) && !$0.isCatalogueLookup }
    }

    /// What was read of each log so far: logs only grow, and reading a long one again and again takes longer than the tests.
    private static let read = Mutex<[String: (bytes: Int, statements: [LoggedStatement])]>([:])

    private static func logged(at path: String) throws -> [LoggedStatement] {
        try read.withLock { read in
            var known = read[path] ?? (0, [])
            let log = FileManager.default.contents(atPath: path) ?? Data()
            // A line that is being written is read next time.
            guard log.count > known.bytes, let end = log[known.bytes...].lastIndex(of: UInt8(ascii: "\n")) else {
                return known.statements
            }
            let lines = String(decoding: log[known.bytes..<end], as: UTF8.self).split(separator: "\n")
            known.statements += try lines.compactMap { try Self.statement(in: $0) }
            known.bytes = end + 1
            read[path] = known
            return known.statements
        }
    }

    private static func statement(in line: Substring) throws -> LoggedStatement? {
        guard let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw TestKitError("no JSON object in the server's log: \(line)")
        }
        guard let message = entry["message"] as? String, let pid = entry["pid"] as? Int else { return nil }
        let text: Substring
        let extended: Bool
        if message.hasPrefix("statement: ") {
            (text, extended) = (message.dropFirst("statement: ".count), false)
        } else if message.hasPrefix("execute "), let colon = message.range(of: ": ") {
            (text, extended) = (message[colon.upperBound...], true)
        } else if message.hasPrefix("fastpath function call: ") {
            (text, extended) = (message[...], false)
        } else {
            return nil
        }
        return LoggedStatement(
            backend: pid, user: entry["user"] as? String ?? "",
            application: entry["application_name"] as? String ?? "", text: String(text), extended: extended)
    }
}
