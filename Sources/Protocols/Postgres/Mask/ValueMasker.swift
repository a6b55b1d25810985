import Contract
import Detection

/// Masks single values by one compiled plan and counts what it masked. Serves one batch on one thread.
struct ValueMasker {
    /// What becomes of a value.
    enum Outcome {
        case keep
        case null
        /// The new value was appended to the output that was handed in.
        case replaced
    }

    /// Arrays and composites within one another, deeper than which a value is withheld.
    static let maximumDepth = 8

    private static let redactions = Entity.all.map { Array("[redacted:\($0.name)]".utf8) }
    private static let hashPrefix = Array("h:".utf8)

    let plan: CompiledPlan
    private let hasher: KeyedHash
    var counters: [UInt64]
    private var findings: [Finding] = []

    init(plan: CompiledPlan, hasher: KeyedHash) {
        self.plan = plan
        self.hasher = hasher
        counters = Array(repeating: 0, count: plan.counterNames.count)
    }

    mutating func count(_ counter: Int) { counters[counter] += 1 }
    mutating func countWithheld() { counters[CompiledPlan.withheldCounter] += 1 }

    // MARK: findings

    /// The findings in `scope` of `bytes`; from `candidates` when a scan already made them, otherwise by a scan.
    mutating func find(
        in bytes: UnsafeRawBufferPointer, scope: Range<Int>, candidates: ArraySlice<Candidate>?, near: FieldContext
    ) -> [Finding] {
        guard let engine = plan.engine else { return [] }
        findings.removeAll(keepingCapacity: true)
        if let candidates {
            if candidates.isEmpty, near.isEmpty, !engine.looksAtEveryValue { return [] }
            engine.verify(candidates, in: bytes, scope: scope, context: near, into: &findings)
        } else {
            engine.findings(in: bytes.part(scope), context: near, into: &findings)
            if scope.lowerBound != 0 {
                for index in findings.indices {
                    let range = findings[index].range
                    findings[index] = Finding(
                        entity: findings[index].entity,
                        range: range.lowerBound + scope.lowerBound..<range.upperBound + scope.lowerBound,
                        confidence: findings[index].confidence)
                }
            }
        }
        return findings
    }

    mutating func find(in bytes: [UInt8], near: FieldContext = .none) -> [Finding] {
        bytes.withUnsafeBytes { find(in: $0, scope: 0..<bytes.count, candidates: nil, near: near) }
    }

    func style(of finding: Finding) -> Style { plan.styles[finding.entity.index] ?? .redact }

    mutating func count(_ findings: [Finding]) {
        for finding in findings { counters[finding.entity.index] += 1 }
    }

    /// A finding in a value that cannot be edited: NULL.
    mutating func nullWhenFound(_ findings: [Finding]) -> Outcome {
        count(findings)
        return findings.isEmpty ? .keep : .null
    }

    /// Text with every finding replaced.
    mutating func replace(
        _ findings: [Finding], in bytes: UnsafeRawBufferPointer, scope: Range<Int>, to out: inout [UInt8]
    ) -> Outcome {
        guard !findings.isEmpty else { return .keep }
        count(findings)
        if findings.contains(where: { style(of: $0) == .null }) { return .null }
        appendReplacing(findings, in: bytes, scope: scope, to: &out)
        return .replaced
    }

    /// Findings whose style is `null` are redacted here: the text around them stays.
    func appendReplacing(
        _ findings: [Finding], in bytes: UnsafeRawBufferPointer, scope: Range<Int>, to out: inout [UInt8]
    ) {
        var copied = scope.lowerBound
        for finding in findings {
            out.append(contentsOf: bytes.part(copied..<finding.range.lowerBound))
            appendSubstitute(style(of: finding), finding.entity, bytes.part(finding.range), to: &out)
            copied = finding.range.upperBound
        }
        out.append(contentsOf: bytes.part(copied..<scope.upperBound))
    }

    // MARK: substitutes

    /// What stands for one entity inside text: letters, digits and punctuation that JSON strings need not escape,
    /// besides bytes of the entity itself.
    func appendSubstitute(_ style: Style, _ entity: Entity, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        switch style {
        case .redact, .null:
            out.append(contentsOf: ValueMasker.redactions[entity.index])
        case .hash: appendHash(bytes, to: &out)
        case .partial: appendPartial(entity, bytes, to: &out)
        }
    }

    private func appendPartial(_ entity: Entity, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        switch entity {
        case .email:
            let at = bytes.firstIndex(of: 0x40) ?? bytes.count
            let first = firstCharacter(bytes)
            if first < at { out.append(contentsOf: bytes.part(0..<first)) }
            out.append(contentsOf: "***".utf8)
            out.append(contentsOf: bytes.part(at..<bytes.count))
        case .creditCard, .usSSN, .usITIN, .iban, .phone:
            out.append(contentsOf: "****".utf8)
            var last: [UInt8] = []
            for byte in bytes.reversed() where last.count < 4 && byte &- 0x30 < 10 { last.append(byte) }
            out.append(contentsOf: last.reversed())
        case _:
            // The first four bytes of a long token tell its kind (AKIA, ghp_); of a short one they tell the secret.
            if Entity.secrets.contains(entity), bytes.count >= 20,
                bytes[..<4].allSatisfy({ $0 < 0x80 && $0 > 0x20 && $0 != 0x22 && $0 != 0x5c })
            {
                out.append(contentsOf: bytes.part(0..<4))
            }
            out.append(contentsOf: "***".utf8)
        }
    }

    /// Bytes of the first UTF-8 character, one for invalid UTF-8.
    private func firstCharacter(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !bytes.isEmpty else { return 0 }
        var end = 1
        if bytes[0] >= 0xc0 { while end < bytes.count, end < 4, bytes[end] & 0xc0 == 0x80 { end += 1 } }
        return end
    }

    private func appendHash(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        out.append(contentsOf: ValueMasker.hashPrefix)
        hasher.append(bytes, to: &out)
    }

    /// A whole value under a column rule. `bytes` is its decoded text, or binary.
    mutating func substitute(
        _ rule: (style: Style, counter: Int), _ kind: Substitute, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]
    ) -> Outcome {
        count(rule.counter)
        if rule.style == .null { return .null }
        switch kind {
        case .none: return .null
        case .text:
            switch rule.style {
            case .redact, .null: out.append(contentsOf: "[redacted]".utf8)
            case .hash: appendHash(bytes, to: &out)
            case .partial: appendPartialColumn(bytes, to: &out)
            }
        case .json, .jsonb:
            if kind == .jsonb { out.append(1) }
            out.append(0x22)
            if rule.style == .hash {
                appendHash(kind == .jsonb ? bytes.part(min(1, bytes.count)..<bytes.count) : bytes, to: &out)
            } else {
                out.append(contentsOf: "[redacted]".utf8)
            }
            out.append(0x22)
        }
        return .replaced
    }

    private func appendPartialColumn(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
        let value = bytes.part(0..<end)
        if let entity = DetectionEngine.entity(ofWhole: value) { return appendPartial(entity, value, to: &out) }
        let characters = value.count(where: { $0 & 0xc0 != 0x80 })
        if characters > 3 { out.append(contentsOf: value.part(0..<firstCharacter(value))) }
        out.append(contentsOf: repeatElement(0x2a, count: min(3, characters)))
    }
}
