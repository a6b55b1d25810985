import Foundation
import TestKit
import Testing

extension Pipeline {
    /// One ingress takes over from another, or from one that died: connections live on, and none is refused.
    @Suite(.serialized)
    struct HandoverTests {
        @Test func openSessionsGoOnAndCanBeCancelled() async throws {
            try await Rig.with { rig in
                let old = try await rig.gateway.readyProcess(of: "ingress")
                let open = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
                try open.send("BEGIN;\nCREATE TEMP TABLE mine AS SELECT 1 AS a;\nSELECT 'begun';\n")
                try await open.waitFor("begun")
                let cancelled = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
                try cancelled.send("SELECT 'here';\n")
                try await cancelled.waitFor("here")

                let answer = try await rig.gateway.json(["restart", "ingress"])
                let finishing = try #require(answer["events"].array.last { $0["event"].string == "finishing" })
                #expect(finishing["text"].string?.hasPrefix("2 connections go on here, for 300 s") == true)
                let stages = try await rig.gateway.stages()
                #expect(stages.contains { $0.pid == old && $0.state == "draining" })
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'new'") == "new")
                #expect(stages.filter { $0.stage == "ingress" }.map(\.state).sorted() == ["draining", "ready"])

                // psql's cancel request reaches the new ingress, which does not know the session.
                let sleep = "SELECT pg_sleep(600)"
                try cancelled.send(sleep + ";\n")
                let running = """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE state = 'active' AND query LIKE '\(sleep)%' AND pid <> pg_backend_pid()
                    """
                try await eventually("the sleep runs") { try await rig.server.direct.query(running) == "1" }
                cancelled.signal(SIGINT)
                // A psql that reads a script ends after that.
                #expect(try await cancelled.finish().errors.contains("57014"))
                #expect(try await rig.server.direct.query(running) == "0")

                try open.send("INSERT INTO mine SELECT 2;\nSELECT 'kept', count(*) FROM mine;\n")
                try await open.waitFor("kept|2")
                open.closeInput()
                #expect(try await open.finish().status == 0)
                try await eventually("the old ingress ends with its last connection") {
                    try await rig.gateway.stages().allSatisfy { $0.pid != old }
                }
                #expect(try await rig.gateway.stages().allSatisfy { $0.restarts == 0 && $0.state == "ready" })
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }

        @Test func whatIsOpenAfterTheDrainEnds() async throws {
            try await Rig.with(limits: "drain: 1s") { rig in
                let old = try await rig.gateway.readyProcess(of: "ingress")
                let open = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
                try open.send("SELECT 'open';\n")
                try await open.waitFor("open")
                #expect(try await rig.gateway.sluice(["restart", "ingress"]).status == 0)
                try await eventually("the old ingress ends") {
                    try await rig.gateway.stages().allSatisfy { $0.pid != old }
                }
                try open.send("SELECT 'late';\n")
                open.closeInput()
                let finished = try await open.finish()
                #expect(finished.errors.contains("Sluice is shutting down"), "\(finished.transcript)")
                #expect(!finished.output.contains("late"))
            }
        }

        @Test func stoppingDrainsBoth() async throws {
            try await Rig.with { rig in
                let open = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
                try open.send("SELECT 'open';\n")
                try await open.waitFor("open")
                #expect(try await rig.gateway.sluice(["restart", "ingress"]).status == 0)
                #expect(await rig.gateway.stop() == 0)
                open.closeInput()
                #expect(try await open.finish().errors.contains("terminating") == false)
                let refused = try await rig.gateway.clients(rig.free).psql("SELECT 1")
                #expect(refused.errors.contains("Connection refused"), "\(refused.transcript)")
            }
        }

        @Test func connectionsWaitWhileAKilledIngressComesBack() async throws {
            try await Rig.with { rig in
                for _ in 1...3 {
                    let ingress = try await rig.gateway.readyProcess(of: "ingress")
                    kill(ingress, SIGKILL)
                    try await eventually("it is gone") {
                        try await rig.gateway.stages().allSatisfy { $0.pid != ingress || $0.state == "dead" }
                    }
                    #expect(try await rig.gateway.clients(rig.free).query("SELECT 'waited'") == "waited")
                }
                #expect(try await rig.gateway.stages().filter { $0.stage != "ingress" }.allSatisfy { $0.restarts == 0 })
            }
        }

        /// While the new ingress starts, the old one dies: nobody accepts for a moment, and nobody is refused.
        @Test func theOldOneDiesWhileTheNewOneStarts() async throws {
            try await Rig.with { rig in
                let old = try await rig.gateway.readyProcess(of: "ingress")
                let roll = try Child(
                    Project.binaries + "/sluice",
                    ["restart", "ingress", "--config", rig.gateway.directory.file("sluice.yaml")],
                    directory: rig.gateway.directory, label: "restart-ingress")
                try await roll.waitFor("started")
                kill(old, SIGKILL)
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'waited'") == "waited")
                #expect(try await roll.finish().status == 0)
                try await eventually("one ingress is left") {
                    try await rig.gateway.stages().filter { $0.stage == "ingress" }.map(\.state) == ["ready"]
                }
            }
        }
    }
}
