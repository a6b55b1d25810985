import Foundation
import TestKit
import Testing

extension Integration {
    /// What is past its time goes without anybody's command.
    @Suite(.serialized)
    struct RetentionTests {
        @Test func pastItsTimeIsGoneAndHeldStays() async throws {
            let world = try await World.shared.value
            var options = Gateway.Options(policy: Policies.everyone)
            options.extra = "recording: {segment: 1MiB, retention: {keep: 1s, every: 1s}}"
            let gateway = try await Gateway.start(options, before: world.server)
            let token = try await gateway.createToken("expiring-1", groups: ["plain"])
            #expect(try await gateway.clients(token).psql("SELECT 'remembered';").status == 0)
            let held = try await eventually("the session is listed as ended") {
                try await gateway.json(["sessions", "list"]).list.first {
                    $0["ended"].string != nil && $0["commands"].int == 1
                }?["id"].string
            }
            let placed = try await gateway.sluice(["sessions", "hold", held, "--name", "case-2", "--reason", "a case"])
            #expect(placed.status == 0, "\(placed.transcript)")
            let replica = try #require(Self.replica(gateway))
            // Where orders cannot be given.
            try Data().write(to: URL(filePath: replica + "/orders"))

            let other = try await gateway.createToken("expiring-2", groups: ["plain"])
            try await eventually("a fourth segment begins", deadline: .seconds(120)) {
                let noise = Self.noise()
                _ = try await gateway.clients(other).psql("SELECT 'perishable', length('\(noise)');")
                return try (Self.segments(replica).last ?? 0) > 3
            }
            let failing = try await eventually("its status says why it fails") {
                try await Self.expirer(gateway)["reason"].string
            }
            #expect(failing.contains("retention fails") && failing.contains("/orders"), "\(failing)")
            try FileManager.default.removeItem(atPath: replica + "/orders")

            try await eventually("all but what is held is gone", deadline: .seconds(120)) {
                let segments = try Self.segments(replica)
                return segments.first == 1 && !segments.contains(2) && !segments.contains(3)
            }
            try await eventually("it works again") {
                let status = try await Self.expirer(gateway)
                return status["state"].string == "ready" && status["reason"].string == nil
            }
            let log = gateway.supervisor.output
            #expect(log.contains("removed past its retention: ") && log.contains("segment 1, held as case-2"), "\(log)")
            let shown = try await gateway.session(held)
            #expect(shown.contains("remembered"), "\(shown)")
            #expect(try await gateway.sluice(["verify"], deadline: .seconds(120)).status == 0)

            let released = try await gateway.sluice(["sessions", "release", "case-2"])
            #expect(released.status == 0, "\(released.transcript)")
            try await eventually("what is held no more is gone", deadline: .seconds(60)) {
                try !Self.segments(replica).contains(1)
            }
            try await eventually("no word of it is left") {
                try await gateway.json(["sessions", "search", "remembered"]).list.isEmpty
                    && !Self.has("remembered", gateway)
            }
            #expect(try await gateway.sessions(of: "expiring-1").isEmpty)
            #expect(try await gateway.sluice(["verify"], deadline: .seconds(120)).status == 0)
            #expect(await gateway.stop() == 0)
        }

        private static func expirer(_ gateway: Gateway) async throws -> JSONValue {
            try #require(
                try await gateway.json(["status"])["stages"].list.first { $0["stage"].string == "expirer" })
        }

        /// As large when compressed.
        private static func noise() -> String {
            var generator = SystemRandomNumberGenerator()
            return (0..<8_192).map { _ in String(generator.next(), radix: 36) }.joined()
        }

        private static func replica(_ gateway: Gateway) -> String? {
            let recordings = gateway.directory.file("state/recordings")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: recordings)) ?? []
            return names.first { $0.hasPrefix("recorder-0") }.map { recordings + "/" + $0 }
        }

        private static func segments(_ replica: String) throws -> [Int] {
            try FileManager.default.contentsOfDirectory(atPath: replica).filter { $0.hasSuffix(".slseg") }
                .compactMap { Int($0.dropLast(6)) }.sorted()
        }

        /// Whether a text stands in a file of the search index.
        private static func has(_ text: String, _ gateway: Gateway) throws -> Bool {
            let recordings = gateway.directory.file("state/recordings")
            return try FileManager.default.contentsOfDirectory(atPath: recordings).contains { name in
                name.hasPrefix("search.sqlite")
                    && FileManager.default.contents(atPath: recordings + "/" + name)?.range(of: Data(text.utf8)) != nil
            }
        }
    }
}
