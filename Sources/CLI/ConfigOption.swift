import ArgumentParser
import Configuration
import Foundation
import StrictYAML

/// `--config`, the same for every command.
struct ConfigOption: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = "sluice.yaml"

    var exists: Bool { FileManager.default.fileExists(atPath: config) }

    func load() throws -> Configuration {
        try Configuration.load(path: config)
    }
}

extension Configuration {
    /// The resource of that name; the error names all there are.
    func resource(named name: String) throws -> Resource {
        if let found = resources.first(where: { $0.name == name }) { return found }
        let near = StrictNode.nearest(to: name, among: resources.map(\.name)).map { "; did you mean “\($0)”?" }
        let names = resources.map(\.name).joined(separator: ", ")
        throw CommandFailure("no resource “\(name)”\(near.map { $0 + " U" } ?? ": u")se one of \(names)")
    }
}
