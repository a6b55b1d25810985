import Contract
import StrictYAML

extension Rule {
    init(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        var map = try node.mapping()
        name = try map.nonEmpty("name")?.string() ?? ""
        place = "\(node.file):\(node.line)"
        if let node = try map.nonEmpty("who") { who = try Who(node, variables) }
        if let node = try map.nonEmpty("on") { try readResources(node, variables) }
        if let node = try map.nonEmpty("when") { setCondition(try Condition(node, variables)) }
        if let node = try map.nonEmpty("message") { message = try node.string() }
        if let node = try map.nonEmpty("then") { try readOutcome(node, variables) }
        if let node = try map.nonEmpty("mask") {
            let list = try MaskList(node, variables, rule: name)
            (columns, detectors) = (list.columns, list.detectors)
        }
        if let node = try map.nonEmpty("limits") { try readLimit(node, variables) }
        try map.finish()
        guard !name.isEmpty else { throw map.error("missing key “name”") }
        if case .allow = outcome, when?.asksForColumns == true {
            throw map.error("“columns” is for rules that refuse, hold or mask: what “*” reads has no name here")
        }
        guard outcome != nil || masks || limit != nil else {
            throw map.error("rule “\(name)” needs “then” or “mask” or “limits”")
        }
    }

    private mutating func readOutcome(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        if node.isScalar {
            switch try node.string() {
            case "allow": outcome = .allow
            case "refuse": outcome = .refuse
            case "hold":
                throw node.error("a hold says how it is approved: {hold: {approvers: …, quorum: 1, expires: 15m}}")
            case let other: throw node.unknown(other, among: ["allow", "refuse", "{hold: …}"])
            }
            return
        }
        var map = try node.mapping()
        let refuse = try map.nonEmpty("refuse")
        let hold = try map.nonEmpty("hold")
        try map.finish()
        switch (refuse, hold) {
        case (let refuse?, nil):
            var inner = try refuse.mapping()
            message = try inner.required("message").string()
            try inner.finish()
            outcome = .refuse
        case (nil, let hold?):
            outcome = .hold(try Hold(hold, variables))
        case (nil, nil), (.some, .some):
            throw node.error("use one of allow, refuse, {refuse: {message: …}}, {hold: {…}}")
        }
    }

    /// What approvers approved runs without a limit, and what is refused needs none.
    private mutating func readLimit(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        switch outcome {
        case .allow, nil: break
        case .refuse, .hold: throw node.error("“limits” is for rules that allow or have no “then”")
        }
        var map = try node.mapping()
        let rows = try map.required("max_rows").int(in: 1...1_000_000_000_000)
        var beyond: Hold?
        if let node = try map.nonEmpty("beyond") {
            if node.isScalar {
                guard try node.string() == "refuse" else { throw node.error("use one of refuse, {hold: {…}}") }
            } else {
                var inner = try node.mapping()
                beyond = try Hold(try inner.required("hold"), variables)
                try inner.finish()
            }
        }
        try map.finish()
        limit = RowLimit(maxRows: UInt64(rows), beyond: beyond)
    }
}

extension StrictNode {
    fileprivate func labels() throws(ConfigurationError) -> [(key: String, value: Pattern)] {
        var pairs = try mapping()
        var result: [(key: String, value: Pattern)] = []
        for key in pairs.keys { result.append((key, Pattern(try pairs.required(key).string()))) }
        return result
    }
}

extension Rule {
    /// Names, or `{names: …, labels: …}`.
    private mutating func readResources(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        guard node.isMapping else {
            resources = try variables.list(node).map { Pattern($0) }
            return
        }
        var map = try node.mapping()
        if let names = try map.nonEmpty("names") { resources = try variables.list(names).map { Pattern($0) } }
        if let labels = try map.nonEmpty("labels") { resourceLabels = try labels.labels() }
        try map.finish()
        guard resources != nil || !resourceLabels.isEmpty else {
            throw map.error("“on” needs names or labels; leave it out for every resource")
        }
    }
}

extension Rule.Who {
    init(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        var map = try node.mapping()
        if let node = try map.nonEmpty("identities") { identities = try variables.list(node).map { Pattern($0) } }
        if let node = try map.nonEmpty("groups") { groups = try variables.list(node).map { Pattern($0) } }
        if let node = try map.nonEmpty("labels") { labels = try node.labels() }
        if let node = try map.nonEmpty("on_behalf_of") { onBehalfOf = try variables.list(node).map { Pattern($0) } }
        try map.finish()
        guard identities != nil || groups != nil || labels != nil || onBehalfOf != nil else {
            throw map.error("“who” needs identities, groups, labels or on_behalf_of; leave it out for everyone")
        }
    }
}

extension Hold {
    fileprivate init(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        self.init()
        var map = try node.mapping()
        var approvers = try map.required("approvers").mapping()
        if let groups = try approvers.nonEmpty("groups") { approverGroups = try variables.list(groups) }
        if let identities = try approvers.nonEmpty("identities") { approverIdentities = try variables.list(identities) }
        try approvers.finish()
        guard !approverGroups.isEmpty || !approverIdentities.isEmpty else {
            throw approvers.error("approvers need groups or identities")
        }
        quorum = UInt32(try map.nonEmpty("quorum")?.int(in: 1...100) ?? 1)
        expiresSeconds = UInt64(try map.required("expires").seconds(in: 1...2_592_000))
        try map.finish()
    }
}
