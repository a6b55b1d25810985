import Foundation

extension Gateway {
    /// Runs `sluice ARGUMENTS --config …` as another process would.
    public func sluice(
        _ arguments: [String], as reviewer: Token? = nil, environment: [String: String] = [:],
        deadline: Duration = .seconds(30)
    ) async throws -> Finished {
        var environment = environment
        if let reviewer { environment["SLUICE_TOKEN"] = "\(reviewer.name):\(reviewer.secret)" }
        return try await Child(
            Project.binaries + "/sluice", arguments + ["--config", directory.file("sluice.yaml")],
            environment: environment, directory: directory, label: "sluice"
        ).finish(deadline: deadline)
    }

    /// The same with `--format json`; throws unless it ends with 0.
    public func json(_ arguments: [String], as reviewer: Token? = nil) async throws -> JSONValue {
        let finished = try await sluice(arguments + ["--format", "json"], as: reviewer)
        guard finished.status == 0 else {
            throw TestKitError("sluice \(arguments.joined(separator: " ")): \(finished.transcript)")
        }
        return try JSONValue(finished.output)
    }

    /// - Parameter isAwaited: waits until Sluice knows the account, which it learns within a second.
    public func createToken(
        _ name: String, groups: [String] = [], expires: String? = nil, isAwaited: Bool = true
    ) async throws -> Token {
        var arguments = ["token", "create", name] + groups.flatMap { ["--group", $0] }
        if let expires { arguments += ["--expires", expires] }
        let answer = try await json(arguments)
        guard let name = answer["name"].string, let secret = answer["secret"].string else {
            throw TestKitError("no name or secret in \(answer)")
        }
        let token = Token(name: name, secret: secret)
        if isAwaited {
            try await eventually("\(name) can log in") {
                !(try await clients(token).run("psql", ["-X"]).errors.contains("authentication failed"))
            }
        }
        return token
    }

    /// Every stage process, from `sluice status`.
    public func stages() async throws -> [StageProcess] {
        try await json(["status"])["stages"].array.map { entry in
            guard let stage = entry["stage"].string, let state = entry["state"].string else {
                throw TestKitError("no stage or state in \(entry)")
            }
            return StageProcess(
                stage: stage, replica: entry["replica"].int ?? 0, pid: entry["pid"].int.map { pid_t($0) },
                state: state, restarts: entry["restarts"].int ?? 0)
        }
    }

    /// The process of a stage that runs once, as soon as it is ready.
    ///
    /// - Parameter other: a pid that it must not have: of the process before a restart.
    public func readyProcess(of stage: String, otherThan other: pid_t? = nil) async throws -> pid_t {
        try await eventually("\(stage) is ready") {
            try await stages().first { $0.stage == stage && $0.state == "ready" && $0.pid != other }?.pid
        }
    }

    /// Requests that wait for a reviewer now.
    public func pendingApprovals() async throws -> [JSONValue] {
        try await json(["approvals", "list"]).list.filter { $0["status"].string == "pending" }
    }

    public func approvalStatus(_ id: String) async throws -> String? {
        let shown = try await json(["approvals", "show", id])
        return shown["status"].string ?? shown.list.first?["status"].string
    }

    /// Ids of the sessions of one identity.
    public func sessions(of identity: String) async throws -> [String] {
        try await json(["sessions", "list", "--identity", identity, "--limit", "100000"]).list
            .compactMap { $0["id"].string }
    }

    /// Everything the recordings say about one session, as a person reads it.
    public func session(_ id: String) async throws -> String {
        let shown = try await sluice(["sessions", "show", id], deadline: .seconds(120))
        guard shown.status == 0 else { throw TestKitError("sluice sessions show \(id): \(shown.transcript)") }
        return shown.output
    }
}

public struct StageProcess: Sendable {
    public let stage: String
    public let replica: Int
    /// Nil while no process runs.
    public let pid: pid_t?
    public let state: String
    public let restarts: Int
}
