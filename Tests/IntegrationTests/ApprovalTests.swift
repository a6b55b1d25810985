import Foundation
import TestKit
import Testing

extension Integration {
    /// One person holds, another decides.
    @Suite(.serialized)
    struct ApprovalTests {
        /// An agent's psql whose one statement waits for a reviewer.
        struct Held {
            let client: Child
            let id: String
        }

        private static func hold(_ sql: String, by token: Token, in world: World) async throws -> Held {
            let known = Set(try await world.gateway.pendingApprovals().compactMap { $0["id"].string })
            let client = try world.clients(token).startPsql(input: .text(sql + "\nSELECT 'usable';\n"))
            try await client.waitFor("NOTICE")
            let id = try await eventually("the request is listed") {
                try await world.gateway.pendingApprovals().compactMap { $0["id"].string }.first { !known.contains($0) }
            }
            #expect(client.errors.contains(id), "the notice tells the id: \(client.errors)")
            #expect(client.errors.contains("sluice approvals approve"), "the notice tells how: \(client.errors)")
            return Held(client: client, id: id)
        }

        private static func prepare(_ table: String, in world: World) async throws {
            _ = try await world.server.direct.query(
                "DROP TABLE IF EXISTS \(table); CREATE TABLE \(table) AS SELECT generate_series(1, 5) AS id;")
        }

        @Test func approvedByADbaRuns() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held1", in: world)
            let before = try await world.logCount()
            let held = try await Self.hold("DELETE FROM held1;", by: world.agent, in: world)
            #expect(try await world.logged(since: before).contains { $0.text.contains("held1") } == false)

            let request = try await world.gateway.pendingApprovals().first { $0["id"].string == held.id }
            #expect(request?["identity"].string == "agent-1")
            #expect(request?["resource"].string == "orders")
            #expect(request?["command"].string?.contains("DELETE FROM held1") == true)
            #expect(request?["digest"].string?.count == 64)

            let approved = try await world.gateway.sluice(
                ["approvals", "approve", held.id, "--comment", "as discussed"], as: world.dba)
            #expect(approved.status == 0, "\(approved.transcript)")
            let finished = try await held.client.finish()
            #expect(finished.lines.last == "usable" && !finished.errors.contains("ERROR"), "\(finished.transcript)")
            #expect(try await world.server.direct.query("SELECT count(*) FROM held1") == "0")
            try await eventually("the approval is used up") {
                try await world.gateway.approvalStatus(held.id) == "used"
            }
            let ran = try await world.logged(since: before).filter { $0.text.contains("held1") }
            #expect(ran.map(\.text) == ["DELETE FROM held1;"])
        }

