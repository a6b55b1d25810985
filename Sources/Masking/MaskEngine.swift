import Detection

/// How many values were masked.
public struct Counts: Sendable {
    /// By entity index.
    public var entities: [UInt64]
    /// Values that could not be read.
    public var withheld: UInt64 = 0
    /// By the number of a rule, as whoever made the ``MaskEngine`` numbers them.
    public var rules: [UInt64]
}

/// Finds entities in values, replaces them, and counts what was masked. Serves one thread.
public struct MaskEngine {
    /// Nil when nothing is to be detected.
    public let detection: DetectionEngine?
    public let styles: DetectorStyles
    public let substitutes: Substitutes
    public private(set) var counts: Counts
    private var findings: [Finding] = []

    public init(detection: DetectionEngine?, styles: DetectorStyles, substitutes: Substitutes, rules: Int) {
        self.detection = detection
        self.styles = styles
        self.substitutes = substitutes
        let custom = detection?.entities.map { $0.index + 1 }.max() ?? 0
        counts = Counts(
            entities: Array(repeating: 0, count: max(Entity.all.count, custom)),
            rules: Array(repeating: 0, count: rules))
    }

    public mutating func count(_ findings: [Finding]) {
        for finding in findings { count(finding) }
    }

    mutating func count(_ finding: Finding) {
        if finding.entity == .unsearched { countWithheld() } else { counts.entities[finding.entity.index] += 1 }
    }

    public mutating func count(rule: Int) { counts.rules[rule] += 1 }
    public mutating func countWithheld() { counts.withheld += 1 }

    /// Takes back what was counted since `earlier`.
    public mutating func restore(_ earlier: Counts) { counts = earlier }

    public func name(of entity: Int) -> String {
        if entity == Entity.unsearched.index { return "withheld" }
        if Entity.all.indices.contains(entity) { return Entity.all[entity].name }
        return detection?.entities.first { $0.index == entity }.flatMap { detection?.name(of: $0) } ?? "custom"
    }

    /// The findings in `scope` of `bytes`; from `candidates` when a scan already made them, otherwise by a scan.
    ///
    /// When the matcher fails all of it is one finding of ``Entity/unsearched``, which is withheld.
    public mutating func find(
        in bytes: UnsafeRawBufferPointer, scope: Range<Int>, candidates: ArraySlice<Candidate>?, near: FieldContext
    ) -> [Finding] {
        guard let detection else { return [] }
        findings.removeAll(keepingCapacity: true)
        do throws(DetectionError) {
            if let candidates {
                if candidates.isEmpty, near.isEmpty, !detection.looksAtEveryValue { return [] }
                try detection.verify(candidates, in: bytes, scope: scope, context: near, into: &findings)
            } else {
                try detection.findings(in: bytes.part(scope), context: near, into: &findings)
                if scope.lowerBound != 0 { return findings.map { $0.moved(by: scope.lowerBound) } }
            }
            return findings
        } catch {
            return [Finding(entity: .unsearched, range: scope)]
        }
    }

    public mutating func find(in bytes: [UInt8], near: FieldContext = .none) -> [Finding] {
        bytes.withUnsafeBytes { find(in: $0, scope: 0..<bytes.count, candidates: nil, near: near) }
    }

    /// What all that was found there show, of text.
    public func style(of finding: Finding) -> Style { styles.style(of: finding) }

    /// Text with findings replaced. Those whose style is `null` are redacted here: the text around them stays.
    public func appendReplacing(
        _ findings: [Finding], in bytes: UnsafeRawBufferPointer, scope: Range<Int>, to out: inout [UInt8]
    ) {
        var copied = scope.lowerBound
        for finding in findings {
            out.append(contentsOf: bytes.part(copied..<finding.range.lowerBound))
            substitutes.append(style(of: finding), for: finding.entity, bytes.part(finding.range), to: &out)
            copied = finding.range.upperBound
        }
        out.append(contentsOf: bytes.part(copied..<scope.upperBound))
    }
}

extension Finding {
    func moved(by distance: Int) -> Finding {
        with(range.lowerBound + distance..<range.upperBound + distance)
    }
}
