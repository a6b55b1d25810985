import Foundation
import TestKit
import Testing

extension Integration {
    /// `sluice witness`: what it leaves with others shows that recordings were set back.
    @Suite(.serialized)
    struct WitnessTests {
        private let proven: ProvenRecording
        private let directory: TemporaryDirectory
        private let port: Int
        private let server: Child

        init() async throws {
            proven = try await ProvenRecording.shared.value
            directory = try TemporaryDirectory()
            port = try freePort()
            for (name, extensions) in [
                ("tls", ["subjectAltName=IP:127.0.0.1"]), ("authority", Self.signer), ("other", Self.signer),
            ] {
                let made = try await Child(
                    "openssl",
                    [
                        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)",
                        "-keyout",
                        directory.file(name + ".key"), "-out", directory.file(name + ".pem"),
                    ] + extensions.flatMap { ["-addext", $0] }, directory: directory
                ).finish()
                try #require(made.status == 0, "\(made.transcript)")
            }
            try directory.write(
                """
                [tsa]
                serial = \(directory.path)/serial
                signer_cert = \(directory.path)/authority.pem
                signer_key = \(directory.path)/authority.key
                signer_digest = sha256
                default_policy = 1.2.3.4
                digests = sha256

                """, to: "authority.conf")
            server = try Child(
                "python3",
                [
                    Project.root + "/Tests/IntegrationTests/Clients/witness.py", "\(port)", directory.file("tls.pem"),
                    directory.file("tls.key"), directory.path,
                ], directory: directory)
            try await server.waitFor("ready")
        }

        private static let signer = [
            "basicConstraints=critical,CA:FALSE", "extendedKeyUsage=critical,timeStamping",
            "keyUsage=critical,digitalSignature",
        ]

        private var post: [String] { ["--post", "https://127.0.0.1:\(port)/take", "--ca", directory.file("tls.pem")] }
        private var keep: [String] { ["--keep", directory.file("kept")] }
        private var stamp: [String] {
            ["--timestamp", "https://127.0.0.1:\(port)/stamp", "--authority", directory.file("authority.pem")]
        }

        private func start(_ arguments: [String]) throws -> Child {
            try Child(Project.binaries + "/sluice", arguments, directory: directory)
        }

        private func witness(_ recordings: String, _ options: [String]) throws -> Child {
            let keys = proven.publicKeys.flatMap { ["--public-key", $0] }
            return try start(["witness", "--recordings", recordings] + keys + options)
        }

        private func verify(_ recordings: String, _ authority: String? = nil) async throws -> Finished {
            let authorities = authority.map { ["--timestamp-authority", directory.file($0)] } ?? []
            let keys = proven.publicKeys.flatMap { ["--public-key", $0] }
            return try await start(
                ["verify", "--checkpoint", directory.file("kept"), recordings] + keys + authorities
            ).finish()
        }

        private func kept(_ suffix: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: directory.file("kept"))
                .filter { $0.hasSuffix(suffix) }.sorted()
        }

        @Test func whatWasKeptShowsThatAllWasSetBack() async throws {
            try FileManager.default.createDirectory(
                atPath: directory.file("kept"), withIntermediateDirectories: true)
            // With the configuration's own folder and key, and again: nothing is kept twice.
            for _ in 0..<2 {
                let ran = try await proven.gateway.sluice(
                    ["witness"] + keep + stamp + ["--ca", directory.file("tls.pem")])
                #expect(ran.status == 0, "\(ran.transcript)")
                #expect(try kept(".checkpoint").count == proven.replicas.count)
                #expect(try kept(".tsr").count == proven.replicas.count)
                #expect(try kept("").count == 2 * proven.replicas.count)
            }
            let copy = try proven.copy()
            let whole = try await verify(copy, "authority.pem")
            #expect(whole.status == 0, "\(whole.transcript)")
            #expect(whole.output.components(separatedBy: "says an authority's timestamp").count == 3)

            let older = try await verify(proven.older, "authority.pem")
            #expect(older.status == 1)
            for name in try kept(".checkpoint") { #expect(older.output.contains("\(name): byte 0: ")) }
            // A replica of which nothing is left, not even on the list.
            let gone = proven.replicas[0]
            try FileManager.default.removeItem(atPath: copy + "/" + gone)
            #expect(try await verify(copy).output.contains("is of replica '\(gone)', which is missing"))

            #expect(try await verify(proven.recordings, "other.pem").status == 1)
            let stamped = try kept(".tsr").map { directory.file("kept/" + $0) }
            let stamp = try Data(contentsOf: URL(filePath: stamped[1]))
            try await damaging(stamped[0], { $0 = stamp }) {
                let exchanged = try await verify(proven.recordings, "authority.pem")
                #expect(exchanged.status == 1 && exchanged.output.contains(stamped[0]), "\(exchanged.transcript)")
            }
            // What is kept of a block is not replaced by what says something else of it.
            let checkpoints = try kept(".checkpoint").map { directory.file("kept/" + $0) }
            let other = try Data(contentsOf: URL(filePath: checkpoints[1]))
            try await damaging(checkpoints[0], { $0 = other }) {
                let ran = try await witness(proven.recordings, keep).finish()
                #expect(ran.status == 1 && ran.errors.contains("the recording was set back"), "\(ran.transcript)")
                #expect(FileManager.default.contents(atPath: checkpoints[0]) == other)
            }
        }

        @Test func aWitnessThatDoesNotTakeItIsAnError() async throws {
            let taken = directory.file("taken")
            let ran = try await witness(proven.recordings, post).finish()
            #expect(ran.status == 0, "\(ran.transcript)")
            let notes = try proven.replicas.map {
                try Data(contentsOf: URL(filePath: proven.recordings + "/\($0)/checkpoint"))
            }
            #expect(FileManager.default.contents(atPath: taken) == notes.reduce(Data(), +))

            let untrusted = try await witness(proven.recordings, Array(post.prefix(2))).finish()
            #expect(untrusted.status == 1, "\(untrusted.transcript)")
            let strange = try await start(
                ["witness", "--recordings", proven.recordings, "--public-key", proven.publicKeys[0]] + post
            ).finish()
            #expect(strange.status == 1 && strange.errors.contains("signature is wrong"), "\(strange.transcript)")
            for wrong in [[], ["--post", "http://192.0.2.1/"], stamp, keep + stamp.suffix(2)] {
                let refused = try await witness(proven.recordings, wrong).finish()
                #expect(refused.status == 2, "\(wrong): \(refused.transcript)")
            }

            try FileManager.default.removeItem(atPath: taken)
            try directory.write("", to: "refuse")
            let refused = try await witness(proven.recordings, post).finish()
            #expect(
                refused.status == 1 && refused.errors.contains("the receiver answered 503"), "\(refused.transcript)")
            let watching = try witness(proven.recordings, post + ["--every", "1s"])
            try await watching.waitFor("the receiver answered 503")
            try FileManager.default.removeItem(atPath: directory.file("refuse"))
            for name in proven.replicas { try await watching.waitFor("\(name): block") }
            // The receiver may take any of them first.
            @Sendable func areTaken() -> Bool {
                let all = FileManager.default.contents(atPath: taken) ?? Data()
                return all.count == notes.reduce(0) { $0 + $1.count } && notes.allSatisfy { all.range(of: $0) != nil }
            }
            try await eventually("all are taken") {
                areTaken()
                    && watching.output.components(separatedBy: "is witnessed").count == proven.replicas.count + 1
            }
            #expect(await watching.stop() == 0)
            // What did not change was not given again.
            #expect(areTaken())
        }
    }
}
