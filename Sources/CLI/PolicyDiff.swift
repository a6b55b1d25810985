import Archive
import ArgumentParser
import Configuration
import Policy
import PolicyTesting
import Recording

extension PolicyCommand {
    /// `sluice policy diff`: recorded commands under another policy.
    struct Difference: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "Show for whom another policy would have decided otherwise.",
            discussion: """
                Replays recorded commands under both policies, at the time and from the address at which they came. \
                Commands are read again from their text, or taken as they were judged when that was with the target's \
                catalogue. Nothing is run. Commands that differ only in constants are shown as one, with a session in \
                which they came; JSON has every text. The exit code is 0 whatever changes.
                """)

        @Argument(help: "The policy to compare with.") var old: String
        @Argument(help: "The policy that would be in force.") var new: String
        @Option(
            name: .customLong("from"), parsing: .upToNextOption,
            help: "Folders of recordings; by default the configuration's.")
        var folders: [String] = []
        @OptionGroup var config: ConfigOption
        @OptionGroup var decryption: DecryptionOption
        @Option(help: "table or json.") var format: OutputFormat = .table

        func run() throws {
            // Recordings of elsewhere may come without a configuration.
            let configuration = folders.isEmpty || config.exists ? try config.load() : nil
            let labels = (configuration?.resources ?? []).map { ($0.name, $0.labels) }
            var difference = PolicyDifference(
                old: try PolicySet.load(path: old), new: try PolicySet.load(path: new),
                labels: Dictionary(uniqueKeysWithValues: labels))
            let folders = folders.isEmpty ? [configuration?.state.recordings].compactMap { $0 } : folders
            for folder in folders {
                var commands = RecordedCommands()
                let source = configuration.flatMap { CachedSegments.of($0, recordings: folder) }
                let access = RecordingAccess(source: source, keys: try decryption.keys())
                try RecordingArchive(recordings: folder, access: access).forEachRecord {
                    record throws(RecordingError) in
                    if let command = commands.add(record) { difference.add(command) }
                }
            }
            switch format {
            case .json: try printJSON(Result(compared: difference.compared, changes: difference.changes))
            case .table:
                PolicyDifferenceTable(
                    compared: difference.compared, summary: PolicyDifferenceSummary(difference.changes)
                ).print()
            }
        }
    }
}

private struct Result: Encodable {
    var compared: Int
    var changes: [PolicyDifference.Change]
}
