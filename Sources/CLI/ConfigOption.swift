import ArgumentParser
import Configuration
import Foundation

/// `--config`, the same for every command.
struct ConfigOption: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = "sluice.yaml"

    var exists: Bool { FileManager.default.fileExists(atPath: config) }

    func load() throws -> Configuration {
        try Configuration.load(path: config)
    }
}
