import Contract
import StrictYAML

extension Rule {
    init(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        name = try map.nonEmpty("name")?.string() ?? ""
        if let node = try map.nonEmpty("who") { who = try Who(node) }
        if let node = try map.nonEmpty("on") { resources = try node.list().map { Pattern($0) } }
        if let node = try map.nonEmpty("when") { when = try Condition(node) }
        if let node = try map.nonEmpty("message") { message = try node.string() }
        if let node = try map.nonEmpty("then") { try readOutcome(node) }
        if let node = try map.nonEmpty("mask") {
            for item in try node.items() { try readMask(item) }
        }
        try map.finish()
        guard !name.isEmpty else { throw map.error("missing key “name”") }
        if case .allow = outcome, when?.asksForColumns == true {
            throw map.error("“columns” is for rules that refuse, hold or mask: what “*” reads has no name here")
        }
        guard outcome != nil || masks else { throw map.error("rule “\(name)” needs “then” or “mask”") }
    }

    private mutating func readOutcome(_ node: StrictNode) throws(ConfigurationError) {
        if node.isScalar {
            switch try node.string() {
            case "allow": outcome = .allow
            case "refuse": outcome = .refuse
            case "hold":
                throw node.error("a hold says how it is approved: {hold: {approvers: …, quorum: 1, expires: 15m}}")
            case let other: throw node.error("“\(other)” is not known here: use one of allow, refuse, {hold: …}")
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
            outcome = .hold(try Self.hold(hold))
        case (nil, nil), (.some, .some):
            throw node.error("use one of allow, refuse, {refuse: {message: …}}, {hold: {…}}")
        }
    }

    private static func hold(_ node: StrictNode) throws(ConfigurationError) -> Hold {
        var map = try node.mapping()
        var hold = Hold()
        var approvers = try map.required("approvers").mapping()
        if let groups = try approvers.nonEmpty("groups") { hold.approverGroups = try groups.list() }
        if let identities = try approvers.nonEmpty("identities") { hold.approverIdentities = try identities.list() }
        try approvers.finish()
        guard !hold.approverGroups.isEmpty || !hold.approverIdentities.isEmpty else {
            throw approvers.error("approvers need groups or identities")
        }
        hold.quorum = UInt32(try map.nonEmpty("quorum")?.int(in: 1...100) ?? 1)
        hold.expiresSeconds = UInt64(try map.required("expires").seconds(in: 1...2_592_000))
        try map.finish()
        return hold
    }

    private mutating func readMask(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        let columnNode = try map.nonEmpty("columns")
        let detectNode = try map.nonEmpty("detect")
        let style: MaskStyle
        if map.keys.contains("style"), map.optional("style") == nil {
            // Unquoted, the style's name is YAML's own null.
            style = .null
        } else {
            style = try map.required("style").choice(of: Style.self).contract
        }
        try map.finish()
        guard (columnNode == nil) != (detectNode == nil) else { throw node.error("use either “columns” or “detect”") }
        for item in try columnNode?.items() ?? [] {
            let pattern = try item.string()
            let parts = pattern.split(separator: ".", omittingEmptySubsequences: false)
            guard (1...3).contains(parts.count), !parts.contains("") else {
                throw item.error("a column is written column, table.column or schema.table.column, * within a part")
            }
            var mask = ColumnMask()
            mask.pattern = pattern
            mask.style = style
            mask.rule = name
            columns.append(mask)
        }
        if let detectNode {
            var mask = DetectorMask()
            for item in try detectNode.items() { mask.entities.append(try item.choice(of: Entity.self).rawValue) }
            mask.style = style
            mask.rule = name
            detectors.append(mask)
        }
    }

    private enum Entity: String, CaseIterable {
        case email
        case creditCard = "credit_card"
        case usSSN = "us_ssn"
        case secret
    }

    private enum Style: String, CaseIterable {
        case redact, partial, hash, null

        var contract: MaskStyle {
            switch self {
            case .redact: .redact
            case .partial: .partial
            case .hash: .hash
            case .null: .null
            }
        }
    }
}

extension Rule.Who {
    init(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        if let node = try map.nonEmpty("identities") { identities = try node.list().map { Pattern($0) } }
        if let node = try map.nonEmpty("groups") { groups = try node.list().map { Pattern($0) } }
        if let node = try map.nonEmpty("labels") {
            var pairs = try node.mapping()
            var result: [(key: String, value: Pattern)] = []
            for key in pairs.keys { result.append((key, Pattern(try pairs.required(key).string()))) }
            labels = result
        }
        try map.finish()
        guard identities != nil || groups != nil || labels != nil else {
            throw map.error("“who” needs identities, groups or labels; leave it out for everyone")
        }
    }
}

extension Condition {
    init(_ node: StrictNode) throws(ConfigurationError) {
        var map = try node.mapping()
        if let node = try map.nonEmpty("operation") {
            var found: Set<String> = []
            for item in try node.items() { found.insert(try item.choice(of: Operation.self).rawValue) }
            operations = found
        }
        if let node = try map.nonEmpty("tables") { tables = try node.list().map { NamePattern($0) } }
        if let node = try map.nonEmpty("functions") { functions = try node.list().map { NamePattern($0) } }
        if let node = try map.nonEmpty("columns") { columns = try node.list().map { Pattern($0.lowercased()) } }
        if let node = try map.nonEmpty("unfiltered") { unfiltered = try node.bool() }
        if let node = try map.nonEmpty("opaque") { opaque = try node.bool() }
        if let node = try map.nonEmpty("statements") {
            var inner = try node.mapping()
            statementsOver = try inner.required("over").int(in: 0...1_000_000)
            try inner.finish()
        }
        if let node = try map.nonEmpty("any") { any = try Self.list(node) }
        if let node = try map.nonEmpty("all") { all = try Self.list(node) }
        if let node = try map.nonEmpty("not") {
            negation = [try Condition(node)]
            if negation.contains(where: \.asksForColumns) { throw node.error("“columns” cannot stand within “not”") }
        }
        try map.finish()
        guard !isEmpty else { throw map.error("a condition needs at least one key") }
    }

    private static func list(_ node: StrictNode) throws(ConfigurationError) -> [Condition] {
        var result: [Condition] = []
        for item in try node.items() { result.append(try Condition(item)) }
        return result
    }
}

extension StrictMapping {
    /// A key that is there but empty would widen a rule, so it is an error.
    fileprivate mutating func nonEmpty(_ key: String) throws(ConfigurationError) -> StrictNode? {
        if let node = optional(key) { return node }
        if keys.contains(key) { throw error("“\(key)” is empty: give it a value or leave it out") }
        return nil
    }
}

extension StrictNode {
    private static var maximumItems: Int { 1000 }

    /// A list, or a single value that stands for a list of one; never empty.
    fileprivate func items() throws(ConfigurationError) -> [StrictNode] {
        let nodes = isSequence ? try sequence() : [self]
        guard !nodes.isEmpty else { throw error("the list is empty") }
        guard nodes.count <= Self.maximumItems else { throw error("more than \(Self.maximumItems) items") }
        return nodes
    }

    /// Texts, never empty ones.
    fileprivate func list() throws(ConfigurationError) -> [String] {
        var result: [String] = []
        for node in try items() {
            let text = try node.string()
            guard !text.isEmpty else { throw node.error("is empty") }
            result.append(text)
        }
        return result
    }
}
