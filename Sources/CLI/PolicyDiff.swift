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
                catalogue. Nothing is run. The exit code is 0 whatever changes.
                """)

        @Argument(help: "The policy to compare with.") var old: String
        @Argument(help: "The policy that would be in force.") var new: String
        @Option(
            name: .customLong("from"), parsing: .upToNextOption,
            help: "Folders of recordings; by default the configuration's.")
        var folders: [String] = []
        @OptionGroup var config: ConfigOption
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
                try RecordingArchive(recordings: folder).forEachRecord { record throws(RecordingError) in
                    guard let command = commands.add(record) else { return }
                    difference.add(
                        command.facts, text: command.text, principal: command.principal, resource: command.resource,
                        time: command.time)
                }
            }
            let changes = difference.changes
            switch format {
            case .json: try printJSON(Result(compared: difference.compared, changes: changes))
            case .table: printTable(changes, compared: difference.compared)
            }
        }

        private func printTable(_ changes: [PolicyDifference.Change], compared: Int) {
            let changed = changes.reduce(0) { $0 + $1.count }
            if !changes.isEmpty {
                let rows = changes.map { change in
                    [
                        String(change.count), change.identity, change.resource, word(change.old, beside: change.new),
                        word(change.new, beside: change.old), change.text,
                    ]
                }
                TextTable(columns: ["COUNT", "IDENTITY", "RESOURCE", "OLD", "NEW", "COMMAND"], rows: rows).print()
            }
            print("\(changed) of \(compared) recorded commands would be decided otherwise")
        }

        /// The decision, with as much as tells it from the other one.
        private func word(_ outcome: PolicyDifference.Outcome, beside other: PolicyDifference.Outcome) -> String {
            var words = [outcome.decision]
            if outcome.maxRows != other.maxRows {
                words.append(outcome.maxRows == 0 ? "no limit" : "up to \(outcome.maxRows) rows")
            }
            if outcome.mask != other.mask {
                let own = outcome.mask.filter { !other.mask.contains($0) }
                words.append(own.isEmpty ? "fewer masks" : "mask \(own.joined(separator: ", "))")
            }
            if outcome.withoutEstimate != other.withoutEstimate {
                words.append(outcome.withoutEstimate ? "by estimate" : "without estimate")
            }
            return words.joined(separator: ", ")
        }
    }
}

private struct Result: Encodable {
    var compared: Int
    var changes: [PolicyDifference.Change]
}
