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
        /// What is not the same, in this order. Without `decision` the command fares as before, under other terms.
        public var changed: [Aspect]
        /// It reads and changes no rows, so that other masks and limits are nothing to it.
        public var touchesNoRows: Bool
        /// How often it was recorded.
        public var count: Int
        /// One session in which it was.
        public var session: String
        /// The text with marks for its constants.
        var shape: String

        private enum CodingKeys: String, CodingKey {
            case identity, groups, resource, text, old, new, changed, count, session
            case touchesNoRows = "touches_no_rows"
        }
    }

    /// What two outcomes can differ in.
    public enum Aspect: String, Sendable, Encodable, CaseIterable {
        case decision, approval, mask, limit, estimate, record
    }

    public struct Outcome: Sendable, Encodable, Hashable {
        public var decision: String
        public var rule: String
        /// Of a hold: who has to approve, and within how long; else empty.
        public var approval: String
        public var mask: [String]
        /// What of the mask can reach this command's reply: all of it where its outputs are not known.
        var reach: [String]
        /// 0: none.
        public var maxRows: UInt64
        /// The decision needs the target's estimate: it is the one without.
        public var withoutEstimate: Bool
        /// How much of it is recorded: `full`, `commands` or `metadata`.
        public var record: String

        private enum CodingKeys: String, CodingKey {
            case decision, rule, approval, mask, record
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

    fileprivate struct Occurrence {
        var count = 0
        var session: String
        var touchesNoRows: Bool
        var shape: String
    }

    private let old: PolicySet
    private let new: PolicySet
    private let labels: [String: [String: String]]
    private var occurrences: [Key: Occurrence] = [:]
    /// Commands that were compared.
    public private(set) var compared = 0

    /// `labels`: of resources, by their names.
    public init(old: PolicySet, new: PolicySet, labels: [String: [String: String]] = [:]) {
        self.old = old
        self.new = new
        self.labels = labels
    }

    /// Compares one command, with the facts of the recorded decision when they were made with the target's catalogue.
    public mutating func add(_ command: RecordedCommands.Command) {
        compared += 1
        let before = outcome(old, command)
        let after = outcome(new, command)
        guard !before.changes(to: after).isEmpty else { return }
        let principal = command.principal
        let key = Key(
            identity: principal.name, groups: principal.groups, labels: principal.labels, resource: command.resource,
            text: command.text, old: before, new: after)
        occurrences[key, default: Occurrence(command)].count += 1
    }

    /// The most frequent first.
    public var changes: [Change] {
        occurrences.map { key, occurrence in
            Change(
                identity: key.identity, groups: key.groups, resource: key.resource, text: key.text, old: key.old,
                new: key.new, changed: key.old.changes(to: key.new), touchesNoRows: occurrence.touchesNoRows,
                count: occurrence.count, session: occurrence.session, shape: occurrence.shape)
        }.sorted { ($1.count, $0.identity, $0.text) < ($0.count, $1.identity, $1.text) }
    }

    private func outcome(_ policy: PolicySet, _ command: RecordedCommands.Command) -> Outcome {
        func decide(_ estimate: Estimate?) -> Judgement {
            policy.decide(
                facts: command.facts, principal: command.principal, resource: command.resource, purpose: .statement,
                circumstances: Circumstances(
                    time: command.time, estimate: estimate, resourceLabels: labels[command.resource] ?? [:]))
        }
        var judgement = decide(nil)
        let withoutEstimate = judgement.wantsEstimate
        if withoutEstimate {
            var estimate = Estimate()
            estimate.failed = true
            judgement = decide(estimate)
        }
        let mask = judgement.mask
        return Outcome(
            decision: judgement.verdict.word, rule: judgement.rule, approval: judgement.hold?.terms ?? "",
            mask: mask.comparedWords.sorted(),
            reach: command.facts.tellsItsOutputs ? mask.reachingWords.sorted() : mask.comparedWords.sorted(),
            maxRows: judgement.limits?.maxRows ?? 0,
            withoutEstimate: withoutEstimate, record: judgement.recording.word)
    }
}

extension PolicyDifference.Occurrence {
    fileprivate init(_ command: RecordedCommands.Command) {
        session = command.session
        touchesNoRows = command.facts.touchesNoRows
        // What was not understood may be nested deeper than the parser takes.
        shape =
            command.facts.opaque || command.text == RecordedCommands.unrecordedText
            ? command.text : CommandClassifier.shape(of: command.text, protocol: command.protocolName)
    }
}

extension PolicyDifference.Outcome {
    /// Which rule decided does not matter to who asked.
    fileprivate func changes(to other: Self) -> [PolicyDifference.Aspect] {
        PolicyDifference.Aspect.allCases.filter { aspect in
            switch aspect {
            case .decision: decision != other.decision
            case .approval: approval != other.approval
            case .mask: mask != other.mask
            case .limit: maxRows != other.maxRows
            case .estimate: withoutEstimate != other.withoutEstimate
            case .record: record != other.record
            }
        }
    }
}
