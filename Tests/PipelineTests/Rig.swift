import Foundation
import TestKit
import Testing

/// A PostgreSQL with pgbench's tables, a Sluice before it, and one identity that may do anything.
struct Rig: Sendable {
    let server: PostgresServer
    let gateway: Gateway
    let free: Token
    let agent: Token
    let dba: Token

    static let policy = """
        rules:
          - name: truncation needs a dba
            who: {groups: [ai-agents]}
            when: {operation: [truncate]}
            then: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}
          - name: anything
            who: {groups: [unlimited, ai-agents]}
            then: allow
          - name: personal data
            who: {groups: [unlimited, ai-agents]}
            mask:
              - {columns: ["*.email"], style: redact}
              - {detect: [credit_card, us_ssn], style: redact}

        """

    static func start(stages: String = "", limits: String = "") async throws -> Rig {
        let server = try await PostgresServer.start()
        let filled = try await server.direct.run("pgbench", ["-i", "-s", "4", "-q"])
        guard filled.status == 0 else { throw TestKitError(filled.transcript) }
        var options = Gateway.Options(policy: policy)
        options.stages = stages
        options.limits = limits
        let gateway = try await Gateway.start(options, before: server)
        return Rig(
            server: server, gateway: gateway,
            free: try await gateway.createToken("free-1", groups: ["unlimited"]),
            agent: try await gateway.createToken("agent-1", groups: ["ai-agents"]),
            dba: try await gateway.createToken("dba-1", groups: ["dba"]))
    }

    func stop() async {
        await gateway.stop()
        await server.stop()
    }

    /// Runs `body` with a rig that is stopped however it ends.
    static func with(
        stages: String = "", limits: String = "", _ body: (Rig) async throws -> Void
    ) async throws {
        let rig = try await start(stages: stages, limits: limits)
        do {
            try await body(rig)
        } catch {
            await rig.stop()
            throw error
        }
        await rig.stop()
    }

    func books() async throws -> (history: Int, balanced: Bool) { try await server.books() }

    func history() async throws -> Int { try await books().history }
}

extension PostgresServer {
    /// pgbench's invariant: the history explains every balance, and holds exactly the committed transactions.
    func books() async throws -> (history: Int, balanced: Bool) {
        let answer = try await direct.query(
            """
            SELECT (SELECT count(*) FROM pgbench_history),
              (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history)
              AND (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history)
              AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history);
            """)
        let parts = answer.split(separator: "|")
        guard parts.count == 2, let history = Int(parts[0]) else { throw TestKitError("no answer: \(answer)") }
        return (history, parts[1] == "t")
    }
}

/// What pgbench said about its run.
struct BenchReport {
    let processed: Int
    let errors: [String]

    init(_ finished: Finished) throws {
        let marker = "number of transactions actually processed: "
        guard let line = finished.lines.first(where: { $0.hasPrefix(marker) }),
            let number = Int(line.dropFirst(marker.count).prefix { $0.isNumber })
        else { throw TestKitError("no summary: \(finished.transcript)") }
        processed = number
        errors = finished.errors.split(separator: "\n").map(String.init)
            .filter { $0.contains("ERROR") || $0.contains("FATAL") || $0.contains("error:") || $0.contains("aborted") }
    }
}
