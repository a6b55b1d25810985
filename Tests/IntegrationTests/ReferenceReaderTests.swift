import Foundation
import TestKit
import Testing

extension Integration {
    /// A program that is written by docs/recording-format.md alone reads what Sluice wrote, proves it, and sees what was changed.
    @Suite(.serialized)
    struct ReferenceReaderTests {
        private static func read(_ arguments: [String]) async throws -> Finished {
            let directory = try TemporaryDirectory()
            return try await Child(
                try await PythonEnvironment.shared.value,
                [Project.root + "/examples/recordings/read.py"] + arguments,
                environment: ["PYTHONDONTWRITEBYTECODE": "1"], directory: directory, label: "read"
            ).finish(deadline: .seconds(90))
        }

        private static func values(_ text: String) throws -> [NSDictionary] {
            try text.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
            }
        }

        @Test func aPlainRecordingIsReadAndProven() async throws {
            let world = try await World.shared.value
            _ = try await world.clients(world.plain).psql("SELECT 'for the reader';\nTABLE contacts;")
            let exported = try await world.gateway.sluice(["sessions", "export"], deadline: .seconds(90))
            let recordings = world.gateway.directory.file("state/recordings")
            let replica = try #require(
                try FileManager.default.contentsOfDirectory(atPath: recordings).first { $0.hasPrefix("recorder-0-") })
            let directory = try TemporaryDirectory()
            let copy = directory.file(replica)
            // A checkpoint may not be ahead of what it is copied with.
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
            for name in ["checkpoint", "leaves", "head", "00000001.slseg"] {
                try FileManager.default.copyItem(atPath: "\(recordings)/\(replica)/\(name)", toPath: "\(copy)/\(name)")
            }
            let key = world.gateway.directory.file("state/keys/recording.key")
            try directory.write(try await world.gateway.sluice(["keys", "recording"]).output, to: "recording.pub")
            let publicKey = directory.file("recording.pub")
            for trust in [["--key", key], ["--public-key", publicKey]] {
                let whole = try await Self.read([copy] + trust)
                #expect(whole.status == 0 && whole.errors.contains("whole: 1 segments"), "\(whole.errors)")
                let (mine, theirs) = (try Self.values(exported.output), try Self.values(whole.output))
                #expect(mine.count > 10 && theirs.count >= mine.count)
                #expect(zip(mine, theirs).allSatisfy { $0.isEqual($1) })
            }
            let unproven = try await Self.read([copy])
            #expect(unproven.status == 0 && unproven.errors.contains("who made it is unknown"), "\(unproven.errors)")
            try directory.write("another key of thirty-two bytes!", to: "other.key")
            let forged = try await Self.read([copy, "--key", directory.file("other.key")])
            #expect(forged.status == 1 && forged.errors.contains("not made with this key"), "\(forged.errors)")
            let segment = copy + "/00000001.slseg"
            try await damaging(segment, { $0[1000] ^= 1 }) {
                let changed = try await Self.read([copy, "--key", key])
                #expect(changed.status == 1 && changed.errors.contains("00000001.slseg: byte "), "\(changed.errors)")
            }
        }

        @Test func anEncryptedOneIsProvenByAllAndReadByRecipients() async throws {
            let proven = try await ProvenRecording.shared.value
            let exported = try await proven.gateway.sluice(
                ["sessions", "export", "--decryption-key", proven.readers[0]], deadline: .seconds(90))
            #expect(exported.status == 0, "\(exported.errors)")
            let mine = Set(try Self.values(exported.output))
            var theirs: [[NSDictionary]] = [[], []]
            for replica in proven.replicas {
                let folder = proven.recordings + "/" + replica
                for (index, reader) in proven.readers.enumerated() {
                    let read = try await Self.read(
                        [folder, "--public-key", proven.publicKeys[index], "--decryption-key", reader])
                    #expect(read.status == 0 && read.errors.contains("(0 encrypted for others"), "\(read.errors)")
                    theirs[index] += try Self.values(read.output)
                }
                let closed = try await Self.read([folder, "--key", proven.key])
                #expect(closed.status == 0 && closed.output.isEmpty, "\(closed.errors)")
                #expect(closed.errors.contains("encrypted for others") && !closed.errors.contains("(0 "))
                let kept = try #require(proven.checkpoints[replica])
                let remembered = try await Self.read([folder, "--key", proven.key, "--checkpoint", kept])
                #expect(remembered.status == 0, "\(remembered.errors)")
            }
            #expect(theirs[0] == theirs[1] && mine.count > 10)
            #expect(mine.isSubset(of: theirs[0]))
            // Neither the key before nor the one after signed for another installation.
            let other = try await Self.read(
                [proven.recordings + "/" + proven.replicas[0], "--public-key", try await Self.foreignKey(proven)])
            #expect(other.status == 1 && other.errors.contains("no public key that was given"), "\(other.errors)")
        }

        private static func foreignKey(_ proven: ProvenRecording) async throws -> String {
            let (secret, key) = (proven.auditor.file("foreign.pem"), proven.auditor.file("foreign.pub"))
            for arguments in [
                ["genpkey", "-algorithm", "ED25519", "-out", secret], ["pkey", "-in", secret, "-pubout", "-out", key],
            ] {
                _ = try await Child("/usr/bin/openssl", arguments, directory: proven.auditor).finish()
            }
            return key
        }

        @Test func whatWasChangedIsFound() async throws {
            let proven = try await ProvenRecording.shared.value
            let copy = try proven.copy()
            let replica = proven.replicas[0]
            let folder = copy + "/" + replica
            func finds(_ what: String, in file: String, _ options: [String] = []) async throws {
                let read = try await Self.read([folder, "--public-key", proven.publicKeys[0]] + options)
                #expect(read.status == 1 && read.errors.contains("\(file): byte "), "\(what): \(read.errors)")
            }
            let first = folder + "/00000001.slseg"
            let places = SegmentBlocks(try Data(contentsOf: URL(filePath: first))).places
            try #require(places.count > 4)
            for (what, file, change) in [
                ("a byte of the header", "00000001.slseg", { $0[30] ^= 1 }),
                ("a byte of a manifest", "00000001.slseg", { $0[places[1] + 100] ^= 1 }),
                ("a byte of a record", "00000001.slseg", { $0[places[2] - 20] ^= 1 }),
                ("a byte of the seal", "00000001.slseg", { $0[$0.count - 1] ^= 1 }),
                ("a block removed", "00000001.slseg", { $0.removeSubrange(places[1]..<places[2]) }),
                ("the tail cut", "00000001.slseg", { $0 = $0.prefix(places[2]) }),
                ("a leaf", "leaves", { $0[3] ^= 1 }),
                ("a leaf cut", "leaves", { $0 = $0.prefix($0.count - 32) }),
                ("a checkpoint's text", "checkpoint", { $0[$0.count / 2] ^= 1 }),
                ("a checkpoint's signature", "checkpoint", { $0[$0.count - 20] ^= 1 }),
            ] as [(String, String, (inout Data) -> Void)] {
                try await damaging(folder + "/" + file, change) { try await finds(what, in: file) }
            }
            // Another data key for the same readers: the header is committed to the one that was used.
            let other = try Data(contentsOf: URL(filePath: folder + "/00000002.slkeys"))
            let text = String(decoding: other, as: UTF8.self).replacingOccurrences(of: "segment 2", with: "segment 1")
            try await damaging(folder + "/00000001.slkeys", { $0 = Data(text.utf8) }) {
                try await finds("a data key", in: "00000001.slkeys", ["--decryption-key", proven.readers[1]])
            }
            for name in ["00000001.slseg", "00000001.slkeys"] {
                try FileManager.default.moveItem(atPath: folder + "/" + name, toPath: copy + "/away")
                try await finds("\(name) removed", in: name)
                try FileManager.default.moveItem(atPath: copy + "/away", toPath: folder + "/" + name)
            }
            // An older copy of everything is whole, but for a checkpoint that was kept.
            let kept = try #require(proven.checkpoints[replica])
            let older = try await Self.read([proven.older + "/" + replica, "--public-key", proven.publicKeys[0]])
            #expect(older.status == 0, "\(older.errors)")
            let found = try await Self.read(
                [proven.older + "/" + replica, "--public-key", proven.publicKeys[0], "--checkpoint", kept])
            #expect(found.status == 1 && found.errors.contains("\(kept): byte 0"), "\(found.errors)")
        }
    }
}
