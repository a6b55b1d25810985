import Contract
import Policy

/// Replays commands under two policies and collects what is decided otherwise, grouped by text and identity.
public struct PolicyDifference {
    /// One command of some identity that the policies decide differently.
    public struct Change: Sendable, Encodable {
        public var identity: String
        public var groups: [String]
        public var resource: String
        public var text: String
        public var old: Outcome
        public var new: Outcome
        /// How often it was recorded.
        public var count: Int
    }

    public struct Outcome: Sendable, Encodable, Hashable {
        public var decision: String
        public var rule: String
        public var mask: [String]
        /// 0: none.
        public var maxRows: UInt64
        /// The decision needs the target's estimate: it is the one without.
        public var withoutEstimate: Bool

        private enum CodingKeys: String, CodingKey {
            case decision, rule, mask
            case maxRows = "max_rows"
            case withoutEstimate = "without_estimate"
        }
    }

    private struct Key: Hashable {
        var identity: String
        var groups: [String]
        var labels: [String: String]
        var resource: String
        var text: String
        var old: Outcome
        var new: Outcome
    }

    private let old: PolicySet
    private let new: PolicySet
    private let labels: [String: [String: String]]
    private var counts: [Key: Int] = [:]
    /// Commands that were compared.
    public private(set) var compared = 0

    /// `labels`: of resources, by their names.
    public init(old: PolicySet, new: PolicySet, labels: [String: [String: String]] = [:]) {
        self.old = old
        self.new = new
        self.labels = labels
    }

    /// Compares one command. `facts` are those of the recorded decision when they were made with the target's
    /// catalogue; `time` is Unix time in seconds.
    public mutating func add(_ facts: Facts, text: String, principal: Principal, resource: String, time: Int64) {
        compared += 1
        let before = outcome(old, facts, principal, resource, time)
        let after = outcome(new, facts, principal, resource, time)
        guard !before.isSameDecision(as: after) else { return }
        let key = Key(
            identity: principal.name, groups: principal.groups, labels: principal.labels, resource: resource,
            text: text, old: before, new: after)
        counts[key, default: 0] += 1
    }

    /// The most frequent first.
    public var changes: [Change] {
        counts.map { key, count in
            Change(
                identity: key.identity, groups: key.groups, resource: key.resource, text: key.text, old: key.old,
                new: key.new, count: count)
        }.sorted { ($1.count, $0.identity, $0.text) < ($0.count, $1.identity, $1.text) }
    }

    private func outcome(
        _ policy: PolicySet, _ facts: Facts, _ principal: Principal, _ resource: String, _ time: Int64
    ) -> Outcome {
        func decide(_ estimate: Estimate?) -> Judgement {
            policy.decide(
                facts: facts, principal: principal, resource: resource, purpose: .statement,
                circumstances: Circumstances(
                    time: time, estimate: estimate, resourceLabels: labels[resource] ?? [:]))
        }
        var judgement = decide(nil)
        let withoutEstimate = judgement.wantsEstimate
        if withoutEstimate {
            var estimate = Estimate()
            estimate.failed = true
            judgement = decide(estimate)
        }
        return Outcome(
            decision: judgement.verdict.word, rule: judgement.rule, mask: judgement.mask.testWords.sorted(),
            maxRows: judgement.limits?.maxRows ?? 0, withoutEstimate: withoutEstimate)
    }
}

extension PolicyDifference.Outcome {
    /// Which rule decided does not matter to who asked.
    fileprivate func isSameDecision(as other: Self) -> Bool {
        (decision, mask, maxRows, withoutEstimate) == (other.decision, other.mask, other.maxRows, other.withoutEstimate)
    }
}
