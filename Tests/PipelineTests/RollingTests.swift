import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Processes are replaced, added and removed under load: no command fails, no connection is refused.
    @Suite(.serialized)
    struct RollingTests {
        /// Runs commands under load and checks that nobody noticed.
        private static func undisturbed(_ rig: Rig, _ commands: [[String]]) async throws {
            let benches = Benches.start(rig.gateway.clients(rig.free))
            try await eventually("pgbench is under way") { try await rig.history() > 100 }
            var failures: [String] = []
            for command in commands {
                let before = try await rig.history()
                let finished = try await rig.gateway.sluice(command, deadline: .seconds(90))
                if finished.status != 0 || finished.lines.last != "done" {
                    failures.append("\(command): \(finished.transcript)")
                }
                try await eventually("transactions go on after \(command)") {
                    try await rig.history() > before + 40
                }
            }
            let total = try await benches.end()
            #expect(failures == [])
            #expect(total.problems == [], "\(rig.gateway.supervisor.output.suffix(8_000))")
            #expect(total.runs.count == 3, "\(total.runs)")
            let books = try await rig.books()
            #expect(books.balanced)
            #expect(books.history == total.processed)
            #expect(try await rig.gateway.stages().allSatisfy { $0.restarts == 0 })
            let verified = try await rig.gateway.sluice(["verify"])
            #expect(verified.status == 0, "\(verified.transcript)")
        }

        @Test(arguments: ["classifier", "masker", "approver", "recorder", "ingress"])
        func aStageIsReplaced(_ stage: String) async throws {
            try await Rig.with { rig in
                let before = try await rig.gateway.readyProcess(of: stage)
                try await Self.undisturbed(rig, [["restart", stage], ["restart", stage]])
                let after = try await rig.gateway.readyProcess(of: stage)
                #expect(after != before)
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
            }
        }

        @Test func everythingIsReplaced() async throws {
            try await Rig.with(stages: "classifier: {replicas: 2}\nmasker: {replicas: 2}") { rig in
                let before = Set(try await rig.gateway.stages().compactMap(\.pid))
                try await Self.undisturbed(rig, [["restart", "--all"]])
                try await eventually("the old ingress has no connections left") {
                    try await rig.gateway.stages().allSatisfy { $0.state == "ready" }
                }
                let after = try await rig.gateway.stages()
                #expect(after.count == 7)
                #expect(before.isDisjoint(with: after.compactMap(\.pid)))
            }
        }

        @Test func scalesUpAndDown() async throws {
            try await Rig.with { rig in
                try await Self.undisturbed(
                    rig,
                    [
                        ["scale", "classifier", "3"], ["scale", "masker", "2"], ["scale", "classifier", "1"],
                        ["scale", "masker", "1"],
                    ])
                #expect(try await rig.gateway.stages().count == 5)
            }
        }

        /// New programs, and such that do not start.
        @Test func newProgramsAreTakenAndBrokenOnesTakenBack() async throws {
            try await Rig.with { rig in
                let folder = try Self.programs()
                try await Self.undisturbed(rig, [["restart", "--all", "--programs", folder.path]])
                for process in try await rig.gateway.stages() where process.state == "ready" {
                    let program = try FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(try #require(process.pid))/exe")
                    #expect(program == folder.path + "/sluice-\(process.stage)")
                }

                let broken = try Self.programs()
                for stage in ["masker", "recorder", "ingress"] {
                    let path = broken.file("sluice-\(stage)")
                    try FileManager.default.removeItem(atPath: path)
                    try broken.write("#!/bin/sh\necho 'symbol not found' >&2\nexit 1\n", to: "sluice-\(stage)")
                    chmod(path, 0o755)
                }
                for stage in ["masker", "ingress"] {
                    let before = try await rig.gateway.readyProcess(of: stage)
                    let failed = try await rig.gateway.sluice(["restart", stage, "--programs", broken.path])
                    #expect(failed.status == 1)
                    #expect(failed.errors.contains("symbol not found; what ran before goes on"), "\(failed.transcript)")
                    #expect(try await rig.gateway.readyProcess(of: stage) == before)
                }
                let failed = try await rig.gateway.sluice(["restart", "recorder", "--programs", broken.path])
                #expect(failed.status == 1)
                #expect(failed.errors.contains("it starts again with the former program"), "\(failed.transcript)")
                _ = try await rig.gateway.readyProcess(of: "recorder")
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'works'") == "works")

                try FileManager.default.removeItem(atPath: broken.file("sluice-classifier"))
                let missing = try await rig.gateway.sluice(["restart", "--all", "--programs", broken.path])
                #expect(missing.errors.contains("sluice-classifier: No such file"), "\(missing.transcript)")
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }

        /// A folder with copies of all stages' programs.
        private static func programs() throws -> TemporaryDirectory {
            let folder = try TemporaryDirectory()
            for stage in ["ingress", "classifier", "masker", "approver", "recorder"] {
                try FileManager.default.copyItem(
                    atPath: Project.binaries + "/sluice-\(stage)", toPath: folder.file("sluice-\(stage)"))
            }
            return folder
        }

        @Test func whatCannotBeIsRefused() async throws {
            try await Rig.with { rig in
                func refusal(_ arguments: [String]) async throws -> String {
                    let finished = try await rig.gateway.sluice(arguments)
                    #expect(finished.status == 1, "\(arguments): \(finished.transcript)")
                    return finished.errors
                }
                #expect(try await refusal(["scale", "nobody", "2"]).contains("no stage “nobody”"))
                #expect(try await refusal(["scale", "classifier", "0"]).contains("1 to 64"))
                #expect(try await refusal(["scale", "classifier", "65"]).contains("1 to 64"))
                #expect(try await refusal(["scale", "approver", "2"]).contains("it alone owns the approvals"))
                #expect(try await rig.gateway.sluice(["restart"]).status == 2)
                let all = try Child(
                    Project.binaries + "/sluice",
                    ["restart", "--all", "--config", rig.gateway.directory.file("sluice.yaml")],
                    directory: rig.gateway.directory, label: "restart-all")
                try await all.waitFor("draining")
                #expect(try await refusal(["restart", "masker"]).contains("busy with “restart --all”"))
                // Whoever asked goes away: the work goes on.
                all.signal(SIGKILL)
                try await eventually("all are replaced") {
                    rig.gateway.supervisor.output.contains("ingress.1 ready")
                        && rig.gateway.supervisor.output.split(separator: "\n").contains { $0.hasSuffix(" done") }
                }
                let answer = try await rig.gateway.json(["scale", "masker", "2"])
                #expect(answer["result"].string == "done")
                #expect(answer["events"].array.compactMap { $0["event"].string } == ["started", "ready"])
                await rig.gateway.stop()
                #expect(try await refusal(["scale", "masker", "2"]).contains("nothing runs with"))
            }
        }
    }
}
