import Foundation
import Synchronization

/// A program that the test started. Its output is readable at any time; it is ended with the test process
/// at the latest.
public final class Child: Sendable {
    public enum Input: Sendable {
        case none
        case text(String)
        /// Written later with `send`, ended with `closeInput`.
        case pipe
    }

    public let name: String
    public let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    /// Kept while the program is.
    private let directory: TemporaryDirectory
    private let state: Mutex<State>

    private struct State {
        var status: Int32?
        var input: Int32
    }

    /// - Parameters:
    ///   - environment: added to the test's own, from which PG* and SLUICE_* are left out.
    ///   - directory: where the program runs, and where its output files are kept.
    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        input: Input = .none, directory: TemporaryDirectory, label: String? = nil
    ) throws {
        name = label ?? URL(filePath: executable).lastPathComponent
        self.directory = directory
        let stem = directory.file("\(name)-\(Self.next())")
        outputPath = stem + ".out"
        errorPath = stem + ".err"
        var reading: Int32 = -1
        var writing: Int32 = -1
        switch input {
        case .none: break
        case .text(let text):
            let path = stem + ".in"
            try Data(text.utf8).write(to: URL(filePath: path))
            reading = open(path, O_RDONLY | O_CLOEXEC)
        case .pipe:
            guard let ends = Spawn.pipe() else { throw TestKitError("pipe: errno \(errno)") }
            (reading, writing) = ends
        }
        defer { if reading >= 0 { close(reading) } }
        let spawn = Spawn(
            executable: executable, arguments: arguments,
            environment: Self.ambient.merging(environment) { $1 }, directory: directory.path,
            input: reading, output: outputPath, errors: errorPath)
        switch spawn.start() {
        case .success(let started): pid = started
        case .failure(let failure):
            if writing >= 0 { close(writing) }
            throw TestKitError("cannot start \(executable): \(String(cString: strerror(failure.errno)))")
        }
        state = Mutex(State(status: nil, input: writing))
        Reaper.shared.started(pid)
    }

    deinit {
        state.withLock { if $0.input >= 0 { close($0.input) } }
    }

    public var output: String { Self.read(outputPath) }
    public var errors: String { Self.read(errorPath) }

    /// Exit code, or 128 + the signal's number; nil while the program runs.
    public var status: Int32? {
        state.withLock { state in
            if let status = state.status { return status }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
            let signal = raw & 0x7f
            state.status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
            Reaper.shared.ended(pid)
            return state.status
        }
    }

    public func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        let written = state.withLock { state in
            bytes.withUnsafeBytes { Glibc.write(state.input, $0.baseAddress, $0.count) }
        }
        guard written == bytes.count else { throw TestKitError("\(name) does not take input: errno \(errno)") }
    }

    public func closeInput() {
        state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    /// Sends a signal to the program itself; nothing when it has ended.
    public func signal(_ number: Int32) {
        state.withLock { if $0.status == nil { kill(pid, number) } }
    }

    /// Waits for the end. Past the deadline the program's process group is killed, and this throws.
    @discardableResult
    public func finish(deadline: Duration = .seconds(60)) async throws -> Finished {
        do {
            let status = try await eventually("\(name) ends", deadline: deadline) { self.status }
            return Finished(status: status, output: output, errors: errors)
        } catch {
            signalGroup(SIGKILL)
            throw TestKitError("\(error)\n--- stdout\n\(output.suffix(4000))\n--- stderr\n\(errors.suffix(4000))")
        }
    }

    /// SIGTERM, and SIGKILL to the group after the deadline; waits for the end of the program either way.
    @discardableResult
    public func stop(deadline: Duration = .seconds(20)) async -> Int32 {
        signal(SIGTERM)
        if let finished = try? await finish(deadline: deadline) { return finished.status }
        return (try? await finish(deadline: .seconds(5)).status) ?? -1
    }

    /// Waits until the output contains `text`; throws at once when the program ends without it.
    public func waitFor(_ text: String, deadline: Duration = .seconds(30)) async throws {
        try await eventually("\(name) prints \(text)", deadline: deadline) {
            let ended = status
            if output.contains(text) || errors.contains(text) { return true }
            guard let ended else { return false }
            throw TestKitError("\(name) ended with \(ended) before printing \(text)\n\(output)\n\(errors)")
        }
    }

    private func signalGroup(_ number: Int32) {
        state.withLock { if $0.status == nil { kill(-pid, number) } }
    }

    private static let counter = Atomic<Int>(0)
    private static func next() -> Int { counter.add(1, ordering: .relaxed).newValue }

    private static let ambient = ProcessInfo.processInfo.environment.filter {
        !$0.key.hasPrefix("PG") && !$0.key.hasPrefix("SLUICE_")
    }

    private static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// How a program ended.
public struct Finished: Sendable {
    /// Exit code, or 128 + the signal's number.
    public let status: Int32
    public let output: String
    public let errors: String

    public var lines: [String] { output.split(separator: "\n").map(String.init) }
    /// Both streams, for a failed expectation's comment.
    public var transcript: String { "exit \(status)\n--- stdout\n\(output)\n--- stderr\n\(errors)" }
}
