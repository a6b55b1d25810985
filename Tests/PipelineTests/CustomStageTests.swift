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

                // It cannot loosen what Sluice's own policy says, and its absence refuses.
                let pid = try await rig.gateway.readyProcess(of: "forbid-word")
                kill(pid, SIGSTOP)
                let stalled = try await clients.psql("SELECT 'while it is away';")
                #expect(stalled.errors.contains("57P03"), "\(stalled.transcript)")
                #expect(stalled.output.isEmpty)
                kill(pid, SIGKILL)
                _ = try await rig.gateway.readyProcess(of: "forbid-word", otherThan: pid)
                try await eventually("it works again") { try await clients.psql("SELECT 'back';").lines == ["back"] }
                let verified = try await rig.gateway.sluice(["verify"])
                #expect(verified.status == 0, "\(verified.transcript)")
            }
        }
    }
}
