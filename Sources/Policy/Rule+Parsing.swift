import Contract
import StrictYAML

extension Rule {
    init(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        name = mistakes.attempt(try map.nonEmpty("name")?.string()) ?? ""
        place = "\(node.file):\(node.line)"
        if let node = mistakes.attempt(try map.nonEmpty("who")) {
            who = mistakes.attempt(try Who(node, variables, &names))
        }
        if let node = mistakes.attempt(try map.nonEmpty("on")) {
            mistakes.attempt(try readResources(node, variables, &names))
        }
        if let node = mistakes.attempt(try map.nonEmpty("when")),
            let condition = mistakes.attempt(try Condition(node, variables))
        {
            setCondition(condition)
        }
        message = mistakes.attempt(try map.nonEmpty("message")?.string())
        if let node = mistakes.attempt(try map.nonEmpty("then")) {
            mistakes.attempt(try readOutcome(node, variables, &names))
        }
        let mask = mistakes.attempt(try map.nonEmpty("mask"))
        if let mask, let list = mistakes.attempt(try MaskList(mask, variables, rule: name)) {
            (columns, detectors) = (list.columns, list.detectors)
        }
        if let node = mistakes.attempt(try map.nonEmpty("limits")) {
            mistakes.attempt(try readLimit(node, variables, &names))
        }
        if let node = mistakes.attempt(try map.nonEmpty("record")) { mistakes.attempt(try readLevel(node)) }
        let hasKnownKeysOnly = mistakes.attempt(try map.finish()) != nil
        if hasKnownKeysOnly, !map.keys.contains("name") { mistakes.add(map.error("missing key “name”")) }
        try mistakes.finish()
        guard !name.isEmpty else { throw map.error("missing key “name”") }
        if case .allow = outcome, when?.asksForColumns == true {
            throw map.error("“columns” is for rules that refuse, hold or mask: what “*” reads has no name here")
        }
        guard outcome != nil || mask != nil || limit != nil || record != nil else {
            throw map.error("rule “\(name)” needs “then” or “mask” or “limits” or “record”")
        }
    }

    /// What is refused is recorded in full.
    private mutating func readLevel(_ node: StrictNode) throws(ConfigurationError) {
        switch outcome {
        case .allow, .hold, nil: break
        case .refuse: throw node.error("“record” is not for rules that refuse: refusals are recorded in full")
        }
        let levels: [RecordingLevel] = [.metadata, .commands, .full]
        let word = try node.string()
        guard let level = levels.first(where: { $0.word == word }) else {
            throw node.unknown(word, among: levels.map(\.word))
        }
        if !level.keepsData, when?.asksForColumns == true {
            throw node.error("“columns” is not for rules that record less: what “*” reads has no name here")
        }
        record = level
    }

    private mutating func readOutcome(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
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
            outcome = .hold(try Hold(hold, variables, &names))
        case (nil, nil), (.some, .some):
            throw node.error("use one of allow, refuse, {refuse: {message: …}}, {hold: {…}}")
        }
    }

    /// What approvers approved runs without a limit, and what is refused needs none.
    private mutating func readLimit(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
        switch outcome {
        case .allow, nil: break
        case .refuse, .hold: throw node.error("“limits” is for rules that allow or have no “then”")
        }
        var map = try node.mapping()
        var mistakes = Mistakes()
        let rows = mistakes.attempt(try map.required("max_rows").int(in: 1...1_000_000_000_000))
        var beyond: Hold?
        if let node = mistakes.attempt(try map.nonEmpty("beyond")) {
            beyond = mistakes.attempt(try Self.beyond(node, variables, &names))
        }
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        limit = rows.map { RowLimit(maxRows: UInt64($0), beyond: beyond) }
    }

    /// nil: refuse.
    private static func beyond(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) -> Hold? {
        if node.isScalar {
            guard try node.string() == "refuse" else { throw node.error("use one of refuse, {hold: {…}}") }
            return nil
        }
        var map = try node.mapping()
        var mistakes = Mistakes()
        let hold = mistakes.attempt(try Hold(try map.required("hold"), variables, &names))
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        return hold
    }

    /// Names, or `{names: …, labels: …}`.
    private mutating func readResources(
        _ node: StrictNode, _ variables: Variables, _ names: inout PolicyNames
    ) throws(ConfigurationError) {
        guard node.isMapping else {
            resources = try variables.patterns(node, .resource, &names)
            return
        }
        var map = try node.mapping()
        var mistakes = Mistakes()
        if let node = mistakes.attempt(try map.nonEmpty("names")) {
            resources = mistakes.attempt(try variables.patterns(node, .resource, &names))
        }
        if let node = mistakes.attempt(try map.nonEmpty("labels")) {
            resourceLabels = mistakes.attempt(try node.labels()) ?? []
        }
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        guard resources != nil || !resourceLabels.isEmpty else {
            throw map.error("“on” needs names or labels; leave it out for every resource")
        }
    }
}
