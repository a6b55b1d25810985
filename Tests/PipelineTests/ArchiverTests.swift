import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Recording with an archive: it does not wait for the store, and what the store has alone still proves itself.
    @Suite(.serialized)
    struct ArchiverTests {
        private static let bucket = "recordings"

        private static func settings(_ store: S3Server) -> String {
            """
            recording:
              segment: 1MiB
              archive:
                endpoint: \(store.endpoint)
                bucket: \(bucket)
                credentials: {access_key: \(S3Server.accessKey), secret_key: \(S3Server.secretKey)}
                keep_local: 0s
            """
        }

        @Test func aDeadStoreStopsNoCommand() async throws {
            let store = try await S3Server.start()
            try await store.makeBucket(Self.bucket)
            try await Rig.with(extra: Self.settings(store)) { rig in
                try await Self.segments(rig, beyond: 3)
                try await eventually("segments are archived and removed") { try Self.removed(rig) > 0 }
                #expect(try await Self.archiver(rig)["state"].string == "ready")

                try await store.kill()
                try await Self.segments(rig, beyond: Self.newest(rig) + 3)
                try await eventually("the log says it") {
                    rig.gateway.supervisor.output.contains("the archive fails")
                }
                let removed = try Self.removed(rig)
                try await Self.segments(rig, beyond: Self.newest(rig) + 1)
                #expect(try Self.removed(rig) == removed)

                try await store.restart()
                let pid = try #require(try await Self.archiver(rig)["pid"].int)
                kill(pid_t(pid), SIGKILL)
                try await eventually("what came meanwhile is archived", deadline: .seconds(90)) {
                    try Self.removed(rig) == Self.newest(rig) - 3
                }
                let restarts = try await Self.archiver(rig)["restarts"].int
                #expect(restarts == 1)
                let verified = try await rig.gateway.sluice(["verify"], deadline: .seconds(120))
                #expect(verified.status == 0, "\(verified.transcript)")
                #expect(await rig.gateway.stop() == 0, "\(rig.gateway.supervisor.errors)")
                #expect(try await rig.gateway.sluice(["verify"], deadline: .seconds(120)).status == 0)
            }
            await store.stop()
        }

        private static func archiver(_ rig: Rig) async throws -> JSONValue {
            let stages = try await rig.gateway.json(["status"])["stages"].list
            return try #require(stages.first { $0["stage"].string == "archiver" })
        }

        /// Runs commands until a segment of a higher number is there. Random, so that they stay as large when compressed.
        private static func segments(_ rig: Rig, beyond number: Int) async throws {
            var generator = SystemRandomNumberGenerator()
            try await eventually("segment \(number + 1) begins", deadline: .seconds(120)) {
                let noise = (0..<4_096).map { _ in String(generator.next(), radix: 36) }.joined()
                _ = try await rig.gateway.clients(rig.free).query("SELECT length('\(noise)')")
                return newest(rig) > number
            }
        }

        private static func replica(_ rig: Rig) -> String? {
            let recordings = rig.gateway.directory.file("state/recordings")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: recordings)) ?? []
            return names.first { $0.hasPrefix("recorder-0") }.map { recordings + "/" + $0 }
        }

        private static func numbers(_ rig: Rig) -> [Int] {
            let names = replica(rig).flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
            return names.filter { $0.hasSuffix(".slseg") }.compactMap { Int($0.dropLast(6)) }
        }

        private static func newest(_ rig: Rig) -> Int { numbers(rig).max() ?? 0 }
        private static func removed(_ rig: Rig) throws -> Int { newest(rig) - numbers(rig).count }
    }
}
