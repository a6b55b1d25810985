import ArgumentParser
import Configuration
import Foundation
import Supervisor

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the stages; exit 1 when nothing runs.",
        discussion: """
            Rates, queues and times are of the last ten seconds. “silent”: the process does not answer; “stuck”: it \
            answers, but its work loop makes no turn.
            """)
    /// How often --watch shows them, seconds.
    private static let watchInterval = 1.0

    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table
    @Flag(help: "Show them again each second, until interrupted.") var watch = false

    func run() throws {
        let state = try config.load().state
        guard watch else { return try show(FleetStatus.load(state), state) }
        let isTerminal = isatty(1) == 1
        while true {
            let status = FleetStatus.load(state)
            // Home and clear (ECMA-48): what was shown before goes, what scrolled away stays.
            if isTerminal, format == .table { print("\u{1b}[H\u{1b}[2J", terminator: "") }
            switch format {
            case .json: try printJSON(["stages": status?.stages ?? []], onOneLine: true)
            case .table: print(status.map { StatusTable($0).text } ?? "nothing runs with \(state.root)")
            }
            // Standard output is a pipe's buffer otherwise.
            fflush(nil)
            Thread.sleep(forTimeInterval: Self.watchInterval)
        }
    }

    private func show(_ status: FleetStatus?, _ state: StateDirectory) throws {
        switch format {
        case .json:
            try printJSON(["stages": status?.stages ?? []])
        case .table:
            guard let status, status.isRunning else {
                throw CommandFailure("nothing runs with \(state.root): start it with sluice up")
            }
            print(StatusTable(status).text)
        }
        guard status?.isRunning == true else { throw ExitCode(1) }
    }
}
