import Foundation
import TestKit
import Testing

extension Pipeline {
    /// A client that asks and does not listen slows itself down, and nobody else (invariant I7).
    @Suite(.serialized)
    struct UnreadTests {
        /// Memory that Ingress may take for one such client, KiB: its bounds of messages waiting in each direction
        /// (`PostgresSession`, `ReplyStream`), a copy of them on the way, and what the allocator keeps.
        static let residentForOne = 64 << 10

        @Test func pipelineThatIsNeverReadFillsNothing() async throws {
            try await Rig.with { rig in
                let ingress = try await rig.gateway.readyProcess(of: "ingress")
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'before'") == "before")
                let before = try #require(ProcessFigures(of: ingress))
                let client = try await Self.stuck(rig, statements: 100_000)
                #expect(try Self.sent(client) < 100_000)
                let during = try #require(ProcessFigures(of: ingress))
                #expect(during.resident < before.resident + Self.residentForOne)
                #expect(try await rig.gateway.clients(rig.free).query("SELECT 'others'") == "others")

                client.signal(SIGKILL)
                try await client.finish()
                try await eventually("its connections are given back") {
                    try #require(ProcessFigures(of: ingress)).descriptors <= before.descriptors
                }
                try await Recorded.covers(try await rig.server.statements(), in: rig.gateway, identity: "free-1")
            }
        }

        @Test func answersComeWhenTheyAreRead() async throws {
            try await Rig.with { rig in
                // More answers than the kernel and Sluice keep for a client.
                let client = try await Self.stuck(rig, statements: 4000)
                let number = try Self.sent(client)
                client.closeInput()
                let finished = try await client.finish(deadline: .seconds(120))
                // One more was begun and did not go out whole.
                #expect(
                    ["read \(number)", "read \(number - 1)"].contains(finished.lines.last), "\(finished.transcript)")
            }
        }

        private static func sent(_ client: Child) throws -> Int {
            try #require(client.output.split(separator: " ").last.flatMap { Int($0.dropLast()) })
        }

        private static func stuck(_ rig: Rig, statements: Int) async throws -> Child {
            let interpreter = try await PythonEnvironment.shared.value
            let script = Project.root + "/Tests/PipelineTests/Clients/unread.py"
            let client = try rig.gateway.clients(rig.free).start(interpreter, [script, "\(statements)"], input: .pipe)
            try await client.waitFor("stuck", deadline: .seconds(120))
            return client
        }
    }
}
