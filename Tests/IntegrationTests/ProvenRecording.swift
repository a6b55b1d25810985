import Foundation
import TestKit

/// An installation that has recorded and stopped: two recorders, encrypted for two readers, several segments each, and a signing key
/// that was rotated. And what an auditor on another host has of it.
struct ProvenRecording: Sendable {
    let gateway: Gateway
    /// Private keys of those who may read: X25519 and RSA.
    let readers: [String]
    /// The public key before it was rotated, and after, as PEM files.
    let publicKeys: [String]
    /// A copy of everything in the middle, and the checkpoints of the end by their recorders' names.
    let older: String
    let checkpoints: [String: String]
    /// Copies are made here; no configuration is near.
    let auditor: TemporaryDirectory

    var recordings: String { gateway.directory.file("state/recordings") }
    var key: String { gateway.directory.file("state/keys/recording.key") }
    var replicas: [String] { checkpoints.keys.sorted() }

    static let shared = Task { try await make() }

    private static func make() async throws -> ProvenRecording {
        let world = try await World.shared.value
        let auditor = try TemporaryDirectory()
        var readers: [String] = []
        for (name, algorithm) in [("x25519", ["X25519"]), ("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"])] {
            readers.append(auditor.file(name + ".pem"))
            for arguments in [
                ["genpkey", "-algorithm"] + algorithm + ["-out", auditor.file(name + ".pem")],
                ["pkey", "-in", auditor.file(name + ".pem"), "-pubout", "-out", auditor.file(name + ".pub")],
            ] {
                let made = try await Child("/usr/bin/openssl", arguments, directory: auditor).finish()
                guard made.status == 0 else { throw TestKitError(made.transcript) }
            }
        }
        var options = Gateway.Options(policy: Policies.everyone)
        options.stages = "recorder: {replicas: 2}"
        options.extra = """
            recording:
              encryption: {recipients: [\(auditor.file("x25519.pub")), \(auditor.file("rsa.pub"))]}
            """
        var gateway = try await Gateway.start(options, before: world.server)
        let token = try await gateway.createToken("audited-1", groups: ["plain"])
        var publicKeys: [String] = []
        func keepPublicKey(_ arguments: [String] = []) async throws {
            let printed = try await gateway.sluice(["keys", "recording"] + arguments)
            guard printed.status == 0 else { throw TestKitError(printed.transcript) }
            let name = "signer-\(publicKeys.count).pem"
            try auditor.write(printed.output, to: name)
            publicKeys.append(auditor.file(name))
        }
        func record(_ round: Int) async throws {
            for turn in 0..<6 {
                let ran = try await gateway.clients(token).psql(
                    "SELECT \(round), \(turn);\nSELECT repeat('x', 200);\nTABLE contacts;")
                guard ran.status == 0 else { throw TestKitError(ran.transcript) }
            }
        }
        func stop() async throws {
            let status = await gateway.stop()
            guard status == 0 else { throw TestKitError("sluice up ended with \(status)") }
        }
        let recordings = gateway.directory.file("state/recordings")
        let older = auditor.file("older")
        try await keepPublicKey()
        try await record(1)
        let restarted = try await gateway.sluice(["restart", "recorder"], deadline: .seconds(60))
        guard restarted.status == 0 else { throw TestKitError(restarted.transcript) }
        try await record(2)
        try await stop()
        try FileManager.default.copyItem(atPath: recordings, toPath: older)
        try await keepPublicKey(["--rotate"])
        gateway = try await Gateway.start(in: gateway.directory, port: gateway.port)
        try await record(3)
        try await stop()
        var checkpoints: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: recordings) where name.hasPrefix("recorder-") {
            checkpoints[name] = auditor.file("\(name).checkpoint")
            try FileManager.default.copyItem(
                atPath: "\(recordings)/\(name)/checkpoint", toPath: auditor.file("\(name).checkpoint"))
        }
        return ProvenRecording(
            gateway: gateway, readers: readers, publicKeys: publicKeys, older: older, checkpoints: checkpoints,
            auditor: auditor)
    }

    /// A copy of all recordings, without the index, as it is sent to an auditor.
    func copy() throws -> String {
        let copy = auditor.file("copy-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: recordings, toPath: copy)
        for name in try FileManager.default.contentsOfDirectory(atPath: copy) where name.hasPrefix("index.") {
            try FileManager.default.removeItem(atPath: copy + "/" + name)
        }
        return copy
    }
}

/// The blocks of a segment, seals too, as docs/recording-format.md has them.
struct SegmentBlocks {
    /// Where each begins, and where the last one ends.
    let places: [Int]

    init(_ segment: Data) {
        var places = [240]
        func length(_ place: Int) -> Int {
            segment[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        while let place = places.last, place + 96 <= segment.count {
            places.append(place + 96 + length(place + 20) + length(place + 28))
        }
        self.places = places
    }

    /// Where the block or the header begins that holds a byte.
    func start(of byte: Int) -> Int { places.last { $0 <= byte } ?? 0 }
}
