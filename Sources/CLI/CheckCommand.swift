import ArgumentParser
import Foundation

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate the configuration and the policy.",
        discussion: """
            Every mistake is named as file:line:column, with exit code 1. Names in the policy that stand for no resource \
            and no account here are warnings, with exit code 0: a policy may be that of several gateways. So are secrets and \
            certificates that are not here: the check may run elsewhere.
            """)

    @OptionGroup var config: ConfigOption
    @Flag(help: "Warnings count as mistakes.") var strict = false
    @Option(help: "table or json.") var format: OutputFormat = .table

    func run() throws {
        let report = CheckReport(path: config.config)
        switch format {
        case .json: try printJSON(report)
        case .table: report.print()
        }
        if let failure = report.failure(strict: strict) { throw CommandFailure(failure) }
    }
}
