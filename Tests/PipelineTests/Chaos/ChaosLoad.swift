import Foundation
import Synchronization
import TestKit

/// All clients at once: Clients/chaos.py, pgbench and the reviewer.
final class ChaosLoad: Sendable {
    struct Report {
        let journal: ChaosJournal
        let bench: BenchLoop.Report
        let reviews: ReviewLoop.Report
        /// Everything that the clients printed.
        let printed: String
    }

    /// Longest that the clients may take to finish what is under way, seconds: the longest documented waits, one
    /// after the other.
    static let patience = 150

    private let clients: Child
    private let journal: String
    private let benchOver: Flag
    private let reviewsOver: Flag
    private let bench: Task<BenchLoop.Report, any Error>
    private let reviews: Task<ReviewLoop.Report, any Error>

    init(_ rig: ChaosRig, seed: UInt64) async throws {
        let interpreter = try await PythonEnvironment.shared.value
        let script = Project.root + "/Tests/PipelineTests/Clients/chaos.py"
        let path = rig.gateway.directory.file("journal-\(seed)")
        let endpoint = rig.gateway.endpoint(rig.free).with {
            $0.extra = ["CHAOS_AGENT": rig.agent.name, "CHAOS_SECRET": rig.agent.secret]
        }
        clients = try Clients(endpoint, in: rig.gateway.directory).start(
            interpreter, [script, path, "\(seed)"], input: .pipe)
        try await clients.waitFor("running")
        journal = path
        let (benchOver, reviewsOver) = (Flag(), Flag())
        bench = Task { try await BenchLoop.run(rig.gateway.clients(rig.free)) { benchOver.isSet } }
        reviews = Task { try await ReviewLoop.run(rig) { reviewsOver.isSet } }
        self.benchOver = benchOver
        self.reviewsOver = reviewsOver
    }

    /// Statements and other things in the journal so far.
    func progress() -> Int {
        guard let data = FileManager.default.contents(atPath: journal) else { return 0 }
        return data.count { $0 == 0x0A }
    }

    func end() async throws -> Report {
        benchOver.set()
        clients.closeInput()
        let finished = try await clients.finish(deadline: .seconds(Self.patience))
        guard finished.status == 0, finished.errors.isEmpty else { throw TestKitError(finished.transcript) }
        // Held commands had their reviewer to the end.
        reviewsOver.set()
        let bench = try await bench.value
        return Report(
            journal: try ChaosJournal(path: journal), bench: bench, reviews: try await reviews.value,
            printed: finished.output + bench.errors.joined(separator: "\n"))
    }
}

/// Set once, seen by all.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
