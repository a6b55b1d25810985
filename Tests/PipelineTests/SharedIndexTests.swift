import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Two gateways, each with its own recordings, whose list of sessions is one PostgreSQL database.
    @Suite(.serialized)
    struct SharedIndexTests {
        private static let database = "sluice_index"

        private static func settings(_ index: PostgresServer) -> String {
            """
            recording:
              index:
                target: 127.0.0.1:\(index.port)/\(database)
                credentials: {user: \(PostgresServer.owner), password: "\(PostgresServer.password)"}
            """
        }

        private static func server() async throws -> PostgresServer {
            let server = try await PostgresServer.start(connections: 60)
            _ = try await server.direct.query("CREATE DATABASE \(database)")
            return server
        }

        private static func gateway(_ server: PostgresServer, _ index: PostgresServer) async throws -> Gateway {
            var options = Gateway.Options(policy: Rig.policy)
            options.extra = settings(index)
            return try await Gateway.start(options, before: server)
        }

        private static func isUnlocked(_ path: String) -> Bool {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            return flock(descriptor, LOCK_EX | LOCK_NB) == 0
        }

        /// As JSON, the latest first.
        private static func sessions(_ gateway: Gateway, _ options: [String] = []) async throws -> [JSONValue] {
            try await gateway.json(["sessions", "list", "--limit", "1000"] + options).array
        }

        @Test func eachHostListsTheSessionsOfBothAndSaysWhereTheyAre() async throws {
            let server = try await Self.server()
            let first = try await Self.gateway(server, server)
            let second = try await Self.gateway(server, server)
            var own: [String] = []
            for (gateway, name) in [(first, "free-a"), (second, "free-b")] {
                let token = try await gateway.createToken(name, groups: ["unlimited"])
                #expect(try await gateway.clients(token).query("SELECT '\(name)'") == name)
                own.append(
                    try await eventually("its end is listed") {
                        try await Self.sessions(gateway, ["--identity", name]).first {
                            // The account's first login, which waited for it, ran nothing.
                            $0["ended"].string != nil && $0["commands"].int ?? 0 > 0
                        }?["id"].string
                    })
            }
            for gateway in [first, second] {
                #expect(
                    try await Set(Self.sessions(gateway).compactMap { $0["identity"].string }) == ["free-a", "free-b"])
            }
            #expect(try await first.sluice(["sessions", "show", own[0]]).output.contains("SELECT 'free-a'"))
            for command in [["show"], ["replay", "--no-delay"], ["hold", "--name", "n", "--reason", "r"]] {
                let refused = try await second.sluice(["sessions"] + command + [own[0]])
                #expect(refused.status == 1 && !refused.output.contains("SELECT"), "\(refused.transcript)")
                #expect(
                    refused.errors.contains("it is recorded on host ")
                        && refused.errors.contains(first.directory.path + "/state/recordings/recorder-0-"),
                    "\(refused.transcript)")
            }
            let exported = try await second.sluice(["sessions", "export", "--format", "csv"])
            #expect(exported.output.contains("free-b") && !exported.output.contains("SELECT 'free-a'"))
            #expect(exported.status == 1 && exported.errors.contains(" sessions were not exported"))
            let before = try await Self.sessions(second)
            let remade = try await second.sluice(["sessions", "reindex"])
            #expect(remade.status == 0, "\(remade.transcript)")
            #expect(try await Self.sessions(second) == before)
            for gateway in [first, second] {
                #expect(
                    !FileManager.default.fileExists(atPath: gateway.directory.file("state/recordings/index.sqlite")))
                await gateway.stop()
            }
            await server.stop()
        }

        /// What another recorder left is read again until it is listed, whatever was in the way.
        @Test func whatARecorderLeftIsListedWithoutARestart() async throws {
            let index = try await Self.server()
            let database = Clients(index.endpoint(database: Self.database), in: index.directory)
            try await Rig.with(extra: Self.settings(index)) { rig in
                _ = try await database.query(
                    """
                    CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'denied'; END $$;
                    CREATE TRIGGER deny BEFORE INSERT OR UPDATE ON sluice.progress_3 FOR EACH ROW
                    WHEN (NEW.replica LIKE 'recorder-1-%') EXECUTE FUNCTION deny()
                    """)
                #expect(try await rig.gateway.sluice(["scale", "recorder", "2"], deadline: .seconds(60)).status == 0)
                let recordings = rig.gateway.directory.file("state/recordings")
                let other = try await eventually("there is a second recorder") {
                    try FileManager.default.contentsOfDirectory(atPath: recordings).first {
                        $0.hasPrefix("recorder-1-")
                    }
                }
                for _ in 0..<40 { _ = try await rig.gateway.clients(rig.free).query("SELECT 1") }
                for command in [["scale", "recorder", "1"], ["restart", "recorder"]] {
                    #expect(try await rig.gateway.sluice(command, deadline: .seconds(60)).status == 0)
                }
                let log = rig.gateway.supervisor
                try await eventually("it is said") { log.output.contains("the index lacks records of \(other)") }
                #expect(
                    try await database.query(
                        "SELECT count(*) FROM sluice.session_segments WHERE replica = '\(other)'") == "0")
                _ = try await database.query("DROP TRIGGER deny ON sluice.progress_3")
                try await eventually("its sessions are listed", deadline: .seconds(60)) {
                    try await database.query(
                        "SELECT count(*) > 0 FROM sluice.session_segments WHERE replica = '\(other)'") == "t"
                }
                try await eventually("that is said") { log.output.contains("the index has all records of \(other)") }
            }
            await index.stop()
        }

        /// A second signal has the recorder end soon; it waits for no database before its recording is whole.
        @Test func aHurriedStopWithASilentIndexLeavesAWholeRecording() async throws {
            let silent = try SilentListener()
            let extra = """
                recording:
                  index:
                    target: 127.0.0.1:\(silent.port)/\(Self.database)
                    credentials: {user: sluice, password: p}
                """
            let server = try await Self.server()
            var options = Gateway.Options(policy: Rig.policy)
            options.extra = extra
            let gateway = try await Gateway.start(options, before: server)
            let token = try await gateway.createToken("free-a", groups: ["unlimited"])
            #expect(try await gateway.clients(token).query("SELECT 'a'") == "a")
            let session = try gateway.clients(token).startPsql(input: .pipe)
            try session.send("SELECT 'open';\n")
            try await session.waitFor("open")
            let supervisor = gateway.supervisor
            let recorder = try #require(
                supervisor.output.firstMatch(of: /recorder\.0 started \(pid (\d+)\)/).flatMap { pid_t($0.1) })
            let recordings = gateway.directory.file("state/recordings")
            let folder = try #require(
                try FileManager.default.contentsOfDirectory(atPath: recordings).first { $0.hasPrefix("recorder-0-") })
            supervisor.signal(SIGTERM)
            try await eventually("it stops") { supervisor.output.contains("once more to hurry") }
            supervisor.signal(SIGTERM)
            try await eventually("the recording is given up while the recorder waits for the index") {
                guard kill(recorder, 0) == 0 else { throw TestKitError("the recorder has ended") }
                return Self.isUnlocked("\(recordings)/\(folder)/lock")
            }
            _ = await gateway.stop()
            session.closeInput()
            _ = try await session.finish()
            let verified = try await gateway.sluice(["verify"])
            #expect(verified.status == 0, "\(verified.transcript)")
            await server.stop()
        }

        /// No command waits for it; afterwards it is what the segments say.
        @Test func theServerOfTheIndexIsKilledUnderLoad() async throws {
            let index = try await Self.server()
            try await Rig.with(extra: Self.settings(index)) { rig in
                func load(_ clients: Int) async throws -> Finished {
                    try await rig.gateway.clients(rig.free).run(
                        "pgbench", ["-n", "-C", "-c", "\(clients)", "-t", "100", "orders"])
                }
                async let first = load(4)
                for _ in 0..<3 {
                    let before = try await Self.sessions(rig.gateway).count
                    try await eventually("sessions are listed") { try await Self.sessions(rig.gateway).count > before }
                    try await index.restart(by: SIGQUIT)
                }
                #expect(try BenchReport(try await first).errors.isEmpty)
                let listed = try #require(try await Self.sessions(rig.gateway).first?["id"].string)
                // One that stands still keeps nobody waiting either.
                let backends = try await eventually("the recorder is connected") {
                    // One that lacks nothing connects when there is something to write.
                    #expect(try BenchReport(try await load(1)).errors.isEmpty)
                    let pids = try await index.direct.query(
                        "SELECT pid FROM pg_stat_activity WHERE application_name = 'sluice'"
                    ).split(separator: "\n").compactMap { pid_t($0) }
                    return pids.isEmpty ? nil : pids
                }
                for pid in backends { kill(pid, SIGSTOP) }
                #expect(try BenchReport(try await load(1)).errors.isEmpty)
                for pid in backends { kill(pid, SIGCONT) }
                await index.stop()
                let refused = try await rig.gateway.sluice(["sessions", "list"])
                #expect(
                    refused.status == 1 && refused.errors.contains("the index cannot be used"), "\(refused.transcript)"
                )
                #expect(try BenchReport(try await load(2)).errors.isEmpty)
                let held = try await rig.gateway.sluice(
                    ["sessions", "hold", listed, "--name", "case", "--reason", "in court"])
                #expect(
                    held.status == 0 && held.output.contains("session \(listed) is held as case"), "\(held.transcript)")
                #expect(try await !rig.gateway.json(["sessions", "holds"]).array.isEmpty)
                try await index.restart(by: SIGQUIT)

                let recordings = rig.gateway.directory.file("state/recordings")
                let copy = rig.gateway.directory.file("copy")
                try await eventually("all sessions are listed as they ended", deadline: .seconds(60)) {
                    let open = try await Self.sessions(rig.gateway, ["--open"])
                    let all = try await Self.sessions(rig.gateway)
                    return open.isEmpty && all.count >= 700
                }
                try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
                for name in try FileManager.default.contentsOfDirectory(atPath: recordings)
                where name.hasPrefix("recorder-") {
                    try FileManager.default.copyItem(atPath: recordings + "/" + name, toPath: copy + "/" + name)
                }
                let remade = try await rig.gateway.sluice(["sessions", "reindex", "--recordings", copy])
                #expect(remade.status == 0, "\(remade.transcript)")
                let expected = try await Self.sessions(rig.gateway, ["--recordings", copy])
                #expect(try await Self.sessions(rig.gateway) == expected)
                let log = rig.gateway.supervisor.output
                #expect(log.contains("the index is behind, recordings are complete"))
                #expect(log.contains("the index is up to date again"))
            }
            await index.stop()
        }
    }
}
