import Contract

/// What a judgement may depend on beside the command, its actor and the policy.
public struct Circumstances: Sendable {
    /// Unix time, seconds; nil when not known.
    public var time: Int64?
    /// What the target's planner expects; nil when it was not asked.
    public var estimate: Estimate?
    /// An earlier try of the same command changed too many rows and was rolled back.
    public var excess: Excess?
    /// What the configuration says of the resource beside its name.
    public var resourceLabels: [String: String]

    public init(
        time: Int64? = nil, estimate: Estimate? = nil, excess: Excess? = nil, resourceLabels: [String: String] = [:]
    ) {
        self.time = time
        self.estimate = estimate
        self.excess = excess
        self.resourceLabels = resourceLabels
    }
}

/// One command as rules see it.
struct Question: Sendable {
    let facts: Facts
    let principal: Principal
    let resource: String
    let resourceLabels: [String: String]
    let time: Int64?
    /// Rows that the target's planner expects.
    var rows: ExpectedRows

    enum ExpectedRows: Sendable, Equatable {
        case known(UInt64)
        /// The target could not tell.
        case failed
        /// The target was not asked.
        case missing
    }

    init(_ facts: Facts, _ principal: Principal, _ resource: String, _ circumstances: Circumstances) {
        self.facts = facts
        self.principal = principal
        self.resource = resource
        resourceLabels = circumstances.resourceLabels
        time = circumstances.time
        if facts.touchesNoRows {
            rows = .known(0)
        } else if let estimate = circumstances.estimate {
            rows = estimate.failed ? .failed : .known(estimate.rows)
        } else {
            rows = .missing
        }
    }

    func expecting(_ rows: UInt64) -> Question {
        var question = self
        question.rows = .known(rows)
        return question
    }
}

extension Facts {
    /// What it reads or changes is not in its text.
    var isIndirect: Bool { operations.contains { Operation.indirect.contains($0) } }

    /// It may return rows of a cursor.
    var fetches: Bool { operations.contains(Operation.cursor.rawValue) }

    /// What it changes is not in its text.
    var changesUnseen: Bool {
        operations.contains { $0 != Operation.cursor.rawValue && Operation.indirect.contains($0) }
    }

    /// Whether it may change something that a limit counts.
    var mayWrite: Bool {
        operations.contains {
            $0 != Operation.read.rawValue && $0 != Operation.copyOut.rawValue && !Operation.rowless.contains($0)
        }
    }

    /// Its outputs and where their values come from are all known, so that a mask plan tells which of them are masked.
    public var tellsItsOutputs: Bool { resolved && outputsKnown && unresolved.isEmpty && !isIndirect && !hasCopy }

    /// It reads and changes no rows: transaction control, settings, definitions. What is masked or limited is nothing to it.
    public var touchesNoRows: Bool {
        operations.allSatisfy { Operation.rowless.contains($0) }
            || !statementTags.isEmpty && statementTags.allSatisfy { $0 == "SHOW" }
    }
}
