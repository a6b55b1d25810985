import ArgumentParser
import Configuration
import Contract
import Detection
import Foundation
import Identity
import Policy
import PolicyDetectors
import PolicyFiles
import PolicyTesting

/// `sluice classify-schema`: proposes tags for a database's columns.
struct ClassifySchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify-schema",
        abstract: "Propose tags for the columns of a database, from a sample of its rows.",
        discussion: """
            Reads some rows of each table as a client of the gateway that runs here, with the account of SLUICE_TOKEN=NAME:SECRET: \
            every statement is judged, masked and recorded as everybody's are, and what comes masked is reported as covered \
            already. Writes a file of tags for a human to read and to accept; it never holds a value. A policy names the file \
            as `tags`, and masks the columns of a tag by {columns: ["tag:pii.email"]}.
            """)

    @Argument(help: "The resource.") var resource: String
    @Option(help: "Rows of each table, at most.") var rows = 200
    @Option(help: "Seconds for each table, at most.") var timeout = 10
    @Option(help: "Seconds for all tables together, at most; those that are not reached are named.") var total = 600
    @Option(help: "The target's catalogue, as `policy catalog` writes it; by default the target is asked, read only.")
    var catalog: String?
    @Option(help: "A file for the result, in place of standard output.") var output: String?
    @OptionGroup var config: ConfigOption
    @Option(help: "yaml or json.") var format = Format.yaml

    enum Format: String, ExpressibleByArgument, CaseIterable { case yaml, json }

    func validate() throws {
        guard (1...10_000).contains(rows) else { throw ValidationError("--rows is 1 to 10000") }
        guard (1...600).contains(timeout) else { throw ValidationError("--timeout is 1 to 600") }
        guard (1...86_400).contains(total) else { throw ValidationError("--total is 1 to 86400") }
    }

    func run() throws {
        let configuration = try config.load()
        let resource = try configuration.resource(named: resource)
        let account = try GatewayAccount.current(that: "may read the tables")
        let catalog = try catalog.map(Catalog.load) ?? LiveCatalog.read(resource, of: configuration)
        let files = try PolicyFiles.read(path: configuration.policyFile)
        let engine = try SchemaSampler.engine(files)
        let sampler = SchemaSampler(
            resource: resource, configuration: configuration, account: account, catalog: catalog,
            policy: try PolicySet(files))
        var tables: [SampledTable] = []
        try sampler.run(rows: rows, seconds: timeout, total: total) { table, answer in
            tables.append(SampledTable(table, answer, engine))
        }
        let proposal = TagProposal(resource: resource.name, account: account.name, rows: rows, tables: tables)
        try write(try format == .json ? proposal.json : proposal.yaml)
    }

    private func write(_ text: String) throws {
        guard let output else { return print(text, terminator: "") }
        do {
            try Data(text.utf8).write(to: URL(filePath: output), options: .atomic)
        } catch {
            throw CommandFailure("\(output) cannot be written: \(error.localizedDescription)")
        }
    }
}
