import Configuration
import Foundation
import Supervisor

/// Asks the supervisor that runs and shows what it does.
enum SupervisorRequest {
    /// What `--format json` prints.
    private struct Report: Encodable {
        /// `done` or `failed`.
        let result: ControlAnswer.Event
        let reason: String?
        /// What happened, in order.
        let events: [ControlAnswer]
    }

    /// Ending this program does not end what it asked for.
    static func run(_ request: ControlRequest, config: ConfigOption, format: OutputFormat) throws {
        var events: [ControlAnswer] = []
        let last = try ControlClient.ask(request, try config.load().state) { answer in
            events.append(answer)
            if format == .table { write(answer.description) }
        }
        if format == .json { try printJSON(Report(result: last.event, reason: last.text, events: events)) }
        guard last.event == .done else { throw CommandFailure(last.text ?? "failed") }
        if format == .table { write("done") }
    }

    /// At once, also into a file: whoever watches wants to see what is under way.
    private static func write(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
