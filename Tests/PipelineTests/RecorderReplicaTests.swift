import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Two recorders under load, and one of them goes: its sessions go on with the other one, no command fails, and what
    /// both wrote joins to whole sessions.
    @Suite(.serialized)
    struct RecorderReplicaTests {
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

        @Test(arguments: Fate.allCases)
        func sessionsMoveAndStayWhole(_ fate: Fate) async throws {
            try await Rig.with(stages: "recorder: {replicas: 2}") { rig in
                let load = try await Load.start(rig.gateway.clients(rig.free), connections: 4)
                let bench = try rig.gateway.clients(rig.free).start(
                    "pgbench", ["-n", "-M", "prepared", "-c", "4", "-T", "14"])
                for round in 0..<4 {
                    try await Self.progress(rig, transactions: 40)
                    let victim = try await Self.recorders(rig)[round % 2]
                    kill(victim, fate.signal)
                    try await Self.progress(rig, transactions: 400)
                    if fate == .stopped {
                        kill(victim, SIGCONT)
                    } else {
                        try await eventually("another recorder is there", deadline: .seconds(30)) {
                            !(try await Self.recorders(rig).contains(victim))
                        }
                    }
                }
                let report = try await load.end()
                let summary = try BenchReport(try await bench.finish())
                #expect(report.errors.isEmpty && report.wrong.isEmpty, "\(report.text)")
                #expect(summary.errors.isEmpty)
                let books = try await rig.books()
                #expect(books.balanced)
                #expect(books.history == report.committed + summary.processed)
                try await Self.isWhole(rig, after: fate, whileLive: true)
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
                #expect(await rig.gateway.stop() == 0, "\(rig.gateway.supervisor.errors)")
                try await Self.isWhole(rig, after: fate, whileLive: false)
            }
        }

        /// Every session of the list is shown whole, and ends once.
        private static func isWhole(_ rig: Rig, after fate: Fate, whileLive: Bool) async throws {
            let verified = try await rig.gateway.sluice(["verify"], deadline: .seconds(120))
            #expect(verified.status == 0, "\(verified.transcript)")
            guard !whileLive else { return }
            let checked = try await rig.gateway.json(["verify"])
            let listed = try await rig.gateway.json(["sessions", "list", "--limit", "100000"]).list
            #expect(checked["sessions"].int == listed.count)
            #expect(checked["open"].int == 0)
            let folders = try FileManager.default.contentsOfDirectory(
                atPath: rig.gateway.directory.file("state/recordings")
            ).filter { $0.hasPrefix("recorder-") }
            #expect(folders.count >= 2, "\(folders)")
            var moved = 0
            // The longest ones are those of the load, which lived through every move.
            for session in listed.sorted(by: { ($0["bytes"].int ?? 0) > ($1["bytes"].int ?? 0) }).prefix(12) {
                let id = try #require(session["id"].string)
                let shown = try await rig.gateway.session(id)
                if shown.contains("recording goes on here") { moved += 1 }
            }
            // A killed one may be back, and take its sessions on, before anybody has noticed.
            #expect(moved > 0 || fate == .killed)
        }

        private static func recorders(_ rig: Rig) async throws -> [pid_t] {
            try await eventually("two recorders are ready", deadline: .seconds(30)) {
                let pids = try await rig.gateway.stages()
                    .filter { $0.stage == "recorder" && $0.state == "ready" }.compactMap(\.pid)
                return pids.count == 2 ? pids : nil
            }
        }

        private static func progress(_ rig: Rig, transactions: Int) async throws {
            let before = try await rig.history()
            try await eventually("transactions go on", deadline: .seconds(60)) {
                try await rig.history() >= before + transactions
            }
        }
    }
}
