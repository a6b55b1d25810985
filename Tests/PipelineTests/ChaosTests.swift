import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Every kind of client at once while processes die, stop and lose their disk; then everything that was seen, ran
    /// and was recorded is compared. `docs/testing.md` tells how to repeat a run.
    @Suite(.serialized)
    struct ChaosTests {
        @Test(arguments: ChaosRun.chosen)
        func nothingUnjudgedLostWrongOrUndocumented(_ run: ChaosRun) async throws {
            try await ChaosRig.with { rig in
                let plan = run.plan
                print("chaos: \(plan)")
                try await Self.warmUp(rig)
                let before = try await ChaosResidue.measured(rig)

                let load = try await ChaosLoad(rig, seed: run.seed)
                let happened = try await FaultInjector(rig: rig).run(plan)
                print("chaos: \(happened.map { "\($0.value) × \($0.key)" }.sorted().joined(separator: ", "))")
                for kind in Set(plan.faults.map(\.kind)) {
                    #expect(happened[kind, default: 0] > 0, "no \(kind) took effect")
                }
                try await rig.healthy()
                let reached = load.progress()
                try await eventually("clients go on", deadline: .seconds(60)) { load.progress() > reached + 200 }
                let report = try await load.end()
                try await rig.healthy()
                // As many replicas as before the faults, so that what each process holds can be compared.
                for stage in ["classifier", "masker", "recorder"] {
                    let scaled = try await rig.gateway.sluice(["scale", stage, "2"], deadline: .seconds(60))
                    #expect(scaled.status == 0, "\(scaled.transcript)")
                }

                try await run.keep(rig)
                try await Self.compare(run, rig, report)
                do {
                    try await eventually("everything is given back", deadline: .seconds(60)) {
                        try await before.growth(rig).isEmpty
                    }
                } catch {
                    Self.expectNone(try await before.growth(rig), "kept")
                }
                let exit = await rig.gateway.stop()
                #expect(exit == 0)
                #expect(ProcessFigures.stages(ofBus: rig.bus).isEmpty)
                let verified = try await rig.gateway.sluice(["verify"], deadline: .seconds(120))
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }

        /// Each process has done each of its works once: what it opens for that is open.
        private static func warmUp(_ rig: ChaosRig) async throws {
            for _ in 1...4 { try await rig.healthy() }
            let held = try rig.gateway.clients(rig.agent).startPsql(input: .text("TRUNCATE chaos_scratch;\n"))
            try await held.waitFor("held for approval")
            for pending in try await rig.gateway.pendingApprovals() {
                let id = try #require(pending["id"].string)
                let approved = try await rig.gateway.sluice(["approvals", "approve", id], as: rig.reviewer)
                try #require(approved.status == 0, "\(approved.transcript)")
            }
            try await held.finish()
        }

        private static func compare(_ run: ChaosRun, _ rig: ChaosRig, _ report: ChaosLoad.Report) async throws {
            let evidence = ChaosEvidence(
                run: run, load: report, log: try await rig.server.statements(),
                recorded: try await rig.gateway.recorded())
            let direct = rig.server.direct
            let history = try await direct.query(
                "SELECT trim(filler) FROM pgbench_history WHERE filler IS NOT NULL")
            let benched = try await direct.query("SELECT count(*) FROM pgbench_history WHERE filler IS NULL")
            let copied = try await direct.query("SELECT mark, count(*) FROM chaos_copy GROUP BY mark")
            let copies = Dictionary(
                uniqueKeysWithValues: copied.split(separator: "\n").map { line in
                    let parts = line.split(separator: "|")
                    return (String(parts[0]), Int(parts[1]) ?? -1)
                })

            Self.expectNone(evidence.unjudged(), "ran unjudged")
            Self.expectNone(evidence.refusedButRan(), "ran although refused")
            Self.expectNone(evidence.recorded.problems, "broken recording")
            Self.expectNone(evidence.unrecorded(), "lost record")
            Self.expectNone(
                evidence.unexplained(
                    history: history.split(separator: "\n").map(String.init), copies: copies,
                    benched: try #require(Int(benched))), "unexplained data")
            let logs = ["sluice's log": rig.gateway.supervisor.output + rig.gateway.supervisor.errors]
            Self.expectNone(evidence.canaries(logs: logs), "wrong value")
            Self.expectNone(evidence.undocumented(try DocumentedErrors()), "undocumented error")
            #expect(try await rig.server.books().balanced)
            // A load that did nothing proves nothing.
            let journal = report.journal
            for kind in ["books", "reads", "new"] { #expect(journal.count(kind) > 0, "no \(kind) went through") }
            for kind in ["copy", "slow", "held"] {
                #expect(journal.statements.contains { $0.kind == kind }, "no \(kind) was tried")
            }
            #expect(journal.checkedValues > 1000 && report.bench.processed > 0)
            #expect(report.reviews.approved > 0)
            #expect(journal.statements.contains { $0.kind == "forbid" && $0.code == "42501" })
            #expect(journal.statements.contains { $0.kind == "cancel" && $0.code == "57014" })
            let errors = Dictionary(grouping: journal.statements.filter { !$0.isOK }, by: \.code).mapValues(\.count)
            print(
                "chaos: \(journal.statements.count) statements, \(journal.checkedValues) values, errors \(errors),",
                "pgbench \(report.bench.processed) transactions, \(report.bench.aborted) aborts,",
                "\(report.reviews.approved) approved, \(report.reviews.denied) denied,",
                "\(evidence.log.count) in the target's log, \(evidence.recorded.commands.count) recorded")
        }

        private static func expectNone(_ problems: [String], _ what: String) {
            let shown = problems.sorted().prefix(10).map { String($0.prefix(400)) }.joined(separator: "\n")
            #expect(problems.isEmpty, "\(what): \(problems.count)\n\(shown)")
        }
    }
}
