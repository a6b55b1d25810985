import Contract
import Policy

extension MaskPlan {
    /// As tests write a plan: `*.email partial`, `secret redact`, `output 2 redact`, `every output`.
    var testWords: [String] {
        var words = columns.map { "\($0.placeWords) \($0.styleWords)" } + detectorWords
        words += positions.map { "output \($0)" }
        if allComputed { words.append("every computed output") }
        if allOutputs { words.append("every output") }
        return words
    }

    /// The same for comparing plans: with what the policy defines of its detectors, by a digest.
    var comparedWords: [String] { testWords + definitionWords }

    /// As tests write the masked outputs: `2 redact`, `every`.
    var outputWords: [String] {
        positions + (allComputed ? ["every computed"] : []) + (allOutputs ? ["every"] : [])
    }

    /// What of the plan can reach a reply whose outputs are all known, for comparing: `output 2 redact`, `secret redact`.
    var reachingWords: [String] {
        outputWords.map { "output \($0)" } + detectorWords + definitionWords
    }

    private var detectorWords: [String] {
        detectors.flatMap { mask in mask.entities.map { "\($0) \(mask.styleWords)" } }
    }

    /// `own definitions 5f2c90ab`: the digest of what one mask names.
    private var definitionWords: [String] {
        let digests = Set(detectors.map(\.definitions).filter { !$0.isEmpty })
        return digests.map { digest in
            let shown = digest.prefix(Self.shownDigestBytes).map {
                String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
            }
            return "own definitions \(shown.joined())"
        }
    }

    /// Enough to tell the definitions of two policies apart.
    private static let shownDigestBytes = 4

    private var positions: [String] {
        outputs.map { "\($0.placeWords) \($0.styleWords)" } + computedOutputs.map { "\($0 + 1) redact" }
    }
}
