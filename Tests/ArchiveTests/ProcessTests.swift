import Foundation
import Glibc
import Recording
import TestKit
import Testing

@testable import Archive

extension ArchiveTests {
    /// The program itself, as a supervisor starts it.
    @Suite("The archiver's process")
    struct ProcessTests {
        private static func configuration(_ store: Store, _ extra: String = "") -> String {
            """
            state: .
            run: ./run
            listeners: {postgres: 127.0.0.1:1}
            resources: [{name: orders, protocol: postgres, target: "127.0.0.1:1/orders", credentials: {user: app}}]
            policy: policy.yaml
            recording:
              archive:
                endpoint: \(store.settings.endpoint)
                bucket: \(store.settings.bucket)
                prefix: prod/recordings
                credentials: {access_key: {env: ARCHIVE_ACCESS}, secret_key: {file: secret}}
                part_size: 5MiB
                \(extra)

            """
        }

        private static func launch(_ recorded: Recorded, _ store: Store, _ extra: String = "") throws -> Child {
            let directory = recorded.directory
            try directory.write(configuration(store, extra), to: "sluice.yaml")
            try directory.write(S3Server.secretKey + "\n", to: "secret")
            try? FileManager.default.createDirectory(
                atPath: directory.file("run/bus"), withIntermediateDirectories: true)
            return try Child(
                Project.binaries + "/sluice-archiver", ["--config", directory.file("sluice.yaml")],
                environment: [
                    "ARCHIVE_ACCESS": S3Server.accessKey, "SLUICE_STAGE": "archiver", "SLUICE_REPLICA": "0",
                    "SLUICE_BUS": directory.file("run/bus"), "SLUICE_KEY_FILE": "/dev/null",
                ], directory: directory)
        }

