import Foundation
import TestKit
import Testing

extension Integration {
    /// Policies tried without a target, by the program that people use.
    @Suite(.serialized)
    struct PolicyTests {
        private static let stricter =
            Policies.everyone + """
                  - name: whole tables stay
                    when: {unfiltered: true}
                    then: refuse

                """

        @Test func diffReplaysWhatWasRecorded() async throws {
            let world = try await World.shared.value
            let token = try await world.gateway.createToken("compared-1", groups: ["plain"])
            let ran = try await world.clients(token).psql(
                "BEGIN;\nDELETE FROM scratch;\nDELETE FROM scratch;\nROLLBACK;")
            #expect(ran.status == 0, "\(ran.transcript)")
            let new = world.gateway.directory.file("stricter.yaml")
            try world.gateway.directory.write(Self.stricter, to: "stricter.yaml")
            let old = world.gateway.directory.file("policy.yaml")
            let change = try await eventually("the commands are recorded") {
                let result = try await world.gateway.json(["policy", "diff", old, new])
                return result["changes"].list.first {
                    $0["identity"].string == "compared-1" && $0["count"].int ?? 0 >= 2
                }
            }
            #expect(change["text"].string?.contains("DELETE FROM scratch") == true)
            #expect(change["old"]["decision"].string == "allow" && change["new"]["decision"].string == "refuse")
            #expect(change["new"]["rule"].string == "whole tables stay")
            #expect(change["changed"].list.first?.string == "decision")
            let session = try #require(change["session"].string)
            try await eventually("the session is listed") {
                try await world.gateway.sessions(of: "compared-1").contains(session)
            }
            let shown = try await world.gateway.sluice(["policy", "diff", old, new])
            let lines = shown.lines.filter { $0.contains("compared-1") }
            #expect(lines.contains { $0.hasPrefix("allow → refuse  whole tables stay ") }, "\(shown.transcript)")
            #expect(shown.output.contains("recorded commands would be decided otherwise"))
            let same = try await world.gateway.json(["policy", "diff", old, old])
            #expect(same["changes"].list.isEmpty && same["compared"].int ?? 0 >= 3)
        }

        @Test func explainTakesCircumstances() async throws {
            let world = try await World.shared.value
            try world.gateway.directory.write("{\"complete\": true, \"searchPath\": [\"public\"]}", to: "catalog.json")
            let explained = try await world.gateway.json([
                "explain", "--as", "nobody-here", "--on", "orders", "--group", "ai-agents", "--label", "team=data",
                "--at", "2026-01-31T10:00:00Z", "--from", "10.0.0.1", "--estimated-rows", "5", "--catalog",
                world.gateway.directory.file("catalog.json"), "SELECT 1",
            ])
            #expect(explained["decision"].string == "allow")
            #expect(explained["remarks"].list.first?.string?.contains("no account is named “nobody-here”") == true)
            #expect(explained["rules"].list.contains { $0["nearly"].isTrue })
            for wrong in [["--at", "noon"], ["--from", "here"], ["--label", "x"], ["--live", "--catalog", "x"]] {
                let refused = try await world.gateway.sluice(["explain", "--as", "a", "--on", "orders", "x"] + wrong)
                #expect(refused.status == 2, "\(refused.transcript)")
            }
        }

        @Test func anUnknownAccountIsSaidToBeOne() async throws {
            let world = try await World.shared.value
            let revoked = try await world.gateway.createToken("revoked-1", groups: ["ai-agents"])
            #expect(try await world.gateway.sluice(["token", "revoke", revoked.name]).status == 0)
            let typo = try await world.gateway.sluice(["explain", "--as", "agnt-1", "--on", "orders", "SELECT 1"])
            #expect(typo.status == 0 && typo.output.hasPrefix("decision: refuse"), "\(typo.transcript)")
            #expect(typo.errors.contains("warning: no account is named “agnt-1” here (did you mean “agent-1”?)"))
            let gone = try await world.gateway.json(["explain", "--as", revoked.name, "--on", "orders", "SELECT 1"])
            #expect(gone["decision"].string == "allow")
            #expect(gone["remarks"].list.first?.string?.contains("is revoked and cannot log in") == true)
            let known = try await world.gateway.sluice(["explain", "--as", "agent-1", "--on", "orders", "SELECT 1"])
            #expect(known.status == 0 && known.errors.isEmpty, "\(known.transcript)")
        }

