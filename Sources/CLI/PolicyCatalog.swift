import ArgumentParser
import PolicyTesting

extension PolicyCommand {
    /// `sluice policy catalog`: a target's catalogue in a file, for what works offline.
    struct TargetCatalog: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "catalog", abstract: "Write a target's catalogue, for `explain --catalog` and policy tests.",
            discussion: """
                Asks the resource's target, with the resource's own credentials and read only, for every table and view, \
                and for the search path. The result, the message Catalog of bus.proto as JSON with a line for each \
                relation, goes to standard output: sluice policy catalog orders > orders.catalog.json
                """)

        @Argument(help: "The resource.") var resource: String
        @OptionGroup var config: ConfigOption

        func run() throws {
            let configuration = try config.load()
            print(try LiveCatalog.read(configuration.resource(named: resource), of: configuration).lines)
        }
    }
}
