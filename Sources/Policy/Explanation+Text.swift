import Contract

extension Explanation {
    /// A readable tree, one fact or rule a line.
    public var text: String {
        var lines = ["decision: \(judgement.verdict.word)"]
        if !judgement.rule.isEmpty { lines.append("  rule: \(judgement.rule)") }
        lines.append("  reason: \(judgement.reason)")
        if !judgement.hint.isEmpty { lines.append("  hint: \(judgement.hint)") }
        if let hold = judgement.hold {
            lines.append("  approval: \(hold.approversText), within \(hold.expiresSeconds) s")
        }
        if let limits = judgement.limits {
            lines.append("  limit: at most \(limits.maxRows) rows, by rule “\(limits.rule)”")
        }
        if judgement.recording.meaning != .full {
            lines.append("  recorded: \(judgement.recording.word), by rule “\(judgement.recordingRule)”")
        }
        if judgement.wantsEstimate { lines.append("  undecided: an estimate of the rows is needed") }
        lines += remarks.map { "note: \($0)" }
        lines.append("facts")
        lines += facts.lines.map { "  \($0)" }
        lines.append("rules")
        lines += rules.map { "  \($0.line)" }
        let mask = judgement.mask.lines
        if !mask.isEmpty { lines += ["mask"] + mask.map { "  \($0)" } }
        return lines.map { $0.printable + "\n" }.joined()
    }
}

extension String {
    /// Names come from the command: they must neither drive a terminal nor begin a line.
    fileprivate var printable: String {
        var result = ""
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            result.unicodeScalars.append(isControl ? "?" : scalar)
        }
        return result
    }
}

extension MatchedRule {
    fileprivate var line: String {
        if matched { return "✓ \(name) → \(effect)" + (because.isEmpty ? "" : ": \(because)") }
        return nearly ? "≈ \(name) → \(effect): nearly, but \(because)" : "· \(name) → \(effect): no, \(because)"
    }
}

extension Facts {
    fileprivate var lines: [String] {
        var lines: [String] = []
        let lists = [
            ("operations", operations), ("statements", statementTags), ("tables read", tablesRead),
            ("tables written", tablesWritten), ("views", views), ("functions", functions),
            ("columns read", columnsRead), ("columns written", columnsWritten), ("columns compared", columnsCompared),
            ("columns named", columnsReferenced), ("unknown relations", unresolved),
        ]
        for (name, values) in lists where !values.isEmpty {
            lines.append("\(name): \(values.joined(separator: ", "))")
        }
        for flow in flows {
            let sources = flow.anything ? ["anything"] : flow.sources
            lines.append("copies: \(sources.joined(separator: ", ")) → \(flow.target)")
        }
        for (index, output) in outputs.enumerated() where !output.origins.isEmpty {
            let kind = output.direct ? "is" : "from"
            lines.append("output \(index + 1) \(kind) \(output.origins.joined(separator: ", "))")
        }
        lines.append(resolved ? "names: looked up in the catalogue" : "names: as the text writes them")
        if unfiltered { lines.append("unfiltered: true") }
        if !unlimitable.isEmpty { lines.append("rows cannot be counted: \(unlimitable)") }
        if opaque { lines.append("opaque: \(opaqueReason)") }
        return lines
    }
}

extension MaskPlan {
    /// One line for each mask and for each output that it reaches: `column *.email → partial`.
    public var lines: [String] {
        var lines = columns.map {
            "column \($0.placeWords) → \($0.styleWords)" + ($0.refuseOnFailure ? ", else refused" : "")
        }
        lines += detectors.map {
            "\($0.entities.joined(separator: ", ")) → \($0.styleWords)" + ($0.refuseOnFailure ? ", else refused" : "")
        }
        lines += outputs.map { "output \($0.placeWords) → \($0.styleWords)" + ($0.computed ? ", NULL too" : "") }
        if allOutputs {
            lines.append("every output")
        } else if allComputed {
            lines.append("every computed output")
        } else {
            lines += computedOutputs.map { "output \($0 + 1) → redact, NULL too" }
        }
        return lines
    }
}
