import Foundation
import TestKit

/// What is left after a run: what clients saw, what the target ran, and what was recorded. Each question gives the list
/// of what contradicts the promise; it is empty in a good run.
struct ChaosEvidence {
    let run: ChaosRun
    let load: ChaosLoad.Report
    let log: [LoggedStatement]
    let recorded: RecordedSessions

    private var journal: ChaosJournal { load.journal }

    // MARK: No unjudged command

    /// Statements in the target's log that are not recorded as allowed, as often as they ran.
    func unjudged() -> [String] {
        var allowed: [String: Int] = [:]
        for command in recorded.commands {
            // A command is recorded before it runs; what the policy said of it, and was on its way to the recorder, is
            // lost with Ingress. What people allowed is not: it is recorded before.
            let isCut =
                run.breaksConnections && recorded.open.contains(command.session) && !command.isDecided
                && !command.isHeld && command.message != "Parse"
            if command.mayHaveRun || isCut { allowed[command.text, default: 0] += 1 }
        }
        let ran = Dictionary(grouping: log, by: \.text).mapValues(\.count)
        return ran.filter { allowed[$0.key, default: 0] < $0.value }
            .map { "\($0.value) × in the log, \(allowed[$0.key, default: 0]) × recorded as allowed: \($0.key)" }
    }

    /// Statements in the target's log that were refused, denied, or never approved.
    func refusedButRan() -> [String] {
        let ran = Set(log.map(\.text))
        var problems = journal.statements.filter { $0.never && $0.isMarked && ran.contains($0.text) }
            .map { "the client was told that it did not run: \($0.text)" }
        for text in ran where text.contains("/* forbid-") && !text.hasPrefix("BEGIN") && !text.hasPrefix("ROLLBACK") {
            problems.append("forbidden: \(text)")
        }
        for text in ran where text.contains("/* deny ") || text.contains("/* cancel ") {
            problems.append("not approved: \(text)")
        }
        for (text, count) in Dictionary(grouping: log.map(\.text), by: { $0 }).mapValues(\.count)
        where count > 1 && text.contains("/* approve ") {
            problems.append("approved once, ran \(count) ×: \(text)")
        }
        return problems
    }

    // MARK: No lost record

    /// Commands that a client saw succeed and that the recordings do not show as done.
    func unrecorded() -> [String] {
        // What Ingress had not handed on yet is lost with it when it is killed: the end of its open sessions.
        var done: [String: Int] = [:]
        for command in recorded.commands {
            let isDone = ["done", "suspended"].contains(command.status) && command.sqlState.isEmpty
            let isCut = run.breaksConnections && command.status.isEmpty && recorded.open.contains(command.session)
            if command.message != "Parse", isDone || isCut { done[command.text, default: 0] += 1 }
        }
        return Dictionary(grouping: journal.statements.filter(\.isOK), by: \.text).mapValues(\.count)
            .filter { done[$0.key, default: 0] < $0.value }
            .map { "\($0.value) × seen to succeed, \(done[$0.key, default: 0]) × recorded so: \($0.key)" }
    }

    /// Transactions and copies whose data in the database contradict what their client was told.
    func unexplained(history: [String], copies: [String: Int], benched: Int) -> [String] {
        var problems: [String] = []
        let found = Dictionary(grouping: history, by: { $0 }).mapValues(\.count)
        for (mark, result) in journal.transactions {
            let count = found[mark, default: 0]
            switch result {
            case "committed": if count != 1 { problems.append("\(mark) committed, \(count) × in the history") }
            case "unknown": if count > 1 { problems.append("\(mark) \(count) × in the history") }
            default: if count != 0 { problems.append("\(mark) did not commit, \(count) × in the history") }
            }
        }
        problems += found.keys.filter { journal.transactions[$0] == nil }.map { "\($0) is nobody's" }
        for (mark, copy) in journal.copies {
            let count = copies[mark, default: 0]
            switch copy.result {
            case "committed": if count != copy.rows { problems.append("\(mark) copied \(count) rows") }
            case "unknown": if count != 0, count != copy.rows { problems.append("\(mark) copied \(count) rows") }
            default: if count != 0 { problems.append("\(mark) failed and copied \(count) rows") }
            }
        }
        problems += copies.keys.filter { journal.copies[$0] == nil }.map { "\($0) is nobody's" }
        // A commit whose answer pgbench did not see: one for each client that an error ended.
        if !(load.bench.processed...load.bench.processed + load.bench.aborted).contains(benched) {
            problems.append(
                "pgbench saw \(load.bench.processed) commits and \(load.bench.aborted) aborts; \(benched) are there")
        }
        return problems
    }

    // MARK: No wrong value

    /// Personal data in what clients got, in the recordings, or in a log.
    func canaries(logs: [String: String]) -> [String] {
        var problems = journal.wrong + journal.hung.map { "a client of kind \($0) hangs" }
        for (name, text) in logs {
            problems += Canaries.found(in: Data(text.utf8)).prefix(3).map { "in \(name): \($0)" }
        }
        for data in recorded.data {
            problems += Canaries.found(in: data).prefix(3).map { "in the recordings: \($0)" }
        }
        problems += Canaries.found(in: Data(load.printed.utf8)).map { "printed by a client: \($0)" }
        return problems
    }

    // MARK: No undocumented error

    /// Errors that clients got and that the documents do not promise for what went wrong.
    func undocumented(_ documented: DocumentedErrors) -> [String] {
        let explained = ExplainedErrors(run.plan.faults, seconds: run.seconds, documented: documented)
        return journal.statements.filter { !$0.isOK && !explained.explain($0) }
            .map { "\($0.kind): \($0.code) \($0.message) [\($0.text.prefix(120))]" }
            + journal.cancelCodes.filter { !explained.explain(cancel: $0) }.map { "cancel: \($0)" }
            + load.bench.errors.filter { !explained.explain(bench: $0) }.map { "pgbench: \($0)" }
    }
}
