import Contract
import Policy

extension MaskPlan {
    /// As tests write a plan: `*.email partial`, `secret redact`, `output 2 redact`, `every output`.
    var testWords: [String] {
        var words = columns.map { "\($0.pattern) \($0.styleWords)" } + detectorWords
        words += positions.map { "output \($0)" }
        if allComputed { words.append("every computed output") }
        if allOutputs { words.append("every output") }
        return words
    }

    /// As tests write the masked outputs: `2 redact`, `every`.
    var outputWords: [String] {
        positions + (allComputed ? ["every computed"] : []) + (allOutputs ? ["every"] : [])
    }

    /// What of the plan can reach a reply whose outputs are all known: `output 2 redact`, `secret redact`.
    var reachingWords: [String] {
        outputWords.map { "output \($0)" } + detectorWords
    }

    private var detectorWords: [String] {
        detectors.flatMap { mask in mask.entities.map { "\($0) \(mask.styleWords)" } }
    }

    private var positions: [String] {
        outputs.map { "\($0.index + 1) \($0.styleWords)" } + computedOutputs.map { "\($0 + 1) redact" }
    }
}
