import Configuration
import Foundation
import Identity
import Policy
import Recording
import StrictYAML

/// What `sluice check` found.
struct CheckReport: Encodable {
    struct Finding: Encodable {
        var file: String
        var line: Int?
        var column: Int?
        var message: String

        init(_ error: ConfigurationError) {
            file = error.file
            line = error.line
            column = error.column
            message = error.message
        }
    }

    private struct Part: Encodable {
        var file: String
        var count: Int
    }

    /// Files without a mistake, and what they hold.
    private var resources: Part?
    private var rules: Part?
    private var absent: [String] = []
    private var mistakes: ConfigurationError?
    private var warnings: [ConfigurationError] = []

    /// Reads the configuration, and the policy that it names even where other things in it are wrong.
    init(path: String) {
        var mistakes = Mistakes()
        let configuration = mistakes.attempt(try Configuration.load(path: path))
        if let configuration {
            resources = Part(file: configuration.file, count: configuration.resources.count)
            absent = configuration.absences()
            for recipient in configuration.recording.encryption?.recipients ?? []
            where FileManager.default.fileExists(atPath: recipient) {
                do throws(RecordingError) {
                    _ = try Recipient(file: recipient)
                } catch {
                    mistakes.add(ConfigurationError(file: recipient, message: error.detail))
                }
            }
        }
        if let file = configuration?.policyFile ?? Configuration.policyFile(namedIn: path),
            let policy = mistakes.attempt(try PolicySet.load(path: file))
        {
            rules = Part(file: file, count: policy.ruleNames.count)
            if let configuration { compare(policy, with: configuration) }
        }
        self.mistakes = mistakes.error
    }

    private mutating func compare(_ policy: PolicySet, with configuration: Configuration) {
        var accounts: [Surroundings.Account] = []
        do {
            accounts = try Self.accounts(configuration.state)
        } catch {
            absent.append("\(error)")
        }
        if accounts.isEmpty, policy.namesAccounts {
            absent.append("accounts: the names of identities, groups and approvers were not compared")
        }
        warnings = policy.unknownNames(
            in: Surroundings(
                resources: configuration.resources.map(\.name), accounts: accounts.isEmpty ? nil : accounts))
    }

    /// Those that can log in.
    private static func accounts(_ state: StateDirectory) throws -> [Surroundings.Account] {
        guard FileManager.default.fileExists(atPath: state.identities) else { return [] }
        let now = Date()
        return try IdentityStore(path: state.identities).list().filter { $0.status(at: now) == .active }.map {
            Surroundings.Account(name: $0.name, groups: $0.groups)
        }
    }

    /// What is right on standard output, what is not on standard error.
    func print() {
        if let resources { Swift.print("valid: \(Self.counted(resources.count, "resource")) in \(resources.file)") }
        if let rules { Swift.print("valid: \(Self.counted(rules.count, "rule")) in \(rules.file)") }
        for absence in absent { Swift.print("absent here: \(absence)") }
        for warning in warnings { Self.complain(warning.warning) }
        for mistake in mistakes?.all ?? [] { Self.complain("\(mistake)") }
    }

    /// nil: nothing has to be put right.
    func failure(strict: Bool) -> String? {
        if let mistakes { return mistakes.count }
        return strict && !warnings.isEmpty ? Self.counted(warnings.count, "warning") : nil
    }

    private static func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

    /// Names come from files: they must not drive the terminal.
    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data((TextTable.printable(text) + "\n").utf8))
    }

    private enum CodingKeys: String, CodingKey {
        case valid, resources, rules, mistakes, warnings, absent
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(mistakes == nil, forKey: .valid)
        try keys.encode(resources, forKey: .resources)
        try keys.encode(rules, forKey: .rules)
        try keys.encode((mistakes?.all ?? []).map(Finding.init), forKey: .mistakes)
        try keys.encode(warnings.map(Finding.init), forKey: .warnings)
        try keys.encode(absent, forKey: .absent)
    }
}
