import Foundation
import TestKit
import Testing

extension Integration {
    /// What an auditor does with recordings.
    @Suite(.serialized)
    struct SessionUseTests {
        /// One session of each kind, of accounts that no other suite uses.
        private struct Recorded: Sendable {
            let world: World
            let reader: Token
            let destroyer: Token

            static let shared = Task {
                let world = try await World.shared.value
                func token(_ name: String, _ group: String) async throws -> Token {
                    try await world.gateway.createToken(name, groups: [group], expires: "24h")
                }
                let recorded = Recorded(
                    world: world, reader: try await token("auditee-1", "veiled"),
                    destroyer: try await token("auditee-2", "plain"))
                _ = try await world.clients(recorded.reader).psql(
                    "SELECT id, email, 'a,\"b\"' AS odd\n FROM customers WHERE id IN (7, 8) ORDER BY id;")
                _ = try await world.clients(recorded.destroyer).psql("CREATE TABLE intruder (x int);\nSELECT 1 AS one;")
                try await eventually("both are listed as ended") {
                    try await recorded.list([]).count == 2
                }
                return recorded
            }

            /// Sessions with a command, of these accounts.
            func list(_ options: [String]) async throws -> [JSONValue] {
                try await world.gateway.json(["sessions", "list", "--limit", "1000"] + options).array.filter {
                    ($0["identity"].string ?? "").hasPrefix("auditee-") && $0["commands"].int ?? 0 > 0
                        && $0["ended"].string != nil
                }
            }

            func export(_ options: [String]) async throws -> Finished {
                try await world.gateway.sluice(["sessions", "export"] + options)
            }
        }

        @Test func sessionsAreFoundByWhatWasDone() async throws {
            let recorded = try await Recorded.shared.value
            func names(_ options: [String]) async throws -> Set<String> {
                Set(try await recorded.list(options).compactMap { $0["identity"].string })
            }
            #expect(try await names(["--decision", "refuse"]) == ["auditee-2"])
            #expect(try await names(["--entity", "*.email"]).contains("auditee-1"))
            #expect(try await !names(["--entity", "*.email"]).contains("auditee-2"))
            #expect(try await names(["--since", "1h"]) == ["auditee-1", "auditee-2"])
            #expect(try await names(["--until", "2020-01-01"]).isEmpty)
            #expect(try await names(["--since", "2020-01-01T00:00:00Z", "--resource", "orders"]).count == 2)
            #expect(try await names(["--open"]).isEmpty)
            for time in [
                "yesterday", "2026-01-31garbage", "2026-02-31", "2026-01-31 12:00", "2026-01-31T25:00:00Z", "-1d",
            ] {
                let wrong = try await recorded.world.gateway.sluice(["sessions", "list", "--since", time])
                #expect(wrong.status == 2 && wrong.errors.contains("--since"), "\(time): \(wrong.transcript)")
            }
            for time in ["2026-01-31", "2026-01-31T12:00", "2026-01-31T12:00:00+02:00", "2026-01-31T12:00:00.5Z"] {
                #expect(try await names(["--since", time]).count == 2, "\(time)")
                #expect(try await names(["--until", time]).isEmpty, "\(time)")
            }
            let stats = try await recorded.world.gateway.json(["sessions", "stats", "--by", "identity"]).array
            let destroyer = try #require(stats.first { $0["group"].string == "auditee-2" })
            #expect(destroyer["refused"].int == 1 && destroyer["commands"].int == 2)
        }

        /// Read again as programs do.
        @Test func commandsAsATable() async throws {
            let recorded = try await Recorded.shared.value
            let ran = try await recorded.export(["--identity", "auditee-1", "--format", "csv"])
            #expect(ran.status == 0 && Clear.values(in: ran.output).isEmpty, "\(ran.transcript)")
            let directory = try TemporaryDirectory()
            try directory.write(ran.output, to: "commands.csv")
            let read = try await recorded.world.clients(recorded.reader).python(
                client("exported.py"), [directory.file("commands.csv")])
            #expect(read.lines.last == "done SELECT 2 2 allow", "\(read.transcript)")
            #expect(read.output.contains("SELECT id, email, 'a,\"b\"' AS odd\n FROM customers"), "\(read.transcript)")
        }

