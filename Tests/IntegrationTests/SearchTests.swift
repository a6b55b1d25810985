import Foundation
import TestKit
import Testing

extension Integration {
    /// Recorded commands are found by their words, while the gateway runs.
    @Suite(.serialized)
    struct SearchTests {
        @Test func commandsAreFound() async throws {
            let world = try await World.shared.value
            let token = try await world.gateway.createToken("searched-1", groups: ["veiled"])
            func search(_ arguments: [String]) async throws -> [JSONValue] {
                try await world.gateway.json(["sessions", "search", "--identity", "searched-1"] + arguments).list
            }
            let ran = try await world.clients(token).psql(
                """
                SELECT id, email FROM customers WHERE id = 90210;
                SELECT id, email FROM customers WHERE id = 90210;
                SELECT 'Żółw' AS turtle;
                CREATE TABLE intruder_90210 (x integer);
                """)
            #expect(ran.status == 0, "\(ran.transcript)")
            _ = try await eventually("the index has the last command, and what was decided") {
                try await search(["intrud*", "--decision", "refuse"]).first
            }
            // The second is decided as the first was.
            #expect(try await search(["90210", "--limit", "9"]).count == 2)
            #expect(try await search(["--table", "customers"]).count == 2)
            #expect(try await search(["--table", "no_such_table"]).isEmpty)
            #expect(try await search(["żółw"]).count == 1)
            #expect(try await search(["intrud*", "--decision", "allow"]).isEmpty)
            let refused = try #require(try await search(["intrud*", "\"create table\""]).first)
            #expect(refused["decision"].string == "refuse")
            #expect(refused["resource"].string == "orders")
            #expect(refused["text"].string?.contains("CREATE TABLE intruder_90210") == true)
            #expect(try await search(["--rule", refused["rule"].string ?? ""]).count == 1)
            #expect(try await search(["--contains", "= 90210"]).count == 2)

            let own = world.gateway.directory.file("words.sqlite")
            for _ in 1...2 { #expect(try await search(["customers", "--index", own]).count == 2) }
            let table = try await world.gateway.sluice(["sessions", "search", "intruder_90210"])
            #expect(table.status == 0 && table.output.contains("searched-1"), "\(table.transcript)")
            for arguments in [[], ["\"open"], ["a*"], ["x", "--limit", "0"], ["--contains", ""]] {
                let wrong = try await world.gateway.sluice(["sessions", "search"] + arguments)
                #expect(wrong.status == 2, "\(arguments): \(wrong.transcript)")
            }
        }

        /// An own gateway, so that its configuration may say so.
        @Test func repliesAreFoundWhereTheyAreKept() async throws {
            let world = try await World.shared.value
            var options = Gateway.Options(policy: Policies.everyone)
            options.extra = "recording: {search: output}\n"
            let gateway = try await Gateway.start(options, before: world.server)
            let token = try await gateway.createToken("plain-2", groups: ["plain"])
            let ran = try await gateway.clients(token).psql("SELECT 'kanga' || 'roo';")
            #expect(ran.status == 0)
            let hit = try await eventually("the reply is found") {
                try await gateway.json(["sessions", "search", "kangaroo"]).list.first
            }
            #expect(hit["text"].string?.contains("kangaroo") == true)
            let made = try await gateway.sluice(["sessions", "reindex"])
            #expect(made.status == 0, "\(made.transcript)")
            _ = try await eventually("the reply is found again") {
                try await gateway.json(["sessions", "search", "kangaroo"]).list.first
            }
            #expect(await gateway.stop() == 0)
        }
    }
}