        @Test func deniedIsRefused() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held2", in: world)
            let held = try await Self.hold("TRUNCATE held2;", by: world.agent, in: world)
            let denied = try await world.gateway.sluice(
                ["approvals", "deny", held.id, "--reason", "not on a Friday"], as: world.dba)
            #expect(denied.status == 0, "\(denied.transcript)")
            let finished = try await held.client.finish()
            #expect(
                finished.errors.contains("42501") && finished.errors.contains("not on a Friday"),
                "\(finished.transcript)")
            #expect(finished.lines.last == "usable")
            #expect(try await world.server.direct.query("SELECT count(*) FROM held2") == "5")
            #expect(try await world.gateway.approvalStatus(held.id) == "denied")
        }

        @Test func nobodyApprovesTheirOwnRequest() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held3", in: world)
            let held = try await Self.hold("TRUNCATE held3;", by: world.dba, in: world)
            let own = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba)
            #expect(own.status == 1, "\(own.transcript)")
            #expect(try await world.gateway.approvalStatus(held.id) == "pending")
            let other = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba2)
            #expect(other.status == 0, "\(other.transcript)")
            let finished = try await held.client.finish()
            #expect(
                try await world.server.direct.query("SELECT count(*) FROM held3") == "0", "\(finished.transcript)")
        }

        @Test func onlyTheNamedGroupApproves() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held4", in: world)
            let held = try await Self.hold("TRUNCATE held4;", by: world.agent, in: world)
            for other in [world.agent2, world.plain, world.agent] {
                let tried = try await world.gateway.sluice(["approvals", "approve", held.id], as: other)
                #expect(tried.status == 1, "\(other.name): \(tried.transcript)")
            }
            let forged = Token(name: "dba-1", secret: "no secret of anyone's")
            let tried = try await world.gateway.sluice(["approvals", "approve", held.id], as: forged)
            #expect(tried.status == 1, "\(tried.transcript)")
            #expect(try await world.gateway.approvalStatus(held.id) == "pending")
            held.client.signal(SIGINT)
            try await held.client.finish()
        }

        @Test func cancelledWhileHeld() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held5", in: world)
            let client = try world.clients(world.agent).start(
                "psql", ["-X", "-v", "VERBOSITY=verbose", "-c", "TRUNCATE held5", "-c", "SELECT 'usable'"])
            try await client.waitFor("NOTICE")
            client.signal(SIGINT)
            let finished = try await client.finish()
            #expect(finished.errors.contains("57014"), "\(finished.transcript)")
            #expect(try await world.server.direct.query("SELECT count(*) FROM held5") == "5")
            try await eventually("the request is closed") {
                try await world.gateway.json(["approvals", "list"]).list
                    .filter { $0["command"].string?.contains("held5") == true }
                    .allSatisfy { $0["status"].string == "cancelled" }
            }
        }

        @Test func clientThatLeavesClosesItsRequest() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held6", in: world)
            let held = try await Self.hold("TRUNCATE held6;", by: world.agent, in: world)
            held.client.signal(SIGKILL)
            try await held.client.finish()
            try await eventually("the request is cancelled") {
                try await world.gateway.approvalStatus(held.id) == "cancelled"
            }
            let late = try await world.gateway.sluice(["approvals", "approve", held.id], as: world.dba)
            #expect(late.status == 1, "\(late.transcript)")
            #expect(try await world.server.direct.query("SELECT count(*) FROM held6") == "5")
        }

        @Test func approvalIsGoodForOneRunOnly() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held7", in: world)
            let first = try await Self.hold("DELETE FROM held7;", by: world.agent, in: world)
            _ = try await world.gateway.sluice(["approvals", "approve", first.id], as: world.dba)
            try await first.client.finish()
            let second = try await Self.hold("DELETE FROM held7;", by: world.agent, in: world)
            #expect(second.id != first.id)
            let again = try await world.gateway.sluice(["approvals", "approve", first.id], as: world.dba)
            #expect(again.status == 1, "\(again.transcript)")
            second.client.signal(SIGINT)
            try await second.client.finish()
        }

        @Test func heldInTheExtendedProtocolIsBoundToItsParameters() async throws {
            let world = try await World.shared.value
            try await Self.prepare("held8", in: world)
            let interpreter = try await PythonEnvironment.shared.value
            let clients = world.clients(world.agent)
            let child = try clients.start(interpreter, [client("held.py"), "held8"])
            let id = try await eventually("the request is listed") {
                try await world.gateway.pendingApprovals()
                    .first { $0["command"].string?.contains("held8") == true }?["id"].string
            }
            let approved = try await world.gateway.sluice(["approvals", "approve", id], as: world.dba)
            #expect(approved.status == 0, "\(approved.transcript)")
            let finished = try await child.finish()
            #expect(finished.status == 0 && finished.lines.last == "ok", "\(finished.transcript)")
            #expect(try await world.server.direct.query("SELECT count(*) FROM held8") == "0")
        }

        @Test func expiresWithoutADecision() async throws {
            let world = try await World.shared.value
            let policy = Policies.everyone.replacingOccurrences(of: "expires: 15m", with: "expires: 1s")
            let gateway = try await Gateway.start(.init(policy: policy), before: world.server)
            let agent = try await gateway.createToken("agent-1", groups: ["ai-agents"])
            try await Self.prepare("held9", in: world)
            let ran = try await gateway.clients(agent).psql("TRUNCATE held9;\nSELECT 'usable';")
            #expect(ran.errors.contains("ERROR:  42501") || ran.errors.contains("ERROR:  57014"), "\(ran.transcript)")
            #expect(ran.lines.last == "usable")
            #expect(try await world.server.direct.query("SELECT count(*) FROM held9") == "5")
            let statuses = try await gateway.json(["approvals", "list"]).list.compactMap { $0["status"].string }
            #expect(statuses == ["expired"])
            #expect(await gateway.stop() == 0)
        }
    }
}