        /// A view in a schema that only the search path of the resource's role makes visible.
        @Test func liveNamesAreThoseOfTheGateway() async throws {
            let world = try await World.shared.value
            _ = try await world.server.direct.query(
                """
                CREATE SCHEMA live_a; CREATE TABLE live_a.people (id int, email text);
                CREATE VIEW live_a.addresses AS SELECT email AS address FROM live_a.people;
                ALTER ROLE app SET search_path = live_a, public
                """)
            let reset = "ALTER ROLE app RESET search_path; DROP SCHEMA live_a CASCADE"
            do {
                try await compareLiveNames(world)
            } catch {
                _ = try await world.server.direct.query(reset)
                throw error
            }
            _ = try await world.server.direct.query(reset)
        }

        private func compareLiveNames(_ world: World) async throws {
            let sql = "SELECT address FROM addresses"
            let explain = ["explain", "--as", "veiled-1", "--on", "orders", "--format", "json"]
            func explained(_ options: [String]) async throws -> JSONValue {
                let finished = try await world.gateway.sluice(
                    explain + options + [sql], environment: ["TARGET_PASSWORD": PostgresServer.password])
                #expect(finished.status == 0, "\(finished.transcript)")
                #expect(!finished.transcript.contains(PostgresServer.password))
                return try JSONValue(finished.output)
            }
            let offline = try await explained([])
            #expect(offline["facts"]["tables_read"].list.compactMap(\.string) == ["addresses"])
            #expect(offline["remarks"].list.contains { $0.string?.contains("--live") == true })
            let live = try await explained(["--live"])
            #expect(
                live["facts"]["tables_read"].list.compactMap(\.string) == ["live_a.addresses", "live_a.people"])
            #expect(live["mask"]["outputs"].list.first?["style"].string == "partial")
            #expect(live["remarks"].list.isEmpty)
            // So does a text that is longer than a pipe holds.
            let long = try await Child(
                Project.binaries + "/sluice",
                explain + ["--live", "--config", world.gateway.directory.file("sluice.yaml"), "-"],
                environment: ["TARGET_PASSWORD": PostgresServer.password],
                input: .text(sql + " -- " + String(repeating: "x", count: 300_000)), directory: world.gateway.directory,
                label: "sluice"
            ).finish()
            #expect(try JSONValue(long.output)["facts"] == live["facts"], "\(long.transcript.prefix(2000))")
            // The whole catalogue in a file tells the same.
            let whole = try await world.gateway.sluice(
                ["policy", "catalog", "orders"], environment: ["TARGET_PASSWORD": PostgresServer.password])
            #expect(whole.status == 0 && whole.lines.contains { $0.contains("\"pg_class\"") }, "\(whole.transcript)")
            try world.gateway.directory.write(whole.output, to: "whole.json")
            let fromFile = try await explained(["--catalog", world.gateway.directory.file("whole.json")])
            #expect(fromFile["facts"] == live["facts"] && fromFile["mask"] == live["mask"])
        }

        /// More of the catalogue than the gateway gives to one decision.
        @Test func liveRefusesWhatTheGatewayWould() async throws {
            let world = try await World.shared.value
            let tables = 60
            _ = try await world.server.direct.query(
                """
                CREATE SCHEMA broad;
                DO $$ BEGIN FOR t IN 1..\(tables) LOOP
                    EXECUTE format('CREATE TABLE broad.t%s (%s)', t,
                        (SELECT string_agg(rpad('c' || i, 63, 'x') || ' int', ',') FROM generate_series(1, 1600) i));
                END LOOP; END $$
                """)
            let every = (1...tables).map { "broad.t\($0)" }.joined(separator: ", ")
            let sql = "SELECT 1 FROM \(every)"
            let explained = try await world.gateway.sluice(
                ["explain", "--as", "veiled-1", "--on", "orders", "--live", sql],
                environment: ["TARGET_PASSWORD": PostgresServer.password])
            #expect(explained.status == 1 && explained.output.isEmpty, "\(explained.transcript)")
            #expect(explained.errors.contains("the gateway would refuse this: the statement names more"))
            let ran = try await world.gateway.clients(world.veiled).psql(sql)
            #expect(ran.output.isEmpty && ran.errors.contains("the statement names more"), "\(ran.transcript)")
        }

        @Test func whatCannotBeAskedIsSaidWithoutSecrets() async throws {
            let world = try await World.shared.value
            let explain = ["explain", "--as", "agent-1", "--on", "orders", "--live"]
            let without = try await world.gateway.sluice(explain + ["SELECT 1"])
            #expect(without.status == 1 && without.output.isEmpty, "\(without.transcript)")
            #expect(without.errors.contains("TARGET_PASSWORD is not set"), "\(without.transcript)")
            let secret = "wr0ng-Pa55word"
            let wrong = try await world.gateway.sluice(
                explain + ["SELECT 1"], environment: ["TARGET_PASSWORD": secret])
            #expect(wrong.status == 1 && !wrong.transcript.contains(secret), "\(wrong.transcript)")
            let escaped = try await world.gateway.sluice(
                explain + ["SELECT * FROM U&\"x\""], environment: ["TARGET_PASSWORD": PostgresServer.password])
            #expect(escaped.errors.contains("the gateway would refuse this"), "\(escaped.transcript)")
            let unknown = try await world.gateway.sluice(["policy", "catalog", "ordrs"])
            #expect(unknown.status == 1 && unknown.errors.contains("did you mean “orders”?"), "\(unknown.transcript)")
        }

