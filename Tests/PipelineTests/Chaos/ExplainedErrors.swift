import Foundation
import TestKit

/// The errors that the faults of a run explain, for each kind of client. That the documents name a code is not enough:
/// it has to be the one that they promise for what went wrong, to whom it happened.
struct ExplainedErrors {
    private let codes: Set<String>
    /// Stages died, stopped or could not write: what `sluice restart` and `sluice scale` do, no command notices.
    private let stagesFailed: Bool
    private let stagesStopped: Bool
    private let ingressDied: Bool
    private let targetEnded: Bool
    private let targetCrashed: Bool
    /// A replaced ingress ends its sessions after `limits.drain`, which long runs reach.
    private let oldIngressEnded: Bool

    /// What `limits.drain` is unless set, seconds (docs/configuration.md).
    static let drainSeconds = 300

    init(_ faults: [Fault], seconds: Int, documented: DocumentedErrors) {
        // PostgreSQL's own word to the other sessions when one of its processes was killed.
        codes = documented.codes.union(["57P02", "lost"])
        let kinds = Set(faults.map(\.kind))
        stagesFailed = !kinds.isDisjoint(with: [.kill, .pause, .terminate, .fullDisk])
        stagesStopped = kinds.contains(.pause)
        ingressDied = kinds.contains(.killIngress)
        targetEnded = !kinds.isDisjoint(with: [.restartTarget, .killBackend])
        targetCrashed = faults.contains { fault in
            switch fault {
            case .killBackend, .restartTarget(immediate: true): true
            case .restartTarget, .kill, .pause, .terminate, .fullDisk, .killIngress, .restart, .scale: false
            }
        }
        oldIngressEnded =
            seconds + ChaosLoad.patience >= Self.drainSeconds
            && faults.contains { fault in
                switch fault {
                case .restart(let stage): stage == "ingress"
                case .restartTarget, .killBackend, .kill, .pause, .terminate, .fullDisk, .killIngress, .scale: false
                }
            }
    }

    func explain(_ statement: ChaosJournal.Statement) -> Bool {
        // Logging in has no text.
        let isLogin = statement.text.isEmpty
        guard codes.contains(statement.code) else { return false }
        switch statement.code {
        case "57P03": return stagesFailed
        case "57P01": return targetEnded || oldIngressEnded
        case "57P02": return targetCrashed && !isLogin
        case "08001": return targetEnded && isLogin
        // Sluice's stages give up long before; only a stopped ingress takes so long.
        case "08006": return stagesStopped && isLogin
        case "lost": return ingressDied
        // Only what was asked for is refused or cancelled.
        case "42501": return isForbidden(statement) || statement.text.contains("/* deny ")
        case "57014": return statement.kind == "cancel" && !isLogin || statement.text.contains("/* cancel ")
        default: return false
        }
    }

    private func isForbidden(_ statement: ChaosJournal.Statement) -> Bool {
        statement.kind == "forbid" && !statement.text.isEmpty
            && !statement.text.hasPrefix("BEGIN") && !statement.text.hasPrefix("ROLLBACK")
    }

    /// Of the requests to cancel, which have no answer: the connection that they were for, or ingress, was gone.
    func explain(cancel code: String) -> Bool {
        code == "lost" && (ingressDied || targetEnded || oldIngressEnded)
    }

    /// A line of pgbench, which shows no SQLSTATEs: the words are those of `docs/operations.md` and of `Refusals`.
    func explain(bench line: String) -> Bool {
        // The last two come with a connection's error, which has no severity.
        let reason = [
            "ERROR:", "FATAL:", "error: connection to server", "could not count number of branches:", "query failed:",
        ].lazy
            .compactMap { line.range(of: $0)?.upperBound }.first.map { line[$0...] }
        guard let reason else { return isConsequence(line) }
        var known: [String] = []
        if stagesFailed {
            known += ["cannot govern it now", "could not be masked"]
            // pgbench runs what it prepared without looking whether that was refused.
            if reason.contains("prepared statement “P_") { known += ["is not known to Sluice"] }
        }
        if stagesStopped { known += ["login took longer"] }
        if targetEnded { known += ["the target closed the connection", "cannot be used", "cannot be reached"] }
        if targetEnded || oldIngressEnded { known += ["terminating connection"] }
        if ingressDied {
            known += ["server closed the connection unexpectedly", "Connection refused", "Connection reset by peer"]
        }
        return known.contains { reason.contains($0) }
    }

    /// What pgbench says of an error that another line names, or of a connection that is gone.
    private func isConsequence(_ line: String) -> Bool {
        var known = [
            "Run was aborted", "the above results are incomplete", "could not create connection for",
            "aborted while establishing connection",
        ]
        if targetEnded || ingressDied || oldIngressEnded {
            // pgbench says of a connection that went away that perhaps the backend died.
            known += ["perhaps the backend died", "SQL command send failed"]
        }
        return known.contains { line.contains($0) }
    }
}
