import StrictYAML

/// A name that a rule gives to something outside the policy, and where it stands.
struct PolicyName: Sendable {
    enum Kind: Sendable {
        case resource, identity, group, approver, approverGroup
    }

    let kind: Kind
    let text: String
    let node: StrictNode
}

/// What a hold asks for, and where that stands.
struct Approval: Sendable {
    let groups: [String]
    let identities: [String]
    let quorum: Int
    let node: StrictNode
}

/// What a policy file speaks of, gathered while it is read.
struct PolicyNames: Sendable {
    private(set) var names: [PolicyName] = []
    private(set) var approvals: [Approval] = []

    /// Names of a list; those with `*` may stand for what is still to come.
    mutating func add(_ kind: PolicyName.Kind, _ texts: [(text: String, node: StrictNode)]) {
        for item in texts where !item.text.contains("*") {
            names.append(PolicyName(kind: kind, text: item.text, node: item.node))
        }
    }

    mutating func add(_ approval: Approval) { approvals.append(approval) }
}
