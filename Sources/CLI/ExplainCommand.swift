import ArgumentParser
import Configuration
import Contract
import Foundation
import Identity
import Policy
import PostgresClassify

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what would be decided about a command, and why.",
        discussion: "Works offline, by the same code as the classifier. Nothing is run, held or recorded.")

    @Option(name: .customLong("as"), help: "The identity that would ask.") var identity: String
    @Option(name: .customLong("on"), help: "The resource that it would ask.") var resource: String
    @Option(name: .customLong("group"), help: "A group of the identity, beside those of its account.")
    var groups: [String] = []
    @Argument(help: "The command's text.") var text: String
    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table

    /// Turns a command's text into facts, for each protocol.
    private static let classifiers: [String: @Sendable ([UInt8]) -> Facts] = [
        "postgres": { PostgresClassifier().facts(of: $0) }
    ]

    func run() throws {
        let configuration = try config.load()
        let policy = try PolicySet.load(path: configuration.policyFile)
        guard let resource = configuration.resources.first(where: { $0.name == resource }) else {
            let names = configuration.resources.map(\.name).joined(separator: ", ")
            throw CommandFailure("no resource “\(resource)”: use one of \(names)")
        }
        guard let classify = Self.classifiers[resource.protocolName] else {
            throw CommandFailure("commands of protocol \(resource.protocolName) cannot be explained")
        }
        let explanation = policy.explain(
            facts: classify(Array(text.utf8)), principal: try principal(configuration.state), resource: resource.name)
        switch format {
        case .json: print(explanation.json)
        case .table: print(explanation.text, terminator: "")
        }
    }

    /// The identity as it would log in: groups and labels of its account, when it has one here.
    private func principal(_ state: StateDirectory) throws -> Principal {
        var principal = Principal()
        principal.name = identity
        principal.groups = groups
        guard FileManager.default.fileExists(atPath: state.identities) else { return principal }
        guard let account = try IdentityStore(path: state.identities).find(identity) else { return principal }
        principal.groups = account.groups + groups.filter { !account.groups.contains($0) }
        principal.labels = account.labels
        return principal
    }
}
