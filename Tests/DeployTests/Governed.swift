import Foundation
import TestKit
import Testing

/// What every deployment has to do, whoever starts its stages: a session is let in, governed, held, masked and recorded.
enum Governed {
    /// The shipped example `name` (a folder of deploy/), with this test's target and port in the place of its own.
    static func configuration(
        of name: String, port: Int, server: PostgresServer
    ) throws -> (sluice: String, policy: String) {
        let folder = Project.root + "/deploy/\(name)/"
        let policy = Project.root + "/deploy/host/policy.yaml"
        var text = try String(contentsOfFile: folder + "sluice.yaml", encoding: .utf8)
        for (shipped, ours) in [
            ("127.0.0.1:15432", "127.0.0.1:\(port)"),
            ("db.internal:5432/orders", "localhost:\(server.port)/orders"),
            ("tls: verify-full", "tls: disable"),
        ] {
            guard text.contains(shipped) else { throw TestKitError("\(folder)sluice.yaml has no “\(shipped)”") }
            text = text.replacingOccurrences(of: shipped, with: ours)
        }
        return (text, try String(contentsOfFile: policy, encoding: .utf8))
    }

    /// psql through the gateway: masked, refused, held until a reviewer approves; then the recording is proven whole.
    static func session(through box: Box) async throws {
        let agent = try await box.createToken("agent-1", group: "ai-agents")
        let dba = try await box.createToken("dba-1", group: "dba")
        let clients = box.clients(agent)
        try await eventually("agent-1 gets in", deadline: .seconds(60)) {
            try await clients.run("psql", ["-X", "-A", "-t", "-c", "SELECT 1"]).status == 0
        }

        let masked = try await clients.query("SELECT email, ssn FROM customers WHERE id = 1;")
        let customer = SampleDatabase.customer(1)
        #expect(!masked.contains(customer.email) && !masked.contains(customer.ssn), "\(masked)")
        let refused = try await clients.psql("CREATE TABLE mine (id int);\nSELECT 'goes on';")
        #expect(refused.errors.contains("42501"), "\(refused.transcript)")
        #expect(refused.output.contains("goes on"))

        let held = try clients.startPsql(input: .text("TRUNCATE scratch;\nSELECT 'done';\n"), options: [])
        let id = try await eventually("TRUNCATE is held") {
            try JSONValue(try await box.sluice(["approvals", "list", "--format", "json"])).list
                .first { $0["status"].string == "pending" }?["id"].string
        }
        _ = try await box.sluice(["approvals", "approve", id], as: dba)
        let finished = try await held.finish()
        #expect(finished.output.contains("done") && !finished.errors.contains("ERROR"), "\(finished.transcript)")

        let sessions = try JSONValue(try await box.sluice(["sessions", "list", "--format", "json"])).list
        #expect(sessions.contains { $0["identity"].string == "agent-1" })
        _ = try await box.sluice(["verify"])
    }
}