        @Test func killedInTheMiddleItGoesOn() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 5, bytes: 12 << 20)
            let client = try store.client()
            for _ in 0..<3 {
                let child = try Self.launch(recorded, store)
                try await eventually("an upload is under way") {
                    if try recorded.archived().count == 4 { return true }
                    return try !client.uploads(prefix: "").isEmpty
                }
                child.signal(SIGKILL)
                try await child.finish()
            }
            let child = try Self.launch(recorded, store, "keep_local: 0s")
            try await eventually("everything that may go is gone") { recorded.numbers == [3, 4, 5] }
            #expect(await child.stop() == 0, "\(child.errors)")
            #expect(try recorded.archived().keys.sorted() == [1, 2, 3, 4])
            #expect(try client.uploads(prefix: "").isEmpty)
            #expect(recorded.verified(recorded.cache(store)).isWhole)
        }

        @Test func aStoreThatFailsIsSaidWithoutSecrets() async throws {
            var store = try await Store()
            store.settings.bucket = "no-such-bucket"
            let recorded = try Recorded(segments: 3)
            let child = try Self.launch(recorded, store, "keep_local: 0s")
            try await child.waitFor("the archive fails")
            let figures = try await Child(
                "curl",
                ["-sS", "--unix-socket", recorded.directory.file("run/metrics/archiver.0"), "http://localhost/status"],
                directory: recorded.directory
            ).finish().output
            #expect(figures.contains("\"ready\":false") && figures.contains("there is no such bucket"), "\(figures)")
            #expect(await child.stop() == 0)
            #expect(recorded.numbers == [1, 2, 3])
            for secret in [S3Server.secretKey, S3Server.accessKey] {
                #expect(!(child.output + child.errors + figures).contains(secret))
            }
        }

        @Test func onlyOneWorksOnAFolder() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 3)
            let first = try Self.launch(recorded, store)
            try await first.waitFor("uploaded segment 1")
            let second = try Self.launch(recorded, store)
            let ended = try await second.finish()
            #expect(ended.status == 1 && ended.errors.contains("another archiver works on"), "\(ended.transcript)")
            #expect(await first.stop() == 0)
        }

        @Test func commandsReadThrough() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 5)
            let child = try Self.launch(recorded, store)
            try await child.waitFor("uploaded segment 4")
            #expect(await child.stop() == 0)
            func sluice(_ arguments: [String]) async throws -> Finished {
                try await Child(
                    Project.binaries + "/sluice", arguments + ["--config", recorded.directory.file("sluice.yaml")],
                    environment: ["ARCHIVE_ACCESS": S3Server.accessKey], directory: recorded.directory
                ).finish()
            }
            try recorded.writeKey()
            #expect(try await sluice(["sessions", "reindex"]).status == 0)
            let commands = [
                ["sessions", "show", Recorded.session], ["sessions", "replay", "--no-delay", Recorded.session],
                ["sessions", "export", Recorded.session], ["sessions", "export"], ["sessions", "list"], ["verify"],
            ]
            var before: [String] = []
            for command in commands {
                let done = try await sluice(command)
                #expect(done.status == 0, "\(command): \(done.errors)")
                before.append(done.output)
            }
            let remover = try Self.launch(recorded, store, "keep_local: 0s")
            try await remover.waitFor("removed segment 2")
            #expect(await remover.stop() == 0)
            #expect(recorded.numbers == [3, 4, 5])
            for (command, output) in zip(commands, before) {
                let done = try await sluice(command)
                #expect(done.status == 0 && done.output == output, "\(command): \(done.errors)")
            }
            #expect(try await sluice(["sessions", "reindex"]).status == 0)
        }

        /// A host without the recorder's folder has what the index and the store say.
        @Test func commandsReadWhatAnotherHostArchived() async throws {
            let store = try await Store()
            let server = try await PostgresServer.start(connections: 20)
            _ = try await server.direct.query("CREATE DATABASE sluice_index")
            let index = """
                keep_local: 0s
                  index:
                    target: 127.0.0.1:\(server.port)/sluice_index
                    credentials: {user: \(PostgresServer.owner), password: "\(PostgresServer.password)"}
                """
            let recorded = try Recorded(segments: 5)
            let child = try Self.launch(recorded, store, index)
            try await child.waitFor("uploaded segment 4")
            #expect(await child.stop() == 0)
            let elsewhere = try TemporaryDirectory()
            for file in ["sluice.yaml", "secret"] {
                try FileManager.default.copyItem(atPath: recorded.directory.file(file), toPath: elsewhere.file(file))
            }
            func sluice(_ directory: TemporaryDirectory, _ arguments: String...) async throws -> Finished {
                try await Child(
                    Project.binaries + "/sluice",
                    ["sessions"] + arguments + ["--config", directory.file("sluice.yaml")],
                    environment: ["ARCHIVE_ACCESS": S3Server.accessKey], directory: directory
                ).finish()
            }
            let remade = try await sluice(recorded.directory, "reindex")
            #expect(remade.status == 0, "\(remade.transcript)")
            let whole = try await sluice(recorded.directory, "export", Recorded.session).output
            let found = try await sluice(elsewhere, "export", Recorded.session)
            #expect(found.status == 0 && found.output.count > whole.count / 2, "\(found.errors)")
            #expect(whole.hasPrefix(found.output) && whole != found.output)
            let place = "is recorded on host "
            #expect(
                found.errors.contains("a part of it \(place)")
                    && found.errors.contains("/recordings/\(Recorded.replica)"))
            // Nobody's word leads out of the folder, nor is what another host has held from here.
            let held = try await sluice(elsewhere, "hold", Recorded.session, "--name", "n", "--reason", "r")
            #expect(held.status == 1 && held.errors.contains("it \(place)"), "\(held.transcript)")
            _ = try await Clients(server.endpoint(database: "sluice_index"), in: server.directory).query(
                "UPDATE sluice.session_segments SET replica = '../' || replica")
            let refused = try await sluice(elsewhere, "show", Recorded.session)
            #expect(refused.status == 1 && refused.errors.contains("wherever its folder is"), "\(refused.transcript)")
            await server.stop()
        }
    }
}
