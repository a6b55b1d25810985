import ArgumentParser
import Configuration
import Foundation
import Identity

/// `sluice token`: service accounts of non-human identities.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke service accounts.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a service account and print its secret, this once.")

        @Argument(help: "1 to 63 of the characters a-z 0-9 . _ -") var name: String
        @Option(name: .customLong("group"), help: "A group of the account; may be repeated.") var groups: [String] = []
        @Option(name: .customLong("label"), help: "A label KEY=VALUE; may be repeated.") var labels: [AccountLabel] = []
        @Option(help: "How long the account lives: 30m, 24h, 7d. Without it the account does not expire.")
        var expires: Lifetime?
        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func validate() throws {
            guard Set(labels.map(\.key)).count == labels.count else {
                throw ValidationError("The same label is given twice.")
            }
        }

        func run() throws {
            let store = try IdentityStore(path: config.load().state.identities)
            let now = Date()
            let (account, secret) = try store.create(
                name: name, groups: groups,
                labels: Dictionary(labels.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }),
                expiresAt: expires.map { now.addingTimeInterval($0.seconds) }, now: now)
            switch format {
            case .json:
                try printJSON(
                    CreatedAccount(name: account.name, secret: secret, expires: OptionalTime(account.expiresAt)))
            case .table:
                let rows = [["secret", secret], ["expires", account.expiresAt?.ISO8601Format() ?? "never"]]
                TextTable(columns: ["name", account.name], rows: rows).print()
                FileHandle.standardError.write(Data("The secret is not kept: note it now.\n".utf8))
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show every service account.")

        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func run() throws {
            let accounts = try IdentityStore(path: config.load().state.identities).list()
            let now = Date()
            switch format {
            case .json: try printJSON(accounts.map { ListedAccount($0, now: now) })
            case .table:
                let rows = accounts.map { account in
                    [
                        account.name, account.status(at: now).rawValue, account.groups.joined(separator: ","),
                        account.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                            separator: ","),
                        account.createdAt.ISO8601Format(), account.expiresAt?.ISO8601Format() ?? "never",
                    ]
                }
                TextTable(columns: ["NAME", "STATUS", "GROUPS", "LABELS", "CREATED", "EXPIRES"], rows: rows).print()
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a service account and its sessions.")

        @Argument(help: "The account's name.") var name: String
        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func run() throws {
            let account = try IdentityStore(path: config.load().state.identities).revoke(name)
            switch format {
            case .json: try printJSON(ListedAccount(account, now: Date()))
            case .table: print("\(account.name) is revoked")
            }
        }
    }
}

/// `KEY=VALUE`.
struct AccountLabel: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let separator = argument.firstIndex(of: "=") else { return nil }
        key = String(argument[..<separator])
        value = String(argument[argument.index(after: separator)...])
    }
}

/// A duration of one second to ten years: `45s`, `30m`, `24h`, `7d`.
struct Lifetime: ExpressibleByArgument {
    static let bound = 1...315_360_000

    let seconds: TimeInterval

    init?(argument: String) {
        let factors: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = argument.last, let factor = factors[unit],
            argument.dropLast().allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(argument.dropLast())
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow, Self.bound.contains(seconds) else { return nil }
        self.seconds = TimeInterval(seconds)
    }
}

private struct CreatedAccount: Encodable {
    let name: String
    let secret: String
    let expires: OptionalTime
}

private struct ListedAccount: Encodable {
    let name: String
    let status: String
    let groups: [String]
    let labels: [String: String]
    let created: String
    let expires: OptionalTime
    let revoked: OptionalTime

    init(_ account: ServiceAccount, now: Date) {
        name = account.name
        status = account.status(at: now).rawValue
        groups = account.groups
        labels = account.labels
        created = account.createdAt.ISO8601Format()
        expires = OptionalTime(account.expiresAt)
        revoked = OptionalTime(account.revokedAt)
    }
}

/// A time as ISO 8601 or JSON's null, so that scripts always find the key.
struct OptionalTime: Encodable {
    let time: Date?
    init(_ time: Date?) { self.time = time }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let time { try container.encode(time.ISO8601Format()) } else { try container.encodeNil() }
    }
}
