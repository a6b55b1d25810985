import ArgumentParser
import Foundation
import StageConformance

/// `sluice stage`: for those who write stages.
struct StageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage", abstract: "Check custom stages against the contract.", subcommands: [Test.self])
}

extension StageCommand {
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a stage program and check what it does, point by point.",
            discussion: """
                The program is started as `sluice up` would start it, on a bus of its own in a temporary folder, in the \
                present working directory; ingress and the stages behind it are played. Exit code 1 when a check fails.
                """)

        @Option(help: "request, response or both: the lanes that the stage has a place in.")
        var lane = Conformance.Lanes.request
        @Option(help: "Seconds that one answer may take.") var timeout = 10.0
        @Option(help: "table or json.") var format = OutputFormat.table
        @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String]

        func validate() throws {
            guard !command.isEmpty else { throw ValidationError("name the program after --") }
            guard timeout.isFinite, (0.1...600).contains(timeout) else {
                throw ValidationError("--timeout must be 0.1 to 600 seconds")
            }
        }

        func run() throws {
            let results = try Conformance(command, lanes: lane, timeout: timeout).run()
            switch format {
            case .json: try printJSON(results)
            case .table: for result in results { print(line(result)) }
            }
            let failed = results.count { !$0.isOK }
            if format == .table {
                print(failed == 0 ? "conforms: \(results.count) checks" : "\(failed) of \(results.count) checks failed")
            }
            if failed > 0 { throw ExitCode(1) }
        }

        private func line(_ result: CheckResult) -> String {
            guard !result.isOK else { return "ok    \(result.check)" }
            return
                "FAIL  \(result.check): a stage \(result.contract)\n        found: \(TextTable.printable(result.found))"
        }
    }
}

extension Conformance.Lanes: ExpressibleByArgument {}
