import Foundation
import TestKit
import Testing

extension Integration {
    /// What only a recipient reads and everybody proves.
    @Suite(.serialized)
    struct EncryptedRecordingTests {
        private static let word = "zanzibar"

        @Test func onlyTheRecipientReadsWhatWasRecorded() async throws {
            let world = try await World.shared.value
            let keys = try TemporaryDirectory()
            try await openssl(["genpkey", "-algorithm", "X25519", "-out", keys.file("auditor.pem")], keys)
            try await openssl(
                ["pkey", "-in", keys.file("auditor.pem"), "-pubout", "-out", keys.file("auditor.pub")], keys)
            var options = Gateway.Options(policy: Policies.everyone)
            options.extra = "recording: {segment: 1MiB, encryption: {recipients: [\(keys.file("auditor.pub"))]}}"
            let gateway = try await Gateway.start(options, before: world.server)
            let token = try await gateway.createToken("sealed-1", groups: ["plain"])
            let ran = try await gateway.clients(token).psql(
                "SELECT '\(Self.word)';\nSELECT repeat('\(Self.word)', 10);")
            #expect(ran.status == 0)

            let id = try await eventually("the session is listed as ended") {
                try await gateway.json(["sessions", "list"]).list.first {
                    $0["identity"].string == "sealed-1" && $0["ended"].string != nil && $0["commands"].int == 2
                }?["id"].string
            }
            let without = try await gateway.sluice(["sessions", "show", id])
            #expect(without.status == 1, "\(without.transcript)")
            #expect(without.errors.contains("--decryption-key"), "\(without.transcript)")
            #expect(!without.transcript.contains(Self.word))
            let with = try await gateway.sluice(
                ["sessions", "show", id, "--decryption-key", keys.file("auditor.pem")])
            #expect(with.output.contains("SELECT '\(Self.word)'"), "\(with.transcript)")
            let watched = try await gateway.sluice(
                ["sessions", "watch", id, "--decryption-key", keys.file("auditor.pem")])
            #expect(watched.output.contains(Self.word), "\(watched.transcript)")

            try await search(gateway, keys)
            let printed = try await gateway.sluice(["keys", "recording"])
            #expect(printed.status == 0, "\(printed.transcript)")
            try keys.write(printed.output, to: "recording.pub")
            #expect(await gateway.stop() == 0)
            for segment in Recordings(in: gateway.directory).segments {
                let bytes = try Data(contentsOf: URL(filePath: segment))
                #expect(bytes.range(of: Data(Self.word.utf8)) == nil)
            }
            // As an auditor on another host: the recordings and the public key.
            let copy = keys.file("copy")
            try FileManager.default.copyItem(atPath: gateway.directory.file("state/recordings"), toPath: copy)
            let proven = try await verify(copy, keys)
            #expect(proven.status == 0, "\(proven.transcript)")
            let read = try await verify(copy, keys, ["--decryption-key", keys.file("auditor.pem")])
            #expect(read.status == 0, "\(read.transcript)")
            let one = try await verify(copy, keys, ["--session", id])
            #expect(one.status == 0, "\(one.transcript)")

            let sidecar = try #require(
                FileManager.default.subpathsOfDirectory(atPath: copy).first { $0.hasSuffix(".slkeys") })
            try FileManager.default.removeItem(atPath: copy + "/" + sidecar)
            let gone = try await verify(copy, keys)
            #expect(gone.status == 1, "\(gone.transcript)")
            #expect(gone.output.contains("data key is missing"), "\(gone.transcript)")
        }

