import ArgumentParser
import Configuration

/// `--config`, the same for every command.
struct ConfigOption: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = "sluice.yaml"

    func load() throws -> Configuration {
        try Configuration.load(path: config)
    }
}
