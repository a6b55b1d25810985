import StrictYAML

/// What there is where a policy is to be in force.
public struct Surroundings: Sendable {
    public struct Account: Sendable {
        public let name: String
        public let groups: [String]

        public init(name: String, groups: [String]) {
            self.name = name
            self.groups = groups
        }
    }

    public let resources: [String]
    /// Those that can log in; nil: not known.
    public let accounts: [Account]?

    public init(resources: [String], accounts: [Account]?) {
        self.resources = resources
        self.accounts = accounts
    }
}

extension PolicySet {
    /// Whether it names identities, groups or approvers.
    public var namesAccounts: Bool { names.names.contains { $0.kind.isOfAccounts } }

    /// Names that stand for nothing in `surroundings`, each once, where it is first written, and holds that can never get the
    /// approvals that they ask for. No mistakes: a policy may be shared, and accounts come and go.
    public func unknownNames(in surroundings: Surroundings) -> [ConfigurationError] {
        let known = KnownNames(surroundings)
        var found: [(name: PolicyName, message: String, times: Int)] = []
        for name in names.names {
            if let index = found.firstIndex(where: { $0.name.kind == name.kind && $0.name.text == name.text }) {
                found[index].times += 1
            } else if let message = known.objection(to: name) {
                found.append((name, message, 1))
            }
        }
        let unknown = found.map { name, message, times in
            name.node.error(times > 1 ? "\(message) (written \(times) times)" : message)
        }
        return ConfigurationError.sorted(unknown + names.approvals.compactMap(known.objection))
    }
}

private struct KnownNames {
    let resources: [String]
    /// nil: not known.
    let accounts: [Surroundings.Account]?
    private let identities: [String]
    private let groups: [String]

    init(_ surroundings: Surroundings) {
        resources = surroundings.resources
        accounts = surroundings.accounts
        identities = accounts?.map(\.name) ?? []
        groups = Set(accounts?.flatMap(\.groups) ?? []).sorted()
    }

    /// nil when the name stands for something, or that is not known.
    func objection(to name: PolicyName) -> String? {
        let (known, what): ([String], String) =
            switch name.kind {
            case .resource: (resources, "no resource is named “\(name.text)”")
            case .identity: (identities, "no account is named “\(name.text)”")
            case .group: (groups, "no account is in group “\(name.text)”")
            case .approver: (identities, "no account is named “\(name.text)”, which is to approve")
            case .approverGroup: (groups, "no account is in group “\(name.text)”, which is to approve")
            }
        guard !name.kind.isOfAccounts || accounts != nil, !known.contains(name.text) else { return nil }
        return what + (StrictNode.nearest(to: name.text, among: known).map { "; did you mean “\($0)”?" } ?? "")
    }

    /// Fewer can approve than have to. The operator can always, and one account may be the one that asks.
    func objection(to approval: Approval) -> ConfigurationError? {
        guard let accounts else { return nil }
        let approvers = accounts.count { account in
            approval.identities.contains(account.name) || account.groups.contains(where: approval.groups.contains)
        }
        guard approvers > 0, approvers + 1 < approval.quorum else { return nil }
        return approval.node.error(
            "\(approval.quorum) have to approve, and there \(approvers == 1 ? "is 1 account" : "are \(approvers) accounts") "
                + "that can, beside the operator")
    }
}

extension PolicyName.Kind {
    fileprivate var isOfAccounts: Bool {
        switch self {
        case .identity, .group, .approver, .approverGroup: true
        case .resource: false
        }
    }
}
