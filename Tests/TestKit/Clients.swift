import Foundation

/// The unmodified clients that the tests use, at one endpoint.
public struct Clients: Sendable {
    public let endpoint: Endpoint
    public let directory: TemporaryDirectory

    public init(_ endpoint: Endpoint, in directory: TemporaryDirectory) {
        self.endpoint = endpoint
        self.directory = directory
    }

    /// psql reading `script`: unaligned, tuples only, `|` between columns, errors with their SQLSTATE.
    /// It goes on after an error, as an interactive session does.
    public func psql(
        _ script: String, options: [String] = [], deadline: Duration = .seconds(60)
    ) async throws -> Finished {
        try await startPsql(input: .text(script + "\n"), options: options).finish(deadline: deadline)
    }

    /// The same, still running: for a session that waits for a reviewer, or is written to step by step.
    public func startPsql(input: Child.Input, options: [String] = []) throws -> Child {
        try Child(
            "psql", ["-X", "-A", "-t", "-q", "-v", "VERBOSITY=verbose"] + options,
            environment: endpoint.environment, input: input, directory: directory)
    }

    /// One command, one answer; throws unless psql ends with 0.
    public func query(_ sql: String) async throws -> String {
        let finished = try await psql(sql, options: ["-v", "ON_ERROR_STOP=1"])
        guard finished.status == 0 else { throw TestKitError(finished.transcript) }
        return finished.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    public func run(
        _ program: String, _ arguments: [String], input: Child.Input = .none, deadline: Duration = .seconds(120)
    ) async throws -> Finished {
        try await start(program, arguments, input: input).finish(deadline: deadline)
    }

    public func start(_ program: String, _ arguments: [String], input: Child.Input = .none) throws -> Child {
        try Child(program, arguments, environment: endpoint.environment, input: input, directory: directory)
    }

    /// A script of the tests' own, under the project's Python environment (`scripts/python-env.sh`).
    public func python(
        _ script: String, _ arguments: [String] = [], deadline: Duration = .seconds(90)
    ) async throws -> Finished {
        let interpreter = try await PythonEnvironment.shared.value
        return try await run(interpreter, [script] + arguments, deadline: deadline)
    }
}

/// The project's Python environment, made on first use and kept in `.build-python`.
public enum PythonEnvironment {
    public static let shared = Task<String, any Error> {
        let directory = try TemporaryDirectory()
        let script = Project.root + "/scripts/python-env.sh"
        let made = try await Child(script, directory: directory).finish(deadline: .seconds(300))
        guard made.status == 0, let interpreter = made.lines.last else { throw TestKitError(made.transcript) }
        return interpreter
    }
}

/// Where things are in the source tree and the build.
public enum Project {
    /// The package's root: this file is Tests/TestKit/Clients.swift.
    public static let root: String = {
        if let root = ProcessInfo.processInfo.environment["SLUICE_TEST_ROOT"] { return root }
        var url = URL(filePath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path(percentEncoded: false).trimmingSuffix("/")
    }()

    /// The folder with `sluice` and its stages: the one that the test bundle was built into.
    public static let binaries: String = {
        if let folder = ProcessInfo.processInfo.environment["SLUICE_TEST_BIN"] { return folder }
        return URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .path(percentEncoded: false).trimmingSuffix("/")
    }()
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
