import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Two hosts: ingress, recorder and approver on the first, classifier and masker on the second. Real processes in
    /// network namespaces, each host with its own supervisor, state and keys.
    @Suite(.serialized)
    struct HostsTests {
        private static let stages = """
            ingress: {replicas: INGRESS, listen: "tcp://10.77.0.1:7400-7403", at: ["tcp://10.77.0.1:7400-7403"]}
            recorder: {replicas: INGRESS, listen: "tcp://10.77.0.1:7440-7443", at: ["tcp://10.77.0.1:7440-7443"]}
            approver: {replicas: INGRESS, listen: "tcp://10.77.0.1:7430-7433", at: ["tcp://10.77.0.1:7430-7433"]}
            classifier: {replicas: OTHERS, listen: "tcp://10.77.0.2:7410-7413", at: ["tcp://10.77.0.2:7410-7413"]}
            masker: {replicas: OTHERS, listen: "tcp://0.0.0.0:7420-7423", at: ["tcp://masker.internal:7420-7423"]}
            """

        private struct World: Sendable {
            let hosts: NetworkHosts
            let server: PostgresServer
            let first: TemporaryDirectory
            let second: TemporaryDirectory
            let token: Token

            static let port = 15432

            /// psql on the first host.
            func psql(_ script: String) async throws -> Finished {
                try await start("psql", ["-X", "-A", "-t", "-q", "-v", "VERBOSITY=verbose"], .text(script + "\n"))
                    .finish(deadline: .seconds(60))
            }

            func start(_ program: String, _ arguments: [String], _ input: Child.Input = .none) throws -> Child {
                let endpoint = Endpoint(
                    port: Self.port, user: token.name, password: token.secret, database: PostgresServer.database)
                return try hosts.first.start(
                    program, arguments, environment: endpoint.environment, input: input, directory: first)
            }

            func answers() async throws -> Bool {
                try await psql("SELECT 'through';").output.contains("through")
            }
        }

        /// The operator's own stage beside ingress: it sees what the masker of the other host has masked.
        private static let replies = """
            from sluice_stage import Batch, Reply, Stage, keep, withhold

            stage = Stage()

            @stage.response
            def look(batch: Batch) -> Reply:
                if b"withheld here" in batch.payload:
                    return withhold("replies", "the operator's stage says so", "Ask for something else.")
                return keep(batch.payload)

            stage.run()
            """

        private static func configure(
            _ directory: TemporaryDirectory, isFirst: Bool, server: PostgresServer
        ) async throws {
            var lines = stages.replacing("INGRESS", with: isFirst ? "1" : "0")
                .replacing("OTHERS", with: isFirst ? "0" : "1").split(separator: "\n").map(String.init)
            if isFirst {
                let interpreter = try await PythonEnvironment.shared.value
                try directory.write(replies, to: "replies.py")
                lines.append("replies: {lane: response, command: [\(interpreter), \(directory.file("replies.py"))]}")
            }
            try directory.write(
                """
                state: ./state
                listeners:
                  postgres: 127.0.0.1:\(World.port)
                resources:
                  - name: \(PostgresServer.database)
                    protocol: postgres
                    target: \(server.directory.path):\(server.port)/\(PostgresServer.database)
                    tls: disable
                    credentials: {user: \(PostgresServer.application), password: {env: TARGET_PASSWORD}}
                policy: policy.yaml
                stages:
                \(lines.map { "  \($0)" }.joined(separator: "\n"))

                """, to: "sluice.yaml")
            try directory.write(Rig.policy, to: "policy.yaml")
        }

        private static func sluice(_ arguments: [String], in directory: TemporaryDirectory) async throws -> Finished {
            let finished = try await Child(
                Project.binaries + "/sluice", arguments + ["--config", directory.file("sluice.yaml")],
                directory: directory, label: "sluice"
            ).finish()
            guard finished.status == 0 else { throw TestKitError(finished.transcript) }
            return finished
        }

        /// Runs `body` in a world whose two supervisors are up, and takes it away however that ends.
        private static func with(_ body: (World) async throws -> Void) async throws {
            let server = try await PostgresServer.start()
            let hosts = try await NetworkHosts("10.77.0.1/24", "10.77.0.2/24")
            var supervisors: [Child] = []
            var failure: (any Error)?
            do {
                try await hosts.add("10.77.0.3/24", to: hosts.second)
                for host in [hosts.first, hosts.second] { try hosts.names(["masker.internal": "10.77.0.3"], on: host) }
                let first = try TemporaryDirectory()
                let second = try TemporaryDirectory()
                try await configure(first, isFirst: true, server: server)
                try await configure(second, isFirst: false, server: server)
                _ = try await sluice(["keys", "make"], in: first)
                try FileManager.default.createDirectory(
                    atPath: second.file("state"), withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o700])
                try FileManager.default.copyItem(atPath: first.file("state/keys"), toPath: second.file("state/keys"))
                let created = try await sluice(
                    ["token", "create", "free-1", "--group", "unlimited", "--format", "json"], in: first)
                let answer = try JSONValue(created.output)
                guard let name = answer["name"].string, let secret = answer["secret"].string else {
                    throw TestKitError(created.transcript)
                }
                let world = World(
                    hosts: hosts, server: server, first: first, second: second, token: Token(name: name, secret: secret)
                )
                for (host, directory) in [(hosts.second, second), (hosts.first, first)] {
                    supervisors.append(
                        try host.start(
                            Project.binaries + "/sluice", ["up", "--config", directory.file("sluice.yaml")],
                            environment: ["TARGET_PASSWORD": PostgresServer.password], directory: directory))
                }
                try await eventually("a command goes through both hosts", deadline: .seconds(60)) {
                    try await world.answers()
                }
                try await body(world)
            } catch {
                failure = error
                for supervisor in supervisors { print(supervisor.errors.suffix(4000)) }
            }
            for supervisor in supervisors { await supervisor.stop(deadline: .seconds(30)) }
            await server.stop()
            try await hosts.remove()
            if let failure { throw failure }
        }

        @Test func aHostThatIsCutOffAndRejoined() async throws {
            try await Self.with { world in
                let masked = try await world.psql("SELECT email, ssn FROM customers WHERE id = 1;")
                #expect(masked.errors.isEmpty, "\(masked.transcript)")
                #expect(!masked.output.contains(SampleDatabase.customer(1).ssn))
                let withheld = try await world.psql("SELECT 'withheld here';")
                #expect(withheld.errors.contains("the operator's stage says so"), "\(withheld.transcript)")

                let session = try world.start(
                    "psql", ["-X", "-A", "-t", "-q", "-v", "VERBOSITY=verbose"], .pipe)
                try session.send("SELECT 'in';\n")
                try await session.waitFor("in")
                try await world.hosts.disconnect()
                try session.send("SELECT 'nobody judges this';\n")
                try await session.waitFor("57P03", deadline: .seconds(60))
                #expect(!session.output.contains("nobody"))
                let log = try await world.server.statements()
                #expect(!log.contains { $0.text.contains("nobody judges") })

                try await world.hosts.connect()
                try await eventually("the session goes on by itself", deadline: .seconds(60)) {
                    try session.send("SELECT 'goes' || ' on';\n")
                    return session.output.contains("goes on")
                }
                session.closeInput()
                try await session.finish()
                let verified = try await Self.sluice(["verify"], in: world.first)
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }

        @Test func replicasAreFollowedToTheAddressThatTheirNameHasNow() async throws {
            try await Self.with { world in
                try await world.hosts.add("10.77.0.4/24", to: world.hosts.second)
                for host in [world.hosts.first, world.hosts.second] {
                    try world.hosts.names(["masker.internal": "10.77.0.4"], on: host)
                }
                try await world.hosts.remove("10.77.0.3/24", from: world.hosts.second)
                try await eventually("replies are masked at the new address", deadline: .seconds(60)) {
                    let ran = try await world.psql("SELECT email, 'masked' FROM customers WHERE id = 1;")
                    return ran.errors.isEmpty && ran.output.contains("masked")
                }
            }
        }

        /// Every stage gets new keys under load, on both hosts, one host after the other: no command fails.
        @Test func keysAreRotatedUnderLoad() async throws {
            try await Self.with { world in
                try world.first.write("\\set x random(1, 1000000000)\nSELECT :x, 'load';\n", to: "load.sql")
                let load = try world.start(
                    "pgbench", ["-n", "-f", world.first.file("load.sql"), "-c", "4", "-T", "20"])
                let keys = (world.first.file("state/keys/bus"), world.second.file("state/keys/bus"))
                for stage in ["classifier", "masker", "ingress", "approver", "recorder"] {
                    // The stage runs on one host: the public key goes to the other one first.
                    let runsOnFirst = !["classifier", "masker"].contains(stage)
                    let here = runsOnFirst ? world.first : world.second
                    if runsOnFirst {
                        let made = try await Self.sluice(["keys", "rotate", stage], in: here)
                        #expect(made.output.contains("new link key"))
                        try Self.copy(stage, ["previous.public", "public"], from: keys.0, to: keys.1)
                    } else {
                        let made = try await Self.sluice(["keys", "rotate", stage], in: world.first)
                        #expect(made.output.contains("new link key"))
                        try Self.copy(stage, ["previous.public", "public", "secret"], from: keys.0, to: keys.1)
                    }
                    let before = try await world.server.statements().count
                    try await eventually("commands go on") { try await world.server.statements().count > before + 20 }
                }
                let report = try BenchReport(try await load.finish(deadline: .seconds(90)))
                #expect(report.errors.isEmpty, "\(report.errors)")
                #expect(report.processed > 100)
                #expect(try await world.answers())
            }
        }

        private static func copy(_ stage: String, _ kinds: [String], from: String, to: String) throws {
            for kind in kinds {
                let data = try Data(contentsOf: URL(filePath: "\(from)/\(stage).\(kind)"))
                try data.write(to: URL(filePath: "\(to)/\(stage).\(kind)"), options: .atomic)
            }
        }
    }
}
