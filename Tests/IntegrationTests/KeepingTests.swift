import Foundation
import TestKit
import Testing

extension Integration {
    /// What is kept, removed and erased, by the commands that a person gives.
    @Suite(.serialized)
    struct KeepingTests {
        @Test func erasedIsGoneAndHeldStays() async throws {
            let world = try await World.shared.value
            let keys = try TemporaryDirectory()
            for arguments in [
                ["genpkey", "-algorithm", "X25519", "-out", keys.file("auditor.pem")],
                ["pkey", "-in", keys.file("auditor.pem"), "-pubout", "-out", keys.file("auditor.pub")],
            ] { #expect(try await Child("openssl", arguments, directory: keys).finish().status == 0) }
            var options = Gateway.Options(policy: Policies.everyone)
            options.extra =
                "recording: {encryption: {recipients: [\(keys.file("auditor.pub"))]}, retention: {keep: 1s}}"
            let gateway = try await Gateway.start(options, before: world.server)
            let one = try await session("kept-1", "SELECT 'first'", gateway)
            let two = try await session("kept-2", "SELECT 'second'", gateway)

            let held = try await gateway.sluice(["sessions", "hold", one, "--name", "case-1", "--reason", "litigation"])
            #expect(held.status == 0, "\(held.transcript)")
            let alone = try await gateway.sluice(["sessions", "erase", two, "--reason", "asked for"])
            #expect(alone.status == 1 && alone.errors.contains("--with-others"), "\(alone.transcript)")
            let refused = try await gateway.sluice(
                ["sessions", "erase", two, "--reason", "asked for", "--with-others"])
            #expect(refused.status == 1 && refused.errors.contains("legal hold: case-1"), "\(refused.transcript)")
            let kept = try await gateway.sluice(["sessions", "holds"])
            #expect(kept.output.contains("case-1"), "\(kept.transcript)")
            #expect(try await shows(two, "SELECT 'second'", gateway, keys))

            #expect(try await gateway.sluice(["sessions", "release", "case-1"]).status == 0)
            let erased = try await gateway.sluice(
                ["sessions", "erase", two, "--reason", "asked for", "--with-others"])
            #expect(erased.status == 0, "\(erased.transcript)")
            #expect(try await !shows(two, "SELECT 'second'", gateway, keys))
            let proven = try await gateway.sluice(["verify"])
            #expect(proven.status == 0, "\(proven.transcript)")

            let three = try await session("kept-3", "SELECT 'third'", gateway)
            #expect(try await shows(three, "SELECT 'third'", gateway, keys))
            let removed = try await gateway.sluice(
                ["sessions", "erase", three, "--reason", "asked for", "--with-others", "--remove"])
            #expect(removed.status == 0, "\(removed.transcript)")
            let listed = try await gateway.json(["sessions", "list"]).list.compactMap { $0["id"].string }
            #expect(!listed.contains(three))
            let again = try await gateway.sluice(["verify"])
            #expect(again.status == 0, "\(again.transcript)")
            let restarted = try await gateway.sluice(["restart", "recorder"])
            #expect(restarted.status == 0, "\(restarted.transcript)")
            _ = try await session("kept-4", "SELECT 'fourth'", gateway)

            let due = try await eventually("something is past its time") {
                let due = try await gateway.sluice(["sessions", "expire", "--dry-run"])
                return due.output.contains("due:") ? due : nil
            }
            #expect(due.status == 0, "\(due.transcript)")
            let expired = try await gateway.sluice(["sessions", "expire"])
            #expect(expired.status == 0, "\(expired.transcript)")
            let end = try await gateway.sluice(["verify"])
            #expect(end.status == 0, "\(end.transcript)")
            #expect(await gateway.stop() == 0)
        }

        /// Runs a statement and waits until its session is listed as ended.
        private func session(_ name: String, _ sql: String, _ gateway: Gateway) async throws -> String {
            let token = try await gateway.createToken(name, groups: ["plain"])
            #expect(try await gateway.clients(token).psql(sql + ";").status == 0)
            return try await eventually("the session is listed as ended") {
                try await gateway.json(["sessions", "list"]).list.first {
                    $0["identity"].string == name && $0["ended"].string != nil && $0["commands"].int == 1
                }?["id"].string
            }
        }

        private func shows(
            _ id: String, _ text: String, _ gateway: Gateway, _ keys: TemporaryDirectory
        ) async throws -> Bool {
            try await gateway.sluice(["sessions", "show", id, "--decryption-key", keys.file("auditor.pem")])
                .output.contains(text)
        }
    }
}
