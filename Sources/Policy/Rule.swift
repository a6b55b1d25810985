import Contract

/// One rule of a policy file.
struct Rule: Sendable {
    enum Outcome: Sendable {
        case allow
        case refuse
        case hold(Hold)
    }

    struct Who: Sendable {
        /// The account's label that names for whom it acts.
        static let delegationLabel = "on-behalf-of"

        var identities: [Pattern]?
        var groups: [Pattern]?
        var labels: [(key: String, value: Pattern)]?
        var onBehalfOf: [Pattern]?
    }

    /// A mask of one column pattern.
    struct MaskedColumn: Sendable {
        let mask: ColumnMask
        let pattern: ColumnPattern
        /// Conditions over the column are refused: they tell its values.
        let refusesInference: Bool
    }

    /// How many rows a statement may change or read.
    struct RowLimit: Sendable {
        let maxRows: UInt64
        /// Who may let more through; nil: nobody.
        let beyond: Hold?
    }

    var name: String
    /// `file:line`
    var place: String
    var who: Who?
    var resources: [Pattern]?
    /// All must match.
    var resourceLabels: [(key: String, value: Pattern)] = []
    private(set) var when: Condition?
    /// Whether its `when` asks for the time, the client's address or an estimate.
    private(set) var isImpure = false
    private var estimateThresholds: Set<UInt64> = []
    /// nil: the rule only masks or limits.
    var outcome: Outcome?
    var columns: [MaskedColumn] = []
    var detectors: [DetectorMask] = []
    var limit: RowLimit?
    /// How much of what it means is recorded; nil: it does not say.
    var record: RecordingLevel?
    var message: String?

    var masks: Bool { !columns.isEmpty || !detectors.isEmpty }

    mutating func setCondition(_ condition: Condition) {
        when = condition
        isImpure = condition.isImpure
        estimateThresholds = condition.estimateThresholds
    }

    /// Whether it does more than to permit.
    var restricts: Bool {
        switch outcome {
        case .allow: masks || limit != nil
        case .refuse, .hold, nil: true
        }
    }

    /// nil when the rule is about this identity, else why not. Each given part of `who` must match.
    func mismatch(_ principal: Principal) -> String? {
        guard let who else { return nil }
        if let identities = who.identities, !identities.contains(where: { $0.matches(principal.name) }) {
            return "identity is \(principal.name)"
        }
        if let groups = who.groups,
            !principal.groups.contains(where: { group in groups.contains { $0.matches(group) } })
        {
            return "groups are \(principal.groups.isEmpty ? "none" : principal.groups.joined(separator: ", "))"
        }
        for label in who.labels ?? [] {
            guard let value = principal.labels[label.key], label.value.matches(value) else {
                return "label \(label.key) is \(principal.labels[label.key] ?? "none")"
            }
        }
        if let names = who.onBehalfOf {
            let name = principal.labels[Who.delegationLabel]
            guard let name, names.contains(where: { $0.matches(name) }) else {
                return name.map { "it acts on behalf of \($0)" } ?? "it acts on nobody's behalf"
            }
        }
        return nil
    }

    func isOn(_ resource: String, _ labels: [String: String]) -> Bool {
        (resources?.contains { $0.matches(resource) } ?? true)
            && resourceLabels.allSatisfy { label in labels[label.key].map(label.value.matches) ?? false }
    }

    /// Whether it is about this identity on this resource, whatever the statement.
    func isAbout(_ principal: Principal, _ resource: String, _ labels: [String: String]) -> Bool {
        isOn(resource, labels) && mismatch(principal) == nil
    }

    /// How surely its `when` must be met.
    var sense: Condition.Sense {
        switch outcome {
        case .allow: .permit
        case .refuse, .hold: .restrict
        case nil: masks || limit != nil || record?.keepsData == true ? .restrict : .permit
        }
    }

    func matches(_ question: Question, _ sense: Condition.Sense) -> Bool {
        when?.matches(question, sense) ?? true
    }

    /// Operations of a statement that it, which matches, permits.
    func covered(_ question: Question) -> Set<String> {
        var covered = when?.covered(question) ?? Set(question.facts.operations)
        // What undoes masks is never meant by a rule for everything.
        if when?.names(.reveal, question) != true { covered.remove(Operation.reveal.rawValue) }
        return covered
    }

    /// Whether an estimate of the rows would make a difference to it.
    func dependsOnEstimate(_ question: Question) -> Bool {
        guard !estimateThresholds.isEmpty, question.rows == .missing else { return false }
        func outcome(_ rows: UInt64) -> (Bool, Bool, Set<String>) {
            let question = question.expecting(rows)
            let permits = matches(question, .permit)
            return (permits, matches(question, .restrict), permits ? covered(question) : [])
        }
        let first = outcome(0)
        return estimateThresholds.contains { outcome($0 == .max ? .max : $0 + 1) != first }
    }

    /// What it does, for people: "allow", "refuse", "hold", "mask", "allow, mask, limit".
    var effect: String {
        let verdict: String? =
            switch outcome {
            case .allow: "allow"
            case .refuse: "refuse"
            case .hold: "hold"
            case nil: nil
            }
        return [verdict, masks ? "mask" : nil, limit == nil ? nil : "limit", record.map { "record \($0.word)" }]
            .compactMap { $0 }.joined(separator: ", ")
    }
}

extension Hold {
    /// Of several holds the one with the largest quorum counts, then the one first in the file.
    func isStricter(than other: Hold?) -> Bool {
        other.map { quorum > $0.quorum } ?? true
    }

    /// Who has to approve, and within how long.
    public var terms: String { "\(approversText) within \(expiresSeconds) s" }

    var approversText: String {
        let names = approverGroups.map { "group \($0)" } + approverIdentities
        return "\(quorum) of \(names.joined(separator: ", "))"
    }
}
