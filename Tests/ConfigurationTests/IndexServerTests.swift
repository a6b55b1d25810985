import StrictYAML
import Testing

@testable import Configuration

@Suite struct IndexServerTests {
    private func configuration(_ text: String) throws -> Configuration {
        let head = """
            state: s
            listeners: {postgres: 127.0.0.1:1}
            resources: [{name: a, protocol: postgres, target: "h:1/d", credentials: {user: u, password: {env: TARGET}}}]
            policy: p.yaml

            """
        return try Configuration.parse(head + text, file: "/srv/sluice.yaml")
    }

    private func server(_ keys: String) throws -> IndexServer? {
        try configuration("recording: {index: {\(keys), credentials: {user: sluice}}}").recording.index
    }

    @Test func withoutItTheListIsAFile() throws {
        #expect(try configuration("").recording.index == nil)
        #expect(try configuration("recording: {}").recording.index == nil)
    }

    @Test(arguments: [
        ("target: db.internal:5432/sluice", TargetTLS.verifyFull), ("target: 10.0.0.1:5432/sluice", .verifyFull),
        ("target: 127.0.0.1:5432/sluice", .prefer), ("target: \"[::1]:5432/sluice\"", .prefer),
        ("target: localhost:5432/sluice", .prefer), ("target: /run/postgresql:5432/sluice", .prefer),
        ("target: localhost.example.com:5432/sluice", .verifyFull),
        ("target: db.internal:5432/sluice, tls: disable", .disable),
        ("target: 127.0.0.1:5432/sluice, tls: verify-full", .verifyFull),
    ])
    func anotherHostIsVerifiedUnlessTheOperatorSaysOtherwise(keys: String, tls: TargetTLS) throws {
        #expect(try server(keys)?.tls == tls)
    }

    @Test func authorityIsBesideTheFile() throws {
        #expect(try server("target: db:5432/sluice, ca: index.pem")?.certificateAuthority == "/srv/index.pem")
    }

    @Test(arguments: [
        ("{}", "target"), ("{target: db:5432/sluice}", "credentials"),
        ("{target: db/sluice, credentials: {user: u}}", "host:port/database"),
        ("{target: db:5432, credentials: {user: u}}", "host:port/database"),
        ("{target: db:5432/sluice, credentials: {}}", "user"),
        ("{target: db:5432/sluice, credentials: {user: u}, schema: x}", "schema"),
        ("{target: db:5432/sluice, credentials: {user: u}, tls: allow}", "allow"),
        ("{target: db:5432/sluice, credentials: {user: u}, tls: require, ca: x.pem}", "verify-full"),
        ("{target: localhost:5432/sluice, credentials: {user: u}, ca: x.pem}", "verify-full"),
        ("{target: \"/a,b:5432/sluice\", credentials: {user: u}}", "comma"),
        ("postgres://db/sluice", "expected keys and values"),
    ])
    func mistakesAreNamed(text: String, word: String) {
        #expect { try configuration("recording: {index: \(text)}") } throws: { "\($0)".contains(word) }
    }

    @Test func whatIsAbsentIsNamedWhereRecordersRun() throws {
        let index = """
            recording:
              index: {target: db:5432/sluice, ca: /nonexistent/ca.pem, credentials: {user: u, password: {file: /nonexistent/p}}}

            """
        let ingress = "stages:\n  ingress: {replicas: 0, at: [\"tcp://10.0.0.1:7400\"]}\n"
        #expect(
            try configuration(index + ingress).absences() == [
                "the password of recording.index: /nonexistent/p cannot be read",
                "the ca of recording.index: /nonexistent/ca.pem cannot be read",
            ])
        let recorder = ingress + "  recorder: {replicas: 0, at: [\"tcp://10.0.0.1:7440\"]}\n"
        #expect(try configuration(index + recorder).absences() == [])
    }

    /// Its password is for those who keep the list and those who ask it.
    @Test func passwordIsTakenOutOfOtherEnvironments() throws {
        let found = try configuration(
            """
            recording:
              index: {target: db:5432/sluice, credentials: {user: u, password: {env: INDEX}}}
              forward: {sinks: {own: {command: [cat]}}}
            """)
        for (process, foreign) in [
            ("ingress", ["INDEX"]), ("recorder", ["TARGET"]), ("forwarder", ["TARGET"]),
            ("masker", ["INDEX", "TARGET"]),
            ("archiver", ["INDEX", "TARGET"]),
        ] {
            #expect(found.foreignSecretNames(of: process) == Set(foreign), "\(process)")
        }
    }
}
