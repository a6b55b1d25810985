import Foundation
import TestKit
import Testing

extension Integration {
    /// Who gets in, and how.
    @Suite(.serialized)
    struct LoginTests {
        private static func login(_ endpoint: Endpoint, in world: World) async throws -> Finished {
            try await Clients(endpoint, in: world.gateway.directory).psql("SELECT 'in';")
        }

        @Test func wrongSecretIsRefused() async throws {
            let world = try await World.shared.value
            for secret in ["wrong", "", world.agent2.secret] {
                let endpoint = world.gateway.endpoint(Token(name: world.agent.name, secret: secret))
                let tried = try await Self.login(endpoint, in: world)
                #expect(tried.status == 2 && !tried.output.contains("in"), "\(tried.transcript)")
                #expect(!tried.errors.contains(world.agent.secret))
            }
        }

        @Test func targetsOwnUsersAreUnknown() async throws {
            let world = try await World.shared.value
            for user in [PostgresServer.owner, PostgresServer.application, "postgres"] {
                let endpoint = world.gateway.endpoint(Token(name: user, secret: PostgresServer.password))
                let tried = try await Self.login(endpoint, in: world)
                #expect(tried.status == 2 && !tried.output.contains("in"), "\(tried.transcript)")
            }
        }

        @Test func unknownDatabaseIsRefused() async throws {
            let world = try await World.shared.value
            for database in ["postgres", "template1", "no-such-resource", "orders dbname=postgres", "ORDERS"] {
                let endpoint = world.gateway.endpoint(world.agent).with { $0.database = database }
                let tried = try await Self.login(endpoint, in: world)
                #expect(tried.status == 2 && !tried.output.contains("in"), "\(database): \(tried.transcript)")
            }
        }

        @Test func expiredTokenIsRefused() async throws {
            let world = try await World.shared.value
            let brief = try await world.gateway.createToken("brief", groups: ["plain"], expires: "1s", isAwaited: false)
            try await eventually("the token expires") {
                try await Self.login(world.gateway.endpoint(brief), in: world).status == 2
            }
        }

        @Test func revokedTokenIsRefusedAndItsSessionsEnd() async throws {
            let world = try await World.shared.value
            let token = try await world.gateway.createToken("leaver", groups: ["plain"])
            let live = try world.clients(token).startPsql(input: .pipe)
            try live.send("SELECT 'in';\n")
            try await live.waitFor("in")
            let revoked = try await world.gateway.sluice(["token", "revoke", "leaver"])
            #expect(revoked.status == 0, "\(revoked.transcript)")
            try await eventually("new logins are refused") {
                try await Self.login(world.gateway.endpoint(token), in: world).status == 2
            }
            let before = try await world.logCount()
            try await eventually("the live session is over") {
                if live.status != nil { return true }
                try? live.send("SELECT 'still in';\n")
                return live.errors.contains("FATAL") || live.errors.contains("server closed")
                    || live.errors.contains("connection to server was lost")
            }
            live.closeInput()
            try await live.finish()
            let marker = try await world.logCount()
            #expect(marker >= before)
        }

        @Test func tlsModes() async throws {
            let world = try await World.shared.value
            for mode in ["disable", "allow", "prefer", "require"] {
                let endpoint = world.gateway.endpoint(world.agent).with { $0.sslmode = mode }
                let tried = try await Clients(endpoint, in: world.gateway.directory).psql(
                    #"\conninfo"# + "\nSELECT 'in';")
                #expect(tried.status == 0 && tried.lines.last == "in", "\(mode): \(tried.transcript)")
                #expect(
                    tried.output.contains("SSL connection") == ["prefer", "require"].contains(mode), "\(tried.output)")
            }
            for binding in ["disable", "prefer"] {
                let endpoint = world.gateway.endpoint(world.agent).with {
                    $0.sslmode = "require"
                    $0.extra["PGCHANNELBINDING"] = binding
                }
                let tried = try await Self.login(endpoint, in: world)
                #expect(tried.lines.last == "in", "\(binding): \(tried.transcript)")
            }
        }

        @Test func tokenListNeverShowsASecret() async throws {
            let world = try await World.shared.value
            for format in ["table", "json"] {
                let listed = try await world.gateway.sluice(["token", "list", "--format", format])
                #expect(listed.status == 0 && listed.output.contains("agent-1"), "\(listed.transcript)")
                #expect(!listed.output.contains(world.agent.secret))
            }
        }

        @Test func noSecretReachesAnyFileOrOutput() async throws {
            let world = try await World.shared.value
            let secrets = [PostgresServer.password, world.agent.secret, world.dba.secret]
            let root = world.gateway.directory.path
            for case let name as String in FileManager.default.enumerator(atPath: root) ?? .init() {
                guard !name.hasSuffix(".in"), let data = FileManager.default.contents(atPath: root + "/" + name) else {
                    continue
                }
                // `token create` printed the secrets into this directory too, as asked.
                if name.hasPrefix("sluice-"), !name.hasPrefix("sluice-up") { continue }
                for secret in secrets {
                    #expect(data.range(of: Data(secret.utf8)) == nil, "a secret is in \(name)")
                }
            }
        }
    }
}
