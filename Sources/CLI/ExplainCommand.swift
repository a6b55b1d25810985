import ArgumentParser
import Configuration
import Contract
import Foundation
import Identity
import Policy
import PolicyTesting
import SwiftProtobuf

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what would be decided about a command, and why.",
        discussion: """
            Works offline, by the same code as the classifier. Nothing is run, held or recorded, and the exit code is 0 \
            whatever the decision. A rule with ✓ matched, one with ≈ nearly did: it is about this identity and resource, \
            and one part of its `when` does not hold.
            """)

    /// Longest text that is read from standard input, in bytes: more than any protocol's parser takes.
    private static let maximumInput = 16 << 20

    @Option(name: .customLong("as"), help: "The identity that would ask.") var identity: String
    @Option(name: .customLong("on"), help: "The resource that it would ask.") var resource: String
    @Option(name: .customLong("group"), help: "A group of the identity, beside those of its account.")
    var groups: [String] = []
    @Option(name: .customLong("label"), help: "A label of the identity, KEY=VALUE, beside those of its account.")
    var labels: [String] = []
    @Option(name: .customLong("from"), help: "The address that it would come from.") var source: String?
    @Option(name: .customLong("at"), help: "When it would ask, such as 2026-01-31T10:00:00Z; by default now.")
    var time: String?
    @Option(help: "Rows that the target's planner would expect.") var estimatedRows: UInt64?
    @Option(help: "The target's catalogue, the message Catalog of bus.proto as JSON: views are looked through then.")
    var catalog: String?
    @Argument(help: "The command's text; - reads it from standard input.") var text: String
    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table

    func validate() throws {
        for label in labels where !label.contains("=") || label.hasPrefix("=") {
            throw ValidationError("--label \(label): write KEY=VALUE")
        }
        if let time, Self.seconds(time) == nil {
            throw ValidationError("--at \(time): write a time such as 2026-01-31T10:00:00Z")
        }
        if let source, ClientAddress.source(source) == nil {
            throw ValidationError("--from \(source): write an IP address")
        }
    }

    func run() throws {
        let configuration = try config.load()
        let policy = try PolicySet.load(path: configuration.policyFile)
        guard let resource = configuration.resources.first(where: { $0.name == resource }) else {
            let names = configuration.resources.map(\.name).joined(separator: ", ")
            throw CommandFailure("no resource “\(resource)”: use one of \(names)")
        }
        let text = text == "-" ? try Self.input() : Array(text.utf8)
        guard let facts = CommandClassifier.facts(of: text, protocol: resource.protocolName, catalog: try readCatalog())
        else { throw CommandFailure("commands of protocol \(resource.protocolName) cannot be explained") }
        let (principal, remark) = try principal(configuration.state)
        var circumstances = self.circumstances
        circumstances.resourceLabels = resource.labels
        var explanation = policy.explain(
            facts: facts, principal: principal, resource: resource.name, circumstances: circumstances)
        if let remark { explanation.remarks.append(remark) }
        if !facts.resolved, !facts.opaque, !(facts.tablesRead + facts.tablesWritten).isEmpty {
            explanation.remarks.append(
                "names were not looked up, as they are live: a view counts as a table of its own; --catalog tells more")
        }
        switch format {
        case .json: print(explanation.json)
        case .table: print(explanation.text, terminator: "")
        }
    }

    private var circumstances: Circumstances {
        var circumstances = Circumstances(
            time: time.flatMap(Self.seconds) ?? Int64(Date().timeIntervalSince1970))
        if let estimatedRows {
            var estimate = Estimate()
            estimate.rows = estimatedRows
            circumstances.estimate = estimate
        }
        return circumstances
    }

    /// The identity as it would log in, with groups and labels of its account, and what is to be said about it.
    private func principal(_ state: StateDirectory) throws -> (Principal, remark: String?) {
        var principal = Principal()
        principal.name = identity
        principal.groups = groups
        if let source { principal.sourceAddress = ClientAddress.source(source) ?? "" }
        let account =
            FileManager.default.fileExists(atPath: state.identities)
            ? try IdentityStore(path: state.identities).find(identity) : nil
        if let account {
            principal.groups = account.groups + groups.filter { !account.groups.contains($0) }
            principal.labels = account.labels
        }
        for label in labels {
            guard let equals = label.firstIndex(of: "=") else { continue }
            principal.labels[String(label[..<equals])] = String(label[label.index(after: equals)...])
        }
        let remark = "no account is named \(identity) here: its groups and labels are those given"
        return (principal, account == nil ? remark : nil)
    }

    private func readCatalog() throws -> Catalog? {
        guard let catalog else { return nil }
        guard let data = FileManager.default.contents(atPath: catalog) else {
            throw CommandFailure("\(catalog) cannot be read: check that it exists and is readable")
        }
        do {
            return try Catalog(jsonUTF8Data: data)
        } catch {
            throw CommandFailure("\(catalog) is not the message Catalog as JSON: \(error)")
        }
    }

    private static func seconds(_ text: String) -> Int64? {
        (try? Date(text, strategy: .iso8601)).map { Int64($0.timeIntervalSince1970) }
    }

    private static func input() throws -> [UInt8] {
        let data = try FileHandle.standardInput.read(upToCount: maximumInput + 1) ?? Data()
        guard data.count <= maximumInput else {
            throw CommandFailure("the command is longer than \(maximumInput) bytes")
        }
        return [UInt8](data)
    }
}
