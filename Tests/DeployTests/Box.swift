import Foundation
import TestKit

/// This machine once more, with an init of its own as process 1, in which a deployment is installed for real: its
/// users, folders, units and sandboxes. See `Box/box.sh`. Needs root.
struct Box: Sendable {
    let directory: TemporaryDirectory
    /// The port on 127.0.0.1 where Ingress listens.
    let port: Int
    private let recorderKeys: String
    private let process: Child
    private let initPID: pid_t

    /// What is installed in it and which program is process 1.
    struct Kind: Sendable {
        /// A script beside `box.sh`, which installs.
        let preparation: String
        let initProgram: [String]
        /// Where the recorder has its keys.
        let recorderKeys: String
    }

    /// - Parameter files: further files that stand in it before its init starts: path without the first `/`, text.
    static func start(
        _ kind: Kind, files: [String: String], port: Int
    ) async throws -> Box {
        let directory = try TemporaryDirectory()
        for (path, text) in files { try directory.writeTree(text, to: "files/\(path)") }
        let scripts = Project.root + "/Tests/DeployTests/Box/"
        let process = try Child(
            "/bin/bash",
            [
                scripts + "box.sh", directory.path, Project.root, Project.binaries, scripts + kind.preparation,
            ] + kind.initProgram, directory: directory, label: "box")
        let text = try await eventually("the box starts", deadline: .seconds(60)) {
            if let status = process.status {
                throw TestKitError("the box ended with \(status)\n\(process.output)\n\(process.errors)")
            }
            return FileManager.default.contents(atPath: directory.file("pid"))
        }
        guard let pid = pid_t(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw TestKitError("no pid in \(directory.file("pid"))") }
        return Box(
            directory: directory, port: port, recorderKeys: kind.recorderKeys, process: process, initPID: pid)
    }

    func stop() async {
        await process.stop()
    }

    /// What process 1 and what it started wrote so far.
    var log: String { process.output + process.errors }

    /// Runs a program in the box, as root or as `user`.
    func run(
        _ command: [String], as user: String? = nil, environment: [String: String] = [:],
        deadline: Duration = .seconds(60)
    ) async throws -> Finished {
        let enter = [
            "--target", "\(initPID)", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wdns=/", "--",
        ]
        let become = user.map { ["setpriv", "--reuid=\($0)", "--regid=\($0)", "--init-groups", "--"] } ?? []
        return try await Child(
            "nsenter", enter + become + command, environment: environment, directory: directory, label: "in-box"
        ).finish(deadline: deadline)
    }

    /// The output of a program that has to end with 0.
    @discardableResult
    func need(_ command: [String], as user: String? = nil, environment: [String: String] = [:]) async throws -> String {
        let finished = try await run(command, as: user, environment: environment)
        guard finished.status == 0 else {
            throw TestKitError("\(command.joined(separator: " ")): \(finished.transcript)")
        }
        return finished.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// `sluice ARGUMENTS --config /etc/sluice/sluice.yaml`, by the user that docs/deploying.md names for it.
    func sluice(_ arguments: [String], as reviewer: Token? = nil) async throws -> String {
        var environment = reviewer.map { ["SLUICE_TOKEN": "\($0.name):\($0.secret)"] } ?? [:]
        var user: String?
        switch arguments.first {
        case "token": user = "sluice-ingress"
        case "sessions", "verify":
            user = "sluice-recorder"
            environment["SLUICE_KEYS"] = recorderKeys
        default: break
        }
        return try await need(
            ["sluice"] + arguments + ["--config", "/etc/sluice/sluice.yaml"], as: user, environment: environment)
    }

    func createToken(_ name: String, group: String) async throws -> Token {
        let answer = try JSONValue(try await sluice(["token", "create", name, "--group", group, "--format", "json"]))
        guard let name = answer["name"].string, let secret = answer["secret"].string else {
            throw TestKitError("no name or secret in \(answer)")
        }
        return Token(name: name, secret: secret)
    }

    /// Clients outside of the box, with TLS as it is offered.
    func clients(_ token: Token) -> Clients {
        var endpoint = Endpoint(port: port, user: token.name, password: token.secret, database: PostgresServer.database)
        endpoint.sslmode = "require"
        return Clients(endpoint, in: directory)
    }
}

extension TemporaryDirectory {
    /// Writes a file in folders that are made as needed.
    func writeTree(_ text: String, to name: String) throws {
        let path = URL(filePath: file(name))
        try FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: path)
    }
}
