import Foundation
import TestKit

/// pgbench again and again, in every mode and by new connections, since each run ends at its first error.
struct BenchLoop: Sendable {
    /// Seconds of one run, clients, and transactions a second: a steady load that leaves the log readable.
    static let seconds = 3
    static let clients = 2
    static let rate = 60
    static let modes = [["-M", "simple"], ["-M", "extended"], ["-M", "prepared"], ["-M", "simple", "-C"]]

    struct Report: Sendable {
        var processed = 0
        /// Runs of a client that ended by an error.
        var aborted = 0
        /// Lines of errors as pgbench printed them.
        var errors: [String] = []
    }

    /// Runs until `isOver` says so; the run that is under way then is finished.
    static func run(_ clients: Clients, until isOver: @Sendable () -> Bool) async throws -> Report {
        var report = Report()
        var turn = 0
        while !isOver() {
            let options = ["-n", "-c", "\(Self.clients)", "-T", "\(seconds)", "-R", "\(rate)"]
            let child = try clients.start("pgbench", options + modes[turn % modes.count])
            turn += 1
            let finished = try await child.finish(deadline: .seconds(120))
            let lines = finished.errors.split(separator: "\n").map(String.init).filter {
                $0.contains("ERROR") || $0.contains("FATAL") || $0.contains("error:") || $0.contains("aborted")
            }
            report.errors += lines
            report.aborted += lines.count { $0.contains("aborted in") }
            // A run whose clients could not even connect prints no summary.
            guard finished.output.contains("transactions actually processed") else { continue }
            report.processed += try BenchReport(finished).processed
        }
        return report
    }
}
