import ArgumentParser
import Configuration
import Foundation
import Supervisor

struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Replace a stage's processes by new ones while everything goes on.",
        discussion: """
            One process after the other; no command fails and no connection is refused. A replaced ingress finishes its \
            connections for as long as limits.drain says. When a new process does not start, what ran before goes on.
            """)

    @Argument(help: "The stages.") var stages: [String] = []
    @Flag(help: "All stages.") var all = false
    @Option(help: "A folder of new programs; without it, the programs that stand where the running ones were started.")
    var programs: String?
    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table

    func validate() throws {
        if stages.isEmpty != all { throw ValidationError("name the stages, or say --all") }
    }

    func run() throws {
        let folder = programs.map {
            URL(fileURLWithPath: $0, isDirectory: true).resolvingSymlinksInPath().standardizedFileURL.path
        }
        try SupervisorRequest.run(.restart(stages, programs: folder), config: config, format: format)
    }
}
