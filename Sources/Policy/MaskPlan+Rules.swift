import Contract

extension MaskPlan {
    /// The plan for one statement: the union of the rules' masks, and which of its computed columns they reach.
    init(rules: [Rule], facts: Facts) {
        self.init()
        addMasks(of: rules)
        guard !columns.isEmpty else { return }
        guard facts.outputsKnown else {
            allComputed = true
            return
        }
        let names = columns.map { mask in
            Pattern(String((mask.pattern.split(separator: ".").last ?? "*").lowercased()))
        }
        // The columns of COPY (query) come without a description of their origin.
        let isCopy = facts.hasCopy && facts.copy.out && facts.copy.table.isEmpty
        var starSeen = false
        for (index, output) in facts.outputs.enumerated() {
            let carries =
                output.wholeRow
                || output.columns.contains { column in names.contains { $0.matches(column.lowercased()) } }
            if output.star {
                starSeen = true
                if carries || isCopy { allComputed = true }
            } else if carries {
                // After a star the position of a column is not known.
                if starSeen { allComputed = true } else { computedOutputs.append(UInt32(index)) }
            }
        }
    }

    /// The plan for what reaches the client outside any statement.
    init(sessionRules: [Rule]) {
        self.init()
        addMasks(of: sessionRules)
        allComputed = !columns.isEmpty
    }

    /// Strictest style first, then file order; the same mask twice counts once.
    private mutating func addMasks(of rules: [Rule]) {
        var columns: [ColumnMask] = []
        var detectors: [DetectorMask] = []
        for mask in rules.flatMap(\.columns)
        where !columns.contains(where: { $0.pattern == mask.pattern && $0.style == mask.style }) {
            columns.append(mask)
        }
        for mask in rules.flatMap(\.detectors)
        where !detectors.contains(where: { $0.entities == mask.entities && $0.style == mask.style }) {
            detectors.append(mask)
        }
        self.columns = columns.enumerated()
            .sorted { ($0.element.style.leniency, $0.offset) < ($1.element.style.leniency, $1.offset) }.map(\.element)
        self.detectors = detectors.enumerated()
            .sorted { ($0.element.style.leniency, $0.offset) < ($1.element.style.leniency, $1.offset) }.map(\.element)
    }
}

extension MaskStyle {
    /// How much of a value a style leaves: nothing first.
    fileprivate var leniency: Int {
        switch self {
        case .unspecified, .UNRECOGNIZED: 0
        case .null: 1
        case .redact: 2
        case .hash: 3
        case .partial: 4
        }
    }

    /// As policy files write it.
    var word: String {
        switch self {
        case .unspecified, .UNRECOGNIZED: "redact"
        case .null: "null"
        case .redact: "redact"
        case .hash: "hash"
        case .partial: "partial"
        }
    }
}
