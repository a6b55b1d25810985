import ArgumentParser
import PostgresRender
import Recording

extension SessionsCommand {
    /// `sluice sessions stats`: how much was done, by whom.
    struct Stats: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count sessions and commands by identity, resource, day, rule, entity or decision.",
            discussion: """
                By rule, entity and decision a session counts, with all its commands, in every group of which some command was.
                """)

        @OptionGroup var source: RecordingsOption
        @OptionGroup var filter: SessionFilter
        @Option(help: "identity, resource, day, rule, entity or decision.") var by = RecordingIndex.Grouping.identity
        @Option(help: "At most this many groups.") var limit = 50
        @Option(help: "table or json.") var format: OutputFormat = .table

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
        }

        func run() throws {
            let index = try source.index()
            let totals = try index.totals(filter.filter(limit: limit), by: by)
            switch format {
            case .json: try printJSON(totals.map(Row.init))
            case .table:
                guard !totals.isEmpty else { return print("no recorded sessions") }
                TextTable(
                    columns: [
                        by.rawValue.uppercased(), "SESSIONS", "OPEN", "COMMANDS", "REFUSED", "HELD", "BYTES",
                    ],
                    rows: totals.map { group in
                        let numbers = [
                            group.sessions, group.open, group.commands, group.refused, group.held, group.bytes,
                        ]
                        return [TerminalText.escape(group.group)] + numbers.map { String($0) }
                    }
                ).print()
            }
        }

        private struct Row: Encodable {
            let group: String
            let sessions, open, commands, refused, held, bytes: UInt64

            init(_ totals: RecordingIndex.Totals) {
                group = totals.group
                sessions = totals.sessions
                open = totals.open
                commands = totals.commands
                refused = totals.refused
                held = totals.held
                bytes = totals.bytes
            }
        }
    }
}
