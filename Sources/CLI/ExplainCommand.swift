import ArgumentParser
import Configuration
import Contract
import Foundation
import Identity
import Policy
import PolicyTesting
import StrictYAML

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what would be decided about a command, and why.",
        discussion: """
            Works offline, by the same code as the classifier; with --live names are looked up in the target's catalogue as \
            the gateway does it. Nothing is run, held or recorded, and the exit code is 0 whatever the decision. A rule with ✓ matched, one with ≈ nearly did: it is about this identity and resource, \
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
    @Option(help: "The target's catalogue, as `policy catalog` writes it: views are looked through then.")
    var catalog: String?
    @Flag(help: "Ask the target for its catalogue now, read only, with the resource's credentials.") var live = false
    @Argument(help: "The command's text; - reads it from standard input.") var text: String
    @OptionGroup var config: ConfigOption
    @Option(help: "table or json.") var format = OutputFormat.table

    func validate() throws {
        if live, catalog != nil { throw ValidationError("use either --live or --catalog") }
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
        let resource = try configuration.resource(named: resource)
        let text = text == "-" ? try Self.input() : Array(text.utf8)
        let catalog =
            live
            ? try LiveCatalog.read(resource, of: configuration, naming: text) : try catalog.map(Catalog.load)
        guard let facts = CommandClassifier.facts(of: text, protocol: resource.protocolName, catalog: catalog)
        else { throw CommandFailure("commands of protocol \(resource.protocolName) cannot be explained") }
        let (principal, objection) = try principal(configuration.state)
        var circumstances = self.circumstances
        circumstances.resourceLabels = resource.labels
        var explanation = policy.explain(
            facts: facts, principal: principal, resource: resource.name, circumstances: circumstances)
        if !facts.resolved, !facts.opaque, !(facts.tablesRead + facts.tablesWritten).isEmpty {
            explanation.remarks.append(
                "names were not looked up in the target's catalogue, as the gateway does: a view counts as a table of its "
                    + "own; --live or --catalog tell more")
        }
        if let objection { Sluice.complain("warning: \(objection)") }
        switch format {
        case .json:
            if let objection { explanation.remarks.insert(objection, at: 0) }
            print(explanation.json)
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

    /// The identity as it would log in, with groups and labels of its account; and why it could not.
    private func principal(_ state: StateDirectory) throws -> (Principal, objection: String?) {
        var principal = Principal()
        principal.name = identity
        principal.groups = groups
        if let source { principal.sourceAddress = ClientAddress.source(source) ?? "" }
        let store =
            FileManager.default.fileExists(atPath: state.identities) ? try IdentityStore(path: state.identities) : nil
        let account = try store?.find(identity)
        if let account {
            principal.groups = account.groups + groups.filter { !account.groups.contains($0) }
            principal.labels = account.labels
        }
        for label in labels {
            guard let equals = label.firstIndex(of: "=") else { continue }
            principal.labels[String(label[..<equals])] = String(label[label.index(after: equals)...])
        }
        return (principal, try objection(to: account, in: store))
    }

    private func objection(to account: ServiceAccount?, in store: IdentityStore?) throws -> String? {
        let now = Date()
        guard let account else {
            let known = try store?.list().filter { $0.status(at: now) == .active }.map(\.name) ?? []
            let near = StrictNode.nearest(to: identity, among: known).map { " (did you mean “\($0)”?)" } ?? ""
            return "no account is named “\(identity)” here\(near): nobody can log in so, and this is what one with the "
                + "groups and labels given would get"
        }
        switch account.status(at: now) {
        case .active: return nil
        case .expired: return "the account “\(identity)” has expired and cannot log in: this is what it would get"
        case .revoked: return "the account “\(identity)” is revoked and cannot log in: this is what it would get"
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
