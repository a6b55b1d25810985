import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Two replicas of a stateless stage under load, and one of them goes: no command fails.
    @Suite(.serialized)
    struct ReplicaTests {
        static let stages = "classifier: {replicas: 2}\nmasker: {replicas: 2}"

        enum Fate: Int32, CaseIterable {
            case stopped, killed, drained
            var signal: Int32 {
                switch self {
                case .stopped: SIGSTOP
                case .killed: SIGKILL
                case .drained: SIGTERM
                }
            }
        }

        @Test(arguments: ["classifier", "masker"], Fate.allCases)
        func oneOfTwoMayGo(_ stage: String, _ fate: Fate) async throws {
            try await Rig.with(stages: Self.stages) { rig in
                let load = try await Load.start(rig.gateway.clients(rig.free), connections: 4)
                for round in 0..<2 {
                    try await Self.progress(rig)
                    let pids = try await Self.processes(of: stage, rig)
                    let victim = pids[round % pids.count]
                    kill(victim, fate.signal)
                    // Far more than the clients could finish that it does not keep waiting.
                    try await Self.progress(rig, transactions: 400)
                    if fate == .stopped {
                        kill(victim, SIGCONT)
                    } else {
                        try await eventually("\(stage) has two replicas again", deadline: .seconds(30)) {
                            !(try await Self.processes(of: stage, rig).contains(victim))
                        }
                    }
                }
                try await Self.progress(rig)
                let report = try await load.end()
                #expect(report.errors.isEmpty && report.wrong.isEmpty, "\(report.text)")
                let books = try await rig.books()
                #expect(books.balanced)
                #expect(books.history == report.committed)
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
            }
        }

        private static func processes(of stage: String, _ rig: Rig) async throws -> [pid_t] {
            try await eventually("two of \(stage) are ready", deadline: .seconds(30)) {
                let pids = try await rig.gateway.stages()
                    .filter { $0.stage == stage && $0.state == "ready" }.compactMap(\.pid)
                return pids.count == 2 ? pids : nil
            }
        }

        private static func progress(_ rig: Rig, transactions: Int = 40) async throws {
            let before = try await rig.history()
            try await eventually("transactions go on", deadline: .seconds(60)) {
                try await rig.history() >= before + transactions
            }
        }
    }
}
