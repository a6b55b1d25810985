import ArgumentParser
import Configuration
import Supervisor

struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Run more or fewer processes of a stage while everything goes on.",
        discussion: """
            Answers when the new ones are ready, or the old ones have finished and gone. It lasts until sluice up ends: \
            write it to sluice.yaml (stages: {classifier: {replicas: 3}}) to keep it.
            """)

    @Argument(help: "The stage: classifier, masker, recorder, or one of your own.") var stage: String
    @Argument(help: "How many processes are to run here.") var replicas: Int
    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table

    func run() throws {
        try SupervisorRequest.run(.scale(stage, to: replicas), config: config, format: format)
    }
}
