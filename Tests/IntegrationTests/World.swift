import Foundation
import TestKit

/// The servers and identities that most suites share. Started by the first test that asks, ended with the
/// test process.
struct World: Sendable {
    let server: PostgresServer
    let gateway: Gateway
    /// Governed by the design's own example policy: reads masked, changes rows it names, the rest held.
    let agent: Token
    /// Another of the same group.
    let agent2: Token
    /// May do anything but create, and sees everything as it is.
    let plain: Token
    /// May do anything but create, and sees personal data masked.
    let veiled: Token
    /// The same, and may not compare it.
    let sealed: Token
    /// May do anything, and sees personal data masked so that keys stay keys.
    let dumps: Token
    /// May do anything, and sees everything.
    let free: Token
    let dba: Token
    let dba2: Token

    static let shared = Task { try await World.start() }

    private static func start() async throws -> World {
        let server = try await PostgresServer.start()
        let gateway = try await Gateway.start(.init(policy: Policies.everyone), before: server)
        func token(_ name: String, _ group: String) async throws -> Token {
            try await gateway.createToken(name, groups: [group], expires: "24h")
        }
        return World(
            server: server, gateway: gateway,
            agent: try await token("agent-1", "ai-agents"), agent2: try await token("agent-2", "ai-agents"),
            plain: try await token("plain-1", "plain"), veiled: try await token("veiled-1", "veiled"),
            sealed: try await token("sealed-1", "sealed"),
            dumps: try await token("dumps-1", "dumps"), free: try await token("free-1", "unlimited"),
            dba: try await token("dba-1", "dba"), dba2: try await token("dba-2", "dba"))
    }

    func clients(_ token: Token) -> Clients { gateway.clients(token) }

    /// What PostgreSQL's own log has of Sluice's user since `start`, an earlier count.
    func logged(since start: Int) async throws -> [LoggedStatement] {
        Array(try await server.statements().dropFirst(start))
    }

    func logCount() async throws -> Int { try await server.statements().count }
}

/// A script in the Clients folder beside this file.
func client(_ name: String) -> String {
    Project.root + "/Tests/IntegrationTests/Clients/" + name
}
