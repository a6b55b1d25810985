import Detection

/// What the parts of one document's masker share: the engine, and where the result goes.
final class DocumentPass {
    /// A value's bytes that are looked at as one; what is longer is a ``LongValue``.
    static let maximumValueBytes = 1 << 20

    var engine: MaskEngine
    let names: NameTable
    var rules: [ValueRule] { names.rules }
    /// Whether a rule leaves out what it is about.
    let drops: Bool
    /// Nothing is masked, findings are gathered.
    private let finds: Bool

    private(set) var output: [UInt8] = []
    private(set) var findings: [DocumentFinding] = []
    /// Of the next byte, in the document as it is.
    private var line = 1
    private var column = 0

    init(_ plan: DocumentPlan, finds: Bool) {
        // Findings are the detectors'.
        let rules = finds ? [] : plan.rules
        engine = MaskEngine(
            detection: plan.detection, styles: plan.styles, substitutes: plan.substitutes, rules: rules.count)
        drops = rules.contains { $0.style == .drop }
        names = NameTable(detection: plan.detection, rules: rules)
        self.finds = finds
    }

    func takeOutput() -> [UInt8] {
        defer { output.removeAll(keepingCapacity: true) }
        return output
    }

    func takeFindings() -> [DocumentFinding] {
        defer { findings.removeAll(keepingCapacity: true) }
        return findings
    }

    var counts: [(name: String, count: UInt64)] {
        let counts = engine.counts
        let names =
            counts.entities.indices.map(engine.name(of:)) + ["withheld"] + names.columns.map(\.text)
        return zip(names, counts.entities + [counts.withheld] + counts.rules).filter { $0.1 > 0 }.map { ($0, $1) }
    }

    /// What the matcher finds in a stretch; nil when it fails, and each value is then looked at, and masked, by itself.
    func candidates(in bytes: UnsafeRawBufferPointer) -> CandidateCursor? {
        var list: [Candidate] = []
        do throws(DetectionError) {
            try engine.detection?.appendCandidates(in: bytes, to: &list)
            return CandidateCursor(list)
        } catch {
            return nil
        }
    }

    /// Edits a value that stands in the stretch as it is. Its style `null` redacts.
    func edit(
        _ bytes: UnsafeRawBufferPointer, _ scope: Range<Int>, _ candidates: ArraySlice<Candidate>?, near: FieldContext,
        to list: inout EditList
    ) {
        let findings = engine.find(in: bytes, scope: scope, candidates: candidates, near: near)
        engine.count(findings)
        for finding in findings {
            var text: [UInt8] = []
            engine.substitutes.append(
                engine.style(of: finding), for: finding.entity, bytes.part(finding.range), to: &text)
            list.mark(finding, at: finding.range)
            list.replace(finding.range, with: text)
        }
    }

    /// Whether a value is left out with its name and what parts it from others.
    func isDropped(_ known: NameTable.Known?) -> Bool {
        guard drops, let rule = known?.rule else { return false }
        return rules[rule].style == .drop
    }

    /// Text of Sluice's own between the document's bytes.
    func insert(_ text: [UInt8]) { if !finds { output += text } }

    /// The next bytes of the document with what is changed in them.
    func pass(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ list: EditList = EditList()) {
        guard finds else { return list.apply(to: bytes, range, out: &output) }
        var seen = range.lowerBound
        for mark in list.marks {
            // Findings may overlap in their encoding, not in what they say.
            if mark.range.lowerBound > seen {
                advance(over: bytes, seen..<mark.range.lowerBound)
                seen = mark.range.lowerBound
            }
            findings.append(
                DocumentFinding(
                    line: line, start: column, end: column + mark.range.count,
                    entity: engine.name(of: mark.entity.index), confidence: mark.confidence))
        }
        advance(over: bytes, seen..<range.upperBound)
    }

    /// The next bytes of the document, which cannot be read: `text` stands for them.
    func withhold(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: [UInt8] = Substitutes.redacted) {
        var list = EditList()
        list.replace(range, with: text)
        if !text.isEmpty { engine.countWithheld() }
        pass(bytes, range, list)
    }

    private func advance(over bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        for index in range {
            column += 1
            if bytes[index] == 0x0a {
                line += 1
                column = 0
            }
        }
    }
}
