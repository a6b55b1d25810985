import Foundation
import TestKit
import Testing

extension Pipeline {
    /// A mistake in a file ends `sluice up` and `sluice check` at once, with its place.
    @Suite(.serialized)
    struct ConfigurationTests {
        struct Mistake: Sendable, CustomTestStringConvertible {
            let file: String
            let replace: String
            let with: String
            var testDescription: String { "\(file): \(with)" }
        }

        @Test(arguments: [
            Mistake(file: "sluice.yaml", replace: "state:", with: "stat:"),
            Mistake(file: "sluice.yaml", replace: "protocol: postgres", with: "protocol: gopher"),
            Mistake(file: "sluice.yaml", replace: "tls: disable", with: "tls: maybe"),
            Mistake(file: "sluice.yaml", replace: "recording: written", with: "recording: never"),
            Mistake(file: "sluice.yaml", replace: "policy: policy.yaml", with: "policy: [policy.yaml]"),
            Mistake(file: "policy.yaml", replace: "then: allow", with: "then: alow"),
            Mistake(file: "policy.yaml", replace: "who:", with: "whom:"),
            Mistake(file: "policy.yaml", replace: "rules:", with: "rules: {"),
        ])
        func namesItsPlace(_ mistake: Mistake) async throws {
            let directory = try TemporaryDirectory()
            try Gateway.configure(.init(policy: Rig.policy), port: try freePort(), target: 1, in: directory)
            let path = directory.file(mistake.file)
            let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
            let place = try #require(text.range(of: mistake.replace))
            try directory.write(text.replacingCharacters(in: place, with: mistake.with), to: mistake.file)

            let started = try await Gateway.launch(in: directory).finish(deadline: .seconds(20))
            #expect(started.status != 0)
            #expect(started.errors.contains(try Regex("\(mistake.file):[0-9]+:[0-9]+")), "\(started.transcript)")
            let checked = try await Child(
                Project.binaries + "/sluice", ["check", "--config", directory.file("sluice.yaml")],
                environment: ["TARGET_PASSWORD": "x"], directory: directory
            ).finish()
            #expect(checked.status == 1)
            #expect(checked.errors.contains(try Regex("\(mistake.file):[0-9]+:[0-9]+")), "\(checked.transcript)")
        }

        @Test func goodConfigurationPassesTheCheck() async throws {
            let directory = try TemporaryDirectory()
            try Gateway.configure(.init(policy: Rig.policy), port: try freePort(), target: 1, in: directory)
            let checked = try await Child(
                Project.binaries + "/sluice", ["check", "--config", directory.file("sluice.yaml")],
                environment: ["TARGET_PASSWORD": "x"], directory: directory
            ).finish()
            #expect(checked.status == 0, "\(checked.transcript)")
        }

        @Test func secondStartOnTheSameStateIsRefused() async throws {
            try await Rig.with { rig in
                let second = try await Gateway.launch(in: rig.gateway.directory).finish(deadline: .seconds(30))
                #expect(second.status != 0 && !second.errors.isEmpty, "\(second.transcript)")
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'unharmed'") == "unharmed")
                #expect(try await rig.gateway.stages().allSatisfy { $0.restarts == 0 })
            }
        }

        @Test func portInUseIsReported() async throws {
            try await Rig.with { rig in
                let directory = try TemporaryDirectory()
                try Gateway.configure(.init(policy: Rig.policy), port: rig.gateway.port, target: 1, in: directory)
                let second = try await Gateway.launch(in: directory).finish(deadline: .seconds(60))
                #expect(second.status != 0)
                #expect((second.output + second.errors).contains("\(rig.gateway.port)"), "\(second.transcript)")
            }
        }

        @Test func policyIsReadAgainWhenItChanges() async throws {
            try await Rig.with { rig in
                let clients = rig.gateway.clients(rig.free)
                #expect(try await clients.query("SELECT 'before'") == "before")
                let live = try clients.startPsql(input: .pipe)
                try live.send("PREPARE p AS SELECT 'prepared';\nEXECUTE p;\n")
                // What EXECUTE returns is not in its text: under column rules it arrives redacted.
                try await live.waitFor("[redacted")
                // Replaced in one step, as an editor does.
                let strict = Rig.policy.replacingOccurrences(
                    of: "groups: [unlimited, ai-agents]}\n    then: allow", with: "groups: [nobody]}\n    then: allow")
                #expect(strict != Rig.policy)
                try rig.gateway.directory.write(strict, to: "policy.new")
                rename(rig.gateway.directory.file("policy.new"), rig.gateway.directory.file("policy.yaml"))
                try await eventually("the new policy holds") {
                    // libpq shows no SQLSTATE of an error at login.
                    try await clients.psql("SELECT 'after';").errors.contains("no policy rule allows anything")
                }
                // Ingress looks at the file once a second.
                try await eventually("the live session is judged anew") {
                    try live.send("EXECUTE p;\n")
                    return (live.output + live.errors).contains("42501")
                }
                // A policy that cannot be read changes nothing.
                try rig.gateway.directory.write("rules: {", to: "policy.new")
                rename(rig.gateway.directory.file("policy.new"), rig.gateway.directory.file("policy.yaml"))
                try await eventually("the mistake is reported") {
                    (rig.gateway.supervisor.output + rig.gateway.supervisor.errors).contains("policy.yaml:")
                }
                #expect(try await clients.psql("SELECT 'still';").errors.contains("no policy rule allows anything"))
                live.closeInput()
                try await live.finish()
            }
        }
    }
}
