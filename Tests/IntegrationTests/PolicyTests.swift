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
            let shown = try await world.gateway.sluice(["policy", "diff", old, new])
            #expect(shown.status == 0 && shown.output.contains("compared-1"), "\(shown.transcript)")
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
            #expect(explained["remarks"].list.first?.string?.contains("no account is named nobody-here") == true)
            #expect(explained["rules"].list.contains { $0["nearly"].isTrue })
            for wrong in [["--at", "noon"], ["--from", "here"], ["--label", "x"]] {
                let refused = try await world.gateway.sluice(["explain", "--as", "a", "--on", "orders", "x"] + wrong)
                #expect(refused.status == 2, "\(refused.transcript)")
            }
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
