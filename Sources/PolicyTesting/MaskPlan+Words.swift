import Contract
import Policy

extension MaskPlan {
    /// As tests write a plan: `*.email partial`, `secret redact`, `output 2 redact`.
    var testWords: [String] {
        var words = columns.map { "\($0.pattern) \($0.style.word)" }
        for mask in detectors { words += mask.entities.map { "\($0) \(mask.style.word)" } }
        words += outputs.map { "output \($0.index + 1) \($0.style.word)" }
        words += computedOutputs.map { "output \($0 + 1) redact" }
        if allComputed { words.append("every computed output") }
        if allOutputs { words.append("every output") }
        return words
    }
}
