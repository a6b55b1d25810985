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
            those of several hosts, or with folders that were moved away. Elsewhere the public key is enough, which `sluice \
            keys recording` prints: --public-key. With checkpoints that were kept elsewhere (by `sluice witness`, or copies of the \
            file `checkpoint` in a recorder's folder) older copies of everything are found out: --checkpoint. Segments that are in the archive alone are \
            fetched from there. Nothing is changed.
            """)

    @OptionGroup var config: ConfigOption
    @Option(
        name: .customLong("public-key"), parsing: .singleValue,
        help: "A PEM file with the public key that must have signed; may be given more than once.")
    var publicKeys: [String] = []
    @Option(help: "The recorder's own key file, to check heads too; by default the configuration's.") var key: String?
    @OptionGroup var decryption: DecryptionOption
    @Option(
        name: .customLong("checkpoint"), parsing: .singleValue,
        help: "A checkpoint that was kept elsewhere, or a folder of them; may be given more than once.")
    var checkpoints: [String] = []
    @Option(help: "A PEM file with the authorities whose timestamps (.tsr) beside kept checkpoints are checked.")
    var timestampAuthority: String?
    @Option(help: "Only the segments that hold this session, by its whole id.") var session: String?
    @Option(help: "Only segments that were written to at this time or later, as for `sessions list`.") var since:
        PointInTime?
    @Option(help: "Only segments that were written to before this time.") var until: PointInTime?
    @Option(help: "Segments that are read at the same time; by default one for each processor.") var threads: Int?
    @Option(help: "table or json.") var format: OutputFormat = .table
    @Argument(help: "What to verify.") var paths: [String] = []

    func validate() throws {
        guard session == nil || (since == nil && until == nil) else {
            throw ValidationError("give a session or a time, not both")
        }
        guard timestampAuthority == nil || !checkpoints.isEmpty else {
            throw ValidationError("--timestamp-authority checks what stands beside checkpoints: give --checkpoint")
        }
        guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("--threads must be at least 1") }
    }

    func run() throws {
        var paths = paths
        var keyPath = key
        // Paths may be copies on another host, where there is no configuration and no key.
        let configuration = paths.isEmpty || config.exists ? try config.load() : nil
        if let state = configuration?.state {
            if paths.isEmpty {
                paths = [state.recordings]
                keyPath = keyPath ?? state.recordingKey
            } else if keyPath == nil, publicKeys.isEmpty, FileManager.default.fileExists(atPath: state.recordingKey) {
                keyPath = state.recordingKey
            }
        }
        var own: [RecordingKey] = []
        if let keyPath { own = [try RecordingKey.load(keyPath)] + (try RecordingKey.loadFormer(of: keyPath)) }
        let keys = VerificationKeys(
            trusted: try publicKeys.map(VerificationKey.init(file:)), recording: own, decryption: try decryption.keys())
        var options = VerificationOptions()
        options.remembered = try checkpoints.flatMap { try KeptCheckpoints.read($0) }
        options.timestampAuthorities = timestampAuthority
        if let session { options.scope = .session(session) }
        if since != nil || until != nil {
            let first = since?.microseconds ?? 0
            options.scope = .time(first...max(first, until?.microseconds ?? .max))
        }
        if let threads { options.threads = threads }
        // Anew: what was fetched before does not prove that the archive still has it.
        options.source = configuration.flatMap {
            CachedSegments.of($0, recordings: $0.state.recordings, isReused: false)
        }
        let report = verify(paths, keys: keys, options: options)
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
        let unsigned =
            report.unsignedBlocks > 0 ? ", up to the checkpoint; \(report.unsignedBlocks) blocks behind it" : ""
        print(
            report.isWhole
                ? "whole\(unsigned): \(counts)" : "NOT WHOLE: \(report.problems.count) problems; read \(counts)")
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
        /// Blocks behind the last checkpoint.
        var unsigned: UInt64
        var sessions: Int
        var open: Int

        init(_ report: VerificationReport) {
            whole = report.isWhole
            problems = report.problems.map { .init(file: $0.file, offset: $0.offset, reason: $0.reason) }
            warnings = report.warnings
            segments = report.segments
            blocks = report.blocks
            records = report.records
            unsigned = report.unsignedBlocks
            sessions = report.sessions
            open = report.openSessions
        }
    }
}
