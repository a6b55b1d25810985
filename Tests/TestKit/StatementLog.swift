import Foundation

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
        let log = try await eventually("the statement log is written", deadline: .seconds(20)) {
            let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
            return text.contains(marker) ? text : nil
        }
        return try log.split(separator: "\n").compactMap { try Self.statement(in: $0) }
            .filter { ($0.user == user || user == nil) && !$0.isCatalogueLookup }
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