        /// The key is rotated while the recorder runs; who has the first public key goes on to verify.
        @Test func aRotatedKeyProvesWhatTheOneBeforeSigned() async throws {
            let world = try await World.shared.value
            let keys = try TemporaryDirectory()
            let gateway = try await Gateway.start(.init(policy: Policies.everyone), before: world.server)
            try keys.write(try await gateway.sluice(["keys", "recording"]).output, to: "recording.pub")
            let token = try await gateway.createToken("rotated-1", groups: ["plain"])
            _ = try await gateway.clients(token).psql("SELECT 1;")
            let rotated = try await gateway.sluice(["keys", "recording", "--rotate"])
            #expect(rotated.status == 0, "\(rotated.transcript)")
            let restarted = try await gateway.sluice(["restart", "recorder"])
            #expect(restarted.status == 0, "\(restarted.transcript)")
            let ran = try await gateway.clients(token).psql("SELECT 2;")
            #expect(ran.status == 0, "\(ran.transcript)")
            let own = try await gateway.sluice(["verify"])
            #expect(own.status == 0, "\(own.transcript)")
            let before = try await verify(gateway.directory.file("state/recordings"), keys)
            #expect(before.status == 0, "\(before.transcript)")
            try keys.write(rotated.output, to: "recording.pub")
            let after = try await verify(gateway.directory.file("state/recordings"), keys)
            #expect(after.status == 0, "\(after.transcript)")
            #expect(await gateway.stop() == 0)
        }

        @Test func aWrongRecipientIsNamedBeforeTheStart() async throws {
            let keys = try TemporaryDirectory()
            try await openssl(["genpkey", "-algorithm", "ED25519", "-out", keys.file("sign.pem")], keys)
            try await openssl(["pkey", "-in", keys.file("sign.pem"), "-pubout", "-out", keys.file("sign.pub")], keys)
            var options = Gateway.Options(policy: Policies.everyone)
            options.extra = "recording: {encryption: {recipients: [\(keys.file("sign.pub"))]}}"
            let directory = try TemporaryDirectory()
            try Gateway.configure(options, port: try freePort(), target: 1, in: directory)
            let checked = try await sluice(["check", "--config", directory.file("sluice.yaml")], keys)
            #expect(checked.status == 1, "\(checked.transcript)")
            #expect(checked.errors.contains("sign.pub") && checked.errors.contains("X25519"), "\(checked.transcript)")
        }

        /// Recorders keep no words in the clear; who has the key does where he says.
        private func search(_ gateway: Gateway, _ keys: TemporaryDirectory) async throws {
            let (key, own) = (["--decryption-key", keys.file("auditor.pem")], ["--index", keys.file("words.sqlite")])
            let index = gateway.directory.file("state/recordings/search.sqlite")
            #expect(!FileManager.default.fileExists(atPath: index))
            let kept = try await gateway.sluice(["sessions", "search", Self.word] + key)
            #expect(kept.status == 1 && kept.errors.contains("--index FILE"), "\(kept.transcript)")
            for options in [own + [Self.word], ["--contains", Self.word]] {
                let without = try await gateway.sluice(["sessions", "search"] + options)
                #expect(without.status == 1 && without.errors.contains("--decryption-key"), "\(without.transcript)")
                for _ in 1...2 {
                    #expect(try await gateway.json(["sessions", "search"] + options + key).list.count == 2)
                }
            }
            try FileManager.default.copyItem(atPath: keys.file("words.sqlite"), toPath: index)
            let refused = try await gateway.sluice(["sessions", "reindex"])
            #expect(refused.status == 1 && refused.errors.contains("--decryption-key"), "\(refused.transcript)")
            let made = try await gateway.sluice(["sessions", "reindex"] + key)
            #expect(made.status == 0, "\(made.transcript)")
            #expect(try await gateway.json(["sessions", "search", Self.word] + key).list.count == 2)
            try FileManager.default.removeItem(atPath: index)
        }

        private func verify(
            _ path: String, _ keys: TemporaryDirectory, _ options: [String] = []
        ) async throws -> Finished {
            try await sluice(
                ["verify", path, "--public-key", keys.file("recording.pub"), "--config", "/nonexistent/sluice.yaml"]
                    + options, keys)
        }

        private func sluice(_ arguments: [String], _ directory: TemporaryDirectory) async throws -> Finished {
            try await Child(Project.binaries + "/sluice", arguments, directory: directory).finish()
        }

        private func openssl(_ arguments: [String], _ directory: TemporaryDirectory) async throws {
            let made = try await Child("openssl", arguments, directory: directory).finish()
            #expect(made.status == 0, "\(made.transcript)")
        }
    }
}
