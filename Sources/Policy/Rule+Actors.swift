import Contract
import StrictYAML

extension Rule.Who {
    init(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        if let node = mistakes.attempt(try map.nonEmpty("identities")) {
            identities = mistakes.attempt(try variables.patterns(node, .identity, &names))
        }
        if let node = mistakes.attempt(try map.nonEmpty("groups")) {
            groups = mistakes.attempt(try variables.patterns(node, .group, &names))
        }
        if let node = mistakes.attempt(try map.nonEmpty("labels")) { labels = mistakes.attempt(try node.labels()) }
        if let node = mistakes.attempt(try map.nonEmpty("on_behalf_of")) {
            onBehalfOf = mistakes.attempt(try variables.list(node).map { Pattern($0) })
        }
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        guard identities != nil || groups != nil || labels != nil || onBehalfOf != nil else {
            throw map.error("“who” needs identities, groups, labels or on_behalf_of; leave it out for everyone")
        }
    }
}

extension Hold {
    init(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
        self.init()
        var map = try node.mapping()
        var mistakes = Mistakes()
        if let node = mistakes.attempt(try map.required("approvers")) {
            mistakes.attempt(try readApprovers(node, variables, &names))
        }
        quorum = UInt32(mistakes.attempt(try map.nonEmpty("quorum")?.int(in: 1...100)) ?? 1)
        expiresSeconds = UInt64(mistakes.attempt(try map.required("expires").seconds(in: 1...2_592_000)) ?? 0)
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        names.add(Approval(groups: approverGroups, identities: approverIdentities, quorum: Int(quorum), node: node))
    }

    private mutating func readApprovers(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        let groups = mistakes.attempt(try map.nonEmpty("groups"))
        let identities = mistakes.attempt(try map.nonEmpty("identities"))
        if let groups { approverGroups = mistakes.attempt(try variables.texts(groups, .approverGroup, &names)) ?? [] }
        if let identities {
            approverIdentities = mistakes.attempt(try variables.texts(identities, .approver, &names)) ?? []
        }
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        guard groups != nil || identities != nil else { throw map.error("approvers need groups or identities") }
    }
}

extension Variables {
    /// Names of some kind.
    fileprivate func texts(
        _ node: StrictNode, _ kind: PolicyName.Kind, _ names: inout PolicyNames
    ) throws(ConfigurationError) -> [String] {
        let texts = try texts(node)
        names.add(kind, texts)
        return texts.map(\.text)
    }

    /// Patterns for names of some kind.
    func patterns(
        _ node: StrictNode, _ kind: PolicyName.Kind, _ names: inout PolicyNames
    ) throws(ConfigurationError) -> [Pattern] {
        try texts(node, kind, &names).map { Pattern($0) }
    }
}

extension StrictNode {
    func labels() throws(ConfigurationError) -> [(key: String, value: Pattern)] {
        var pairs = try mapping()
        var mistakes = Mistakes()
        var result: [(key: String, value: Pattern)] = []
        for key in pairs.keys {
            if let value = mistakes.attempt(try pairs.required(key).string()) { result.append((key, Pattern(value))) }
        }
        try mistakes.finish()
        return result
    }
}
