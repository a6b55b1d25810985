import Contract

extension MaskPlan {
    /// The plan for one statement: the union of the rules' masks, and which of its outputs they reach.
    init(rules: [Rule], facts: Facts) {
        self.init()
        let masked = addMasks(of: rules)
        guard !columns.isEmpty else { return }
        guard facts.outputsKnown else {
            allComputed = true
            // What comes through a view, or from what the catalogue does not know, has another origin or none; what a
            // cursor or a prepared statement reads is told elsewhere.
            allOutputs = facts.resolved && !(facts.views.isEmpty && facts.unresolved.isEmpty && !facts.isIndirect)
            return
        }
        let names = columns.map { mask in
            Pattern(String((mask.pattern.split(separator: ".").last ?? "*").lowercased()))
        }
        // The columns of COPY (query) come without a description of their origin.
        let isCopy = facts.hasCopy && facts.copy.out && facts.copy.table.isEmpty
        // What was not looked up, and what a function returns, is known by name alone.
        let goesByName = !facts.resolved || !facts.unresolved.isEmpty || facts.isIndirect
        var starSeen = false
        for (index, output) in facts.outputs.enumerated() {
            if facts.resolved, !output.origins.isEmpty, !output.star {
                let masks = Self.masks(of: output, at: index, in: masked, facts)
                guard !masks.isEmpty else { continue }
                if starSeen { allOutputs = true } else { outputs += masks }
                continue
            }
            guard goesByName || output.star else { continue }
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

    /// The masks of columns that the output carries: the rules' own styles for the column's value itself, while what is computed
    /// from it is redacted. Which of them is the strictest depends on the column's type, which is not known here, unless one redacts.
    private static func masks(
        of output: OutputColumn, at index: Int, in masked: [Rule.MaskedColumn], _ facts: Facts
    ) -> [OutputMask] {
        var result = OutputMask()
        result.index = UInt32(index)
        result.computed = !output.direct
        let origins = output.origins.map(ColumnName.init)
        let matching = masked.filter { column in origins.contains { column.pattern.mayMatch($0) } }.map(\.mask)
        if let first = matching.first {
            var results: [OutputMask] = []
            for mask in output.direct && !first.hidesAll ? matching : [first] {
                result.style = output.direct ? mask.style : .redact
                result.clearParameters()
                if output.direct, mask.hasParameters { result.parameters = mask.parameters }
                result.rule = mask.rule
                result.paths = output.direct ? mask.paths : []
                result.refuseOnFailure = !result.paths.isEmpty && mask.refuseOnFailure
                let isKnown = results.contains {
                    $0.style == result.style && $0.parameters == result.parameters && $0.paths == result.paths
                        && $0.refuseOnFailure == result.refuseOnFailure
                }
                if !isKnown { results.append(result) }
            }
            return results
        }
        // What the catalogue does not know may be a view of anything; what comes from a table has that table's names.
        let isDoubtful = output.origins.contains { origin in facts.unresolved.contains { origin.hasPrefix($0 + ".") } }
        guard isDoubtful || output.wholeRow, let first = masked.first else { return [] }
        result.style = .redact
        result.rule = first.mask.rule
        result.computed = true
        result.unlessTable = isDoubtful
        return [result]
    }

    /// The plan for what reaches the client outside any statement.
    init(sessionRules: [Rule]) {
        self.init()
        addMasks(of: sessionRules)
        allComputed = !columns.isEmpty
    }

    /// Strictest style first, then file order; the same mask twice counts once. Returns the column masks.
    @discardableResult
    private mutating func addMasks(of rules: [Rule]) -> [Rule.MaskedColumn] {
        // The same mask of another rule is the same.
        var seenColumns: Set<ColumnMask> = []
        var seenDetectors: Set<DetectorMask> = []
        let distinct = rules.flatMap(\.columns).filter { column in
            var mask = column.mask
            mask.rule = ""
            return seenColumns.insert(mask).inserted
        }
        let detectors = rules.flatMap(\.detectors).filter { detector in
            var mask = detector
            mask.rule = ""
            return seenDetectors.insert(mask).inserted
        }
        let columns = distinct.enumerated()
            .sorted { (Leniency($0.element.mask), $0.offset) < (Leniency($1.element.mask), $1.offset) }
            .map(\.element)
        self.columns = columns.map(\.mask)
        self.detectors = detectors.enumerated()
            .sorted { (Leniency($0.element), $0.offset) < (Leniency($1.element), $1.offset) }.map(\.element)
        return columns
    }
}

extension ColumnMask {
    /// Whether it shows nothing of a value of any type.
    fileprivate var hidesAll: Bool {
        switch style {
        case .unspecified, .UNRECOGNIZED, .drop, .null, .redact: paths.isEmpty
        case .hash, .tokenize, .shift, .bucket, .partial: false
        }
    }
}
