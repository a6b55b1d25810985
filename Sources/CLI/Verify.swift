import Archive
import ArgumentParser
import Configuration
import Foundation
import PostgresRender
import Recording

/// `sluice verify`: proves recordings whole, or names the first bad byte.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove recordings whole; exit 1 and name the first bad byte.",
        discussion: """
            Without PATH: all recordings of the configuration, with the recorder's key. A PATH is a directory of \
            recordings, one replica's directory, or a segment file. Several directories are judged as one recording: \
            those of several hosts, or with folders that were moved away. Segments that are in the archive alone are \
            fetched from there. Nothing is changed.
            """)

    @OptionGroup var config: ConfigOption
    @Option(help: "The recorder's key file; by default the configuration's.") var key: String?
    @Option(help: "table or json.") var format: OutputFormat = .table
    @Argument(help: "What to verify.") var paths: [String] = []

    func run() throws {
        var paths = paths
        var keyPath = key
        // Paths may be copies on another host, where there is no configuration and no key.
        let configuration = paths.isEmpty ? try config.load() : try? config.load()
        if paths.isEmpty, let state = configuration?.state {
            paths = [state.recordings]
            if keyPath == nil { keyPath = state.recordingKey }
        } else if keyPath == nil, let state = configuration?.state,
            FileManager.default.fileExists(atPath: state.recordingKey)
        {
            keyPath = state.recordingKey
        }
        // Anew: what was fetched before does not prove that the archive still has it.
        let source = configuration.flatMap {
            CachedSegments.of($0, recordings: $0.state.recordings, isReused: false)
        }
        let report = verify(paths, key: try keyPath.map { path in try RecordingKey.load(path) }, source: source)
        switch format {
        case .json: try printJSON(Output(report))
        case .table: printText(report)
        }
        guard report.isWhole else { throw ExitCode(1) }
    }

    private func printText(_ report: VerificationReport) {
        for warning in report.warnings { print("note: \(TerminalText.escape(warning))") }
        for problem in report.problems {
            print(
                "\(TerminalText.escape(problem.file)): byte \(problem.offset): \(TerminalText.escape(problem.reason))")
        }
        let counts =
            "\(report.segments) segments, \(report.blocks) blocks, \(report.records) records, "
            + "\(report.sessions) sessions (\(report.openSessions) open)"
        print(report.isWhole ? "whole: \(counts)" : "NOT WHOLE: \(report.problems.count) problems; read \(counts)")
    }

    private struct Output: Encodable {
        struct Problem: Encodable {
            var file: String
            var offset: Int64
            var reason: String
        }
        var whole: Bool
        var problems: [Problem]
        var warnings: [String]
        var segments: Int
        var blocks: UInt64
        var records: UInt64
        var sessions: Int
        var open: Int

        init(_ report: VerificationReport) {
            whole = report.isWhole
            problems = report.problems.map { .init(file: $0.file, offset: $0.offset, reason: $0.reason) }
            warnings = report.warnings
            segments = report.segments
            blocks = report.blocks
            records = report.records
            sessions = report.sessions
            open = report.openSessions
        }
    }
}
