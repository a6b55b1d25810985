import Synchronization
import TestKit

/// pgbench in several ways at once, again and again until it is ended. Whatever goes wrong in any run is kept.
struct Benches: Sendable {
    /// One way to run pgbench.
    struct Way: Sendable {
        let name: String
        let arguments: [String]

        static let simple = Way(name: "simple", arguments: ["-M", "simple", "-c", "4", "-t", "50"])
        static let prepared = Way(name: "prepared", arguments: ["-M", "prepared", "-c", "4", "-t", "50"])
        /// A connection for each transaction: none of them may be refused.
        static let connecting = Way(name: "connecting", arguments: ["-C", "-c", "2", "-t", "5"])
    }

    struct Total: Sendable {
        var processed = 0
        var runs: [String: Int] = [:]
        var problems: [String] = []
    }

    private final class Flag: Sendable {
        let isUp = Atomic(false)
    }

    private let over: Flag
    private let tasks: [Task<Total, any Error>]

    static func start(_ clients: Clients, _ ways: [Way] = [.simple, .prepared, .connecting]) -> Benches {
        let over = Flag()
        let tasks = ways.map { way in
            Task {
                var total = Total()
                repeat {
                    let finished = try await clients.run("pgbench", ["-n"] + way.arguments)
                    let report = try BenchReport(finished)
                    total.processed += report.processed
                    total.runs[way.name, default: 0] += 1
                    total.problems += report.errors.map { "\(way.name): \($0)" }
                    if finished.status != 0 { total.problems.append("\(way.name): exit \(finished.status)") }
                } while !over.isUp.load(ordering: .acquiring)
                return total
            }
        }
        return Benches(over: over, tasks: tasks)
    }

    /// Lets the runs that are under way finish.
    func end() async throws -> Total {
        over.isUp.store(true, ordering: .releasing)
        var total = Total()
        for task in tasks {
            let one = try await task.value
            total.processed += one.processed
            total.runs.merge(one.runs) { $0 + $1 }
            total.problems += one.problems
        }
        return total
    }
}
