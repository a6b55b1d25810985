import Contract
import Foundation
import Glibc
import Recording
import TestKit

/// A `sluice-forwarder` with recordings of the test's own.
struct ForwarderProcess {
    let directory: TemporaryDirectory
    let recordings: Recordings

    /// - Parameter sinks: YAML of the sinks, without indentation.
    init(sinks: String) throws {
        directory = try TemporaryDirectory()
        for name in ["state", "state/run"] {
            try FileManager.default.createDirectory(
                atPath: directory.file(name), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        recordings = try Recordings(in: directory.file("state/recordings"))
        try configure(sinks: sinks)
    }

    func configure(sinks: String) throws {
        let lines = sinks.split(separator: "\n").map { "      \($0)\n" }.joined()
        try directory.write(
            """
            state: ./state
            listeners: {postgres: 127.0.0.1:15432}
            resources: [{name: orders, protocol: postgres, target: 127.0.0.1:5432/orders, credentials: {user: app}}]
            policy: policy.yaml
            recording:
              forward:
                sinks:
            \(lines)
            """, to: "sluice.yaml")
    }

    func start() throws -> Child {
        try Child(
            Project.binaries + "/sluice-forwarder", ["--config", directory.file("sluice.yaml")],
            environment: [
                "SLUICE_STAGE": "forwarder", "SLUICE_REPLICA": "0", "SLUICE_BUS": directory.file("state/run/bus"),
                "SLUICE_KEY_FILE": directory.file("none"), "HOOK_SECRET": Self.secret,
            ], directory: directory)
    }

    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// What it says at `/metrics` or `/readyz`.
    func ask(_ path: String) async throws -> String {
        try await Child(
            "curl",
            ["-s", "--unix-socket", directory.file("state/run/metrics/forwarder.0"), "http://localhost/\(path)"],
            directory: directory
        ).finish().output
    }

    /// A certificate for 127.0.0.1 that is its own authority.
    func makeCertificate() async throws {
        let made = try await Child(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory.file("key.pem"), "-out",
                directory.file("cert.pem"),
            ], directory: directory
        ).finish()
        guard made.status == 0 else { throw TestKitError(made.transcript) }
    }

    func lines(_ name: String) -> [String] {
        let data = FileManager.default.contents(atPath: directory.file(name)) ?? Data()
        return String(decoding: data, as: UTF8.self).wholeLines
    }
}

/// What a receiver got, in its order.
struct Received {
    let ids: [String]

    /// Each id where it came first.
    var first: [String] {
        var seen: Set<String> = []
        return ids.filter { seen.insert($0).inserted }
    }

    var isWithoutRepeats: Bool { first.count == ids.count }

    func first(of session: String) -> [String] { first.filter { $0.hasPrefix(session + "/") } }
}

/// Several sessions at once on two recorders, written piece by piece.
final class Traffic {
    private let writers: [SegmentWriter]
    private var scenes: [Scene]
    private var turn = 0

    init(_ recordings: Recordings, sessions: Int = 6, prefix: String = "s") throws {
        writers = [
            try recordings.writer("recorder-0", segmentBytes: 40_000), try recordings.writer("recorder-1"),
        ]
        scenes = (0..<sessions).map { Scene("\(prefix)\($0)") }
        for index in scenes.indices {
            scenes[index].start()
            try write(index)
        }
    }

    private func write(_ index: Int) throws { try writers[index % 2].appendEach(scenes[index].takeRecords()) }

    /// A few commands of each session; their parts stand in blocks of their own.
    func step() throws {
        turn += 1
        for index in scenes.indices {
            scenes[index].receive("SELECT \(turn) /* ü \(index) */", index % 3 == 0 ? .hold : .allow)
            try write(index)
        }
        for index in scenes.indices {
            if index % 3 == 0 {
                scenes[index].hold("pending", id: "h-\(turn)")
                scenes[index].hold("approved", id: "h-\(turn)")
            }
            scenes[index].finish()
            try write(index)
        }
    }

    func end() throws {
        for index in scenes.indices {
            scenes[index].end()
            try write(index)
        }
    }

    var expected: Set<String> { Set(scenes.flatMap(\.expected)) }
    var sessions: [Scene] { scenes }
}
