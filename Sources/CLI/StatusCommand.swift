import ArgumentParser
import Configuration
import Supervisor

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the stages; exit 1 when nothing runs.")

    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table

    func run() throws {
        let configuration = try config.load()
        let status = Status.load(configuration.state)?.checked()
        switch format {
        case .json:
            try printJSON(status ?? Status(stages: []))
        case .table:
            guard let status, status.isRunning else {
                throw CommandFailure("nothing runs with \(configuration.state.root): start it with sluice up")
            }
            let rows = status.stages.map { stage in
                [stage.stage, "\(stage.replica)", stage.pid.map { "\($0)" } ?? "-", stage.state, "\(stage.restarts)"]
            }
            TextTable(columns: ["STAGE", "REPLICA", "PID", "STATE", "RESTARTS"], rows: rows).print()
        }
        guard status?.isRunning == true else { throw ExitCode(1) }
    }
}