        @Test func checkTellsEveryMistakeAndWhatStandsForNothing() async throws {
            let world = try await World.shared.value
            let directory = world.gateway.directory
            let text = String(
                decoding: try #require(FileManager.default.contents(atPath: directory.file("sluice.yaml"))),
                as: UTF8.self)
            func check(_ policy: String, _ sluice: String, _ options: [String] = []) async throws -> Finished {
                try directory.write(policy, to: "checked.yaml")
                try directory.write(
                    sluice.replacingOccurrences(of: "policy: policy.yaml", with: "policy: checked.yaml"),
                    to: "checked-sluice.yaml")
                return try await Child(
                    Project.binaries + "/sluice",
                    ["check", "--config", directory.file("checked-sluice.yaml")] + options,
                    environment: ["TARGET_PASSWORD": "x"], directory: directory, label: "sluice"
                ).finish()
            }
            let wrong = "rules:\n  - {name: a, then: alow}\n  - {name: b, on: [orders], then: rfuse}\n"
            let broken = text.replacingOccurrences(of: "tls: disable", with: "tls: maybe")
            let mistakes = try await check(wrong, broken)
            let lines = mistakes.errors.split(separator: "\n")
            #expect(mistakes.status == 1 && mistakes.output.isEmpty, "\(mistakes.transcript)")
            #expect(lines.count == 4 && lines.last == "sluice: 3 mistakes", "\(mistakes.transcript)")
            #expect(lines.dropFirst(1).prefix(2).map { $0.contains("checked.yaml:2:21: ") } == [true, false])
            let object = try JSONValue(try await check(wrong, broken, ["--format", "json"]).output)
            #expect(object["valid"].bool == false && object["mistakes"].list.count == 3)

            let odd = "rules:\n  - {name: a, on: [ordrs], who: {groups: [ai-agent]}, then: allow}\n"
            let warned = try await check(odd, text)
            #expect(warned.status == 0 && warned.output.contains("valid: 1 rule in"), "\(warned.transcript)")
            #expect(
                warned.errors.contains(
                    "checked.yaml:2:20: warning: no resource is named “ordrs”; did you mean “orders”?"))
            #expect(warned.errors.contains("warning: no account is in group “ai-agent”; did you mean “ai-agents”?"))
            let strict = try await check(odd, text, ["--strict"])
            #expect(strict.status == 1 && strict.errors.hasSuffix("sluice: 2 warnings\n"), "\(strict.transcript)")
        }

        @Test func testsOfAPolicy() async throws {
            let directory = try TemporaryDirectory()
            try directory.write(Policies.everyone, to: "p.yaml")
            let head = "policy: p.yaml\ndefaults: {as: a, groups: [ai-agents], on: orders}\ncases:\n"
            try directory.write(head + "  - {sql: \"SELECT 1\", expect: allow}\n", to: "p.test.yaml")
            func run(_ options: [String] = []) async throws -> Finished {
                try await Child(
                    Project.binaries + "/sluice", ["policy", "test", directory.file("p.yaml")] + options,
                    directory: directory, label: "sluice"
                ).finish()
            }
            let passed = try await run()
            #expect(passed.status == 0 && passed.output.contains("1 case\n"), "\(passed.transcript)")
            #expect(passed.output.contains("“nobody creates things” never matched"))
            #expect(try await run(["--require-coverage", "100"]).status == 1)
            #expect(try await run(["--require-coverage", "101"]).status == 2)
            #expect(try await run(["--coverage"]).output.contains("MATCHED"))
            try directory.write(head + "  - {sql: TRUNCATE t, expect: allow}\n", to: "p.test.yaml")
            let failed = try await run()
            #expect(failed.status == 1 && failed.output.contains("p.test.yaml:4: a on orders: TRUNCATE t"))
            #expect(failed.output.contains("  - decision: allow\n  + decision: hold\n"), "\(failed.transcript)")
            let object = try JSONValue(try await run(["--format", "json"]).output)
            #expect(object["tests"].list.first?["failures"].list.count == 1)
        }
    }
}
