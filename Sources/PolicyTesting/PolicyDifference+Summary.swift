/// What people want to know of a difference: which commands would fare otherwise, and what is merely done to others.
public struct PolicyDifferenceSummary: Sendable {
    /// Commands that change in the same way.
    public struct Group: Sendable {
        public var count: Int
        /// Different texts.
        public var texts: Int
        /// By name.
        public var identities: [String]
        public var resource: String
        /// The most frequent one; of several that only differ in constants, what they have in common.
        public var text: String
        /// One session in which it was recorded.
        public var session: String
        public var old: PolicyDifference.Outcome
        public var new: PolicyDifference.Outcome
    }

    /// Those with another decision: what is let through no more first, then the most frequent.
    public let decisions: [Group]
    /// Those with the same decision, and other approvers, masks or limits: one group for each such difference.
    public let terms: [Group]
    /// Commands left out: only masks or limits are others, and these are nothing to them.
    public let untouched: Int

    public init(_ changes: [PolicyDifference.Change]) {
        var shown: [PolicyDifference.Change] = []
        var hidden = 0
        for change in changes {
            if change.isWithoutEffect { hidden += change.count } else { shown.append(change) }
        }
        untouched = hidden
        decisions = Self.groups(shown.filter { $0.changed.contains(.decision) }) { change in
            [change.resource, change.shape, change.old.decision, change.new.decision, change.new.rule]
        }.sorted { ($0.severity, $1.count, $0.text) < ($1.severity, $0.count, $1.text) }
        terms = Self.groups(shown.filter { !$0.changed.contains(.decision) }) { change in
            [change.resource, change.old.decision] + change.old.differences(to: change.new)
        }
    }

    /// Changes of the same key, the most frequent first.
    private static func groups(
        _ changes: [PolicyDifference.Change], by key: (PolicyDifference.Change) -> [String]
    ) -> [Group] {
        Dictionary(grouping: changes, by: key).values.compactMap(Group.init).sorted {
            ($1.count, $0.text) < ($0.count, $1.text)
        }
    }
}

extension PolicyDifferenceSummary.Group {
    /// `changes`: the most frequent first.
    fileprivate init?(_ changes: [PolicyDifference.Change]) {
        guard let first = changes.first else { return nil }
        count = changes.reduce(0) { $0 + $1.count }
        texts = Set(changes.map(\.text)).count
        identities = Set(changes.map(\.identity)).sorted()
        resource = first.resource
        text = texts > 1 && changes.allSatisfy { $0.shape == first.shape } ? first.shape : first.text
        session = first.session
        old = first.old
        new = first.new
    }

    fileprivate var severity: Int {
        if new.decision == "refuse" { return 0 }
        return new.decision == "hold" ? 1 : 2
    }
}

extension PolicyDifference.Change {
    fileprivate var isWithoutEffect: Bool {
        changed.allSatisfy { aspect in
            switch aspect {
            case .mask: touchesNoRows || old.reach == new.reach
            case .limit, .estimate: touchesNoRows
            case .decision, .approval, .record: false
            }
        }
    }
}

extension PolicyDifference.Outcome {
    /// What another outcome of the same decision adds and takes away, for people: `at most 100 rows`, `output 1 redact
    /// instead of hash`, `no longer secret redact`.
    public func differences(to other: Self) -> [String] {
        var words: [String] = []
        if approval != other.approval { words.append("approval by \(other.approval)") }
        if maxRows != other.maxRows {
            words.append(other.maxRows == 0 ? "no limit on rows" : "at most \(other.maxRows) rows")
        }
        let former = Self.styles(reach)
        let later = Self.styles(other.reach)
        for (name, style) in later.sorted(by: { $0.key < $1.key }) where former[name] != style {
            words.append("\(name) \(style)" + (former[name].map { " instead of \($0)" } ?? ""))
        }
        for (name, style) in former.sorted(by: { $0.key < $1.key }) where later[name] == nil {
            words.append("no longer \(name) \(style)")
        }
        if withoutEstimate != other.withoutEstimate {
            words.append(other.withoutEstimate ? "decided by an estimate" : "decided without an estimate")
        }
        if record != other.record { words.append("recorded: \(other.record) instead of \(record)") }
        return words
    }

    /// Words of a mask by what they mask.
    private static func styles(_ words: [String]) -> [String: String] {
        var styles: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: " ")
            let name = parts.dropLast().joined(separator: " ")
            styles[name] = [styles[name], parts.last.map(String.init)].compactMap { $0 }.joined(separator: " and ")
        }
        return styles
    }
}