        @Test func commandsAsSecurityEvents() async throws {
            let recorded = try await Recorded.shared.value
            let ran = try await recorded.export(["--identity", "auditee-2", "--format", "ocsf"])
            let events = try ran.output.split(separator: "\n").map { try JSONValue(String($0)) }
            #expect(events.allSatisfy { $0["class_uid"].int == 6005 && $0["type_uid"].int == 600504 })
            let creation = try #require(
                events.first { $0["query_info"]["query_string"].string == "CREATE TABLE intruder (x int);" },
                "\(ran.transcript)")
            #expect(creation["action"].string == "Denied" && creation["status"].string == "Failure")
            #expect(
                creation["status_code"].string == "42501" && creation["actor"]["user"]["name"].string == "auditee-2")
            #expect(
                creation["src_endpoint"]["ip"].string == "127.0.0.1" && creation["time"].int ?? 0 > 1_700_000_000_000)
        }

        @Test func asciinemaPlaysASession() async throws {
            let recorded = try await Recorded.shared.value
            let id = try #require(try await recorded.list(["--identity", "auditee-1"]).first?["id"].string)
            let cast = try await recorded.export([id, "--format", "asciicast"])
            #expect(cast.status == 0, "\(cast.transcript)")
            let directory = try TemporaryDirectory()
            try directory.write(cast.output, to: "session.cast")
            // It wants a terminal, which script(1) gives it.
            let played = try await Child(
                "/usr/bin/script", ["-qec", "asciinema cat \(directory.file("session.cast"))", "/dev/null"],
                directory: directory, label: "asciinema"
            ).finish()
            let replayed = try await recorded.world.gateway.sluice(["sessions", "replay", id, "--no-delay"])
            #expect(played.status == 0 && played.output.contains("SELECT 2"), "\(played.transcript)")
            #expect(
                played.output.unicodeScalars.filter { $0 != "\r" }.elementsEqual(replayed.output.unicodeScalars),
                "\(played.transcript)\(replayed.transcript)")
            let many = try await recorded.export(["--format", "asciicast"])
            #expect(many.status == 2 && many.errors.contains("one session"), "\(many.transcript)")
        }

        /// Rows stand under the names of their own columns.
        @Test func rowsAreShownAsTheirQueryDescribesThem() async throws {
            let recorded = try await Recorded.shared.value
            let known = Set(try await recorded.list(["--identity", "auditee-1"]).compactMap { $0["id"].string })
            let ran = try await recorded.world.clients(recorded.reader).python(client("described.py"))
            #expect(ran.status == 0 && ran.lines.count == 4, "\(ran.transcript)")
            let id = try await eventually("the session is listed") {
                try await recorded.list(["--identity", "auditee-1"]).compactMap { $0["id"].string }
                    .first { !known.contains($0) }
            }
            let shown = try await recorded.world.gateway.session(id)
            func count(_ text: String) -> Int { shown.components(separatedBy: text).count - 1 }
            #expect(count(" former | former_name") == 1 && count(" latter ") == 1, "\(shown)")
            #expect(count(" number | address") == 2 && !shown.contains("column 1"), "\(shown)")
        }

        @Test func aSessionIsEnded() async throws {
            let recorded = try await Recorded.shared.value
            let world = recorded.world
            let client = try world.clients(recorded.destroyer).startPsql(
                input: .text("SELECT 'here';\nSELECT pg_sleep(300);\nSELECT 'further';\n"))
            try await client.waitFor("here")
            let id = try await eventually("it is listed") {
                try await world.gateway.json(["sessions", "list", "--open", "--identity", "auditee-2"]).array
                    .first?["id"].string
            }
            let killed = try await world.gateway.sluice(["sessions", "kill", id, "--reason", "ticket OPS-1"])
            #expect(killed.status == 0 && killed.output.contains("is ended"), "\(killed.transcript)")
            let finished = try await client.finish()
            #expect(
                finished.errors.contains("57P01") && finished.errors.contains("ended by an operator: ticket OPS-1")
                    && !finished.output.contains("further"), "\(finished.transcript)")
            let told = try await world.gateway.session(id)
            #expect(told.contains("ended by an operator: ticket OPS-1"), "\(told)")
            try await eventually("the target runs it no more") {
                try await world.server.direct.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(300)%'") == "0"
            }
            let again = try await world.gateway.sluice(["sessions", "kill", id])
            #expect(again.status == 1 && again.errors.contains("has ended already"), "\(again.transcript)")
        }

        /// A session is seen while it goes on.
        @Test func aSessionIsWatched() async throws {
            let recorded = try await Recorded.shared.value
            let world = recorded.world
            let watching = try Child(
                Project.binaries + "/sluice",
                [
                    "sessions", "watch", "--identity", "auditee-1", "--config",
                    world.gateway.directory.file("sluice.yaml"),
                ], directory: world.gateway.directory, label: "watch")
            // It begins with what comes after it has begun: until it shows something it is asked again.
            try await eventually("the command is shown") {
                _ = try await world.clients(recorded.reader).psql("SELECT 'watched' AS word;")
                return watching.output.contains("SELECT 'watched' AS word") && watching.output.contains("session ended")
            }
            #expect(watching.output.contains("session of auditee-1"), "\(watching.output)")
            watching.signal(SIGINT)
            try await watching.finish()
            let id = try #require(try await recorded.list(["--identity", "auditee-1"]).first?["id"].string)
            // Of one that has ended: whole, and done.
            let ended = try await world.gateway.sluice(["sessions", "watch", id])
            #expect(ended.status == 0 && ended.output.contains("session ended"), "\(ended.transcript)")
        }
    }
}
