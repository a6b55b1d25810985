import Foundation
import TestKit
import Testing

extension Pipeline {
    /// The example stages of docs/adding-a-stage.md, run as an operator would: each refuses commands whose
    /// text contains the word that it is started with.
    @Suite(.serialized)
    struct CustomStageTests {
        static let word = "forbiddenword"

        @Test func swiftExampleRefuses() async throws {
            let program = Project.binaries + "/example-forbid-word"
            try await Self.refuses(command: [program, Self.word])
        }

        @Test func pythonExampleRefuses() async throws {
            let interpreter = try await PythonEnvironment.shared.value
            try await Self.refuses(command: [
                interpreter, Project.root + "/examples/stages/python/forbid_word.py", Self.word,
            ])
        }

        private static func refuses(command: [String]) async throws {
            let list = command.map { "\"\($0)\"" }.joined(separator: ", ")
            let stages = """
                forbid-word:
                  lane: request
                  after: classifier
                  command: [\(list)]
                """
            try await Rig.with(stages: stages) { rig in
                let clients = rig.gateway.clients(rig.free)
                let ran = try await clients.psql("SELECT 'allowed';\nSELECT 1 AS \(word);\nSELECT 'after';")
                #expect(ran.lines == ["allowed", "after"], "\(ran.transcript)")
                #expect(ran.errors.contains("42501") && ran.errors.contains("HINT:"), "\(ran.transcript)")
                #expect(!(try await rig.server.statements().contains { $0.text.contains(word) }))

                // While it is away an open session is refused, and goes on later; a login is refused too.
                let client = try clients.startPsql(input: .pipe)
                try client.send("SELECT 'in';\n")
                try await client.waitFor("in")
                let pid = try await rig.gateway.readyProcess(of: "forbid-word")
                kill(pid, SIGSTOP)
                try client.send("SELECT 'while it is away';\n")
                try await client.waitFor("57P03", deadline: .seconds(60))
                let login = try await clients.psql("SELECT 'while it is away';")
                #expect(login.errors.contains("Sluice cannot govern it now"), "\(login.transcript)")
                #expect(login.output.isEmpty)
                kill(pid, SIGKILL)
                _ = try await rig.gateway.readyProcess(of: "forbid-word", otherThan: pid)
                try client.send("SELECT 'goes' || ' on';\n")
                try await client.waitFor("goes on", deadline: .seconds(60))
                client.closeInput()
                _ = try await client.finish()
                #expect(try await clients.psql("SELECT 'back';").lines == ["back"])
                #expect(!(try await rig.server.statements().contains { $0.text.contains("while it is away") }))
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }
    }
}
