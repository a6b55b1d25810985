import Contract
import Detection
import Masking

/// Masks single values by one compiled plan and counts what it masked. Serves one batch on one thread.
struct ValueMasker {
    /// What becomes of a value.
    enum Outcome {
        case keep
        case null
        /// The new value was appended to the output that was handed in.
        case replaced
    }

    let plan: CompiledPlan
    var engine: MaskEngine
    /// A value could not be read since this was last reset.
    var isUnreadable = false
    /// In the value at hand, by all its readings, where that makes it NULL.
    var found: [Finding] = []

    init(plan: CompiledPlan) {
        self.plan = plan
        engine = MaskEngine(
            detection: plan.engine, styles: plan.styles, substitutes: plan.substitutes, rules: plan.ruleNames.count)
    }

    /// What was masked: entities, then what could not be read, then rules.
    var counts: [EntityCount] {
        let names = engine.counts.entities.indices.map(engine.name(of:)) + ["withheld"] + plan.ruleNames
        let numbers = engine.counts.entities + [engine.counts.withheld] + engine.counts.rules
        return zip(names, numbers).compactMap { name, number in
            guard number > 0 else { return nil }
            var count = EntityCount()
            count.entity = name
            count.count = number
            return count
        }
    }

    /// A finding in a value that cannot be edited: NULL.
    mutating func nullWhenFound(_ findings: [Finding]) -> Outcome {
        engine.count(findings)
        found += findings
        return findings.isEmpty ? .keep : .null
    }

    /// Text with every finding replaced.
    mutating func replace(
        _ findings: [Finding], in bytes: UnsafeRawBufferPointer, scope: Range<Int>, to out: inout [UInt8]
    ) -> Outcome {
        guard !findings.isEmpty else { return .keep }
        engine.count(findings)
        if findings.contains(where: { engine.style(of: $0) == .null }) { return .null }
        engine.appendReplacing(findings, in: bytes, scope: scope, to: &out)
        return .replaced
    }

    /// A whole value under a column rule. `bytes` is its decoded text, or binary.
    mutating func substitute(
        _ rule: (style: Style, counter: Int), _ column: CompiledPlan.Column, _ bytes: UnsafeRawBufferPointer,
        to out: inout [UInt8]
    ) -> Outcome {
        engine.count(rule: rule.counter)
        if rule.style == .null || rule.style == .drop { return .null }
        switch column.substitute {
        case .none: return styled(rule.style, column, bytes, to: &out)
        case .text:
            let end = column.isPadded ? bytes.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0 : bytes.count
            let withheld = engine.counts.withheld
            engine.appendWhole(rule.style, bytes.part(0..<end), near: column.near, to: &out)
            if engine.counts.withheld > withheld { isUnreadable = true }
        case .xml: appendDocument(rule.style, bytes, to: &out)
        case .json, .jsonb:
            let isBinary = column.substitute == .jsonb
            if isBinary { out.append(1) }
            out.append(0x22)
            let text = isBinary ? bytes.part(min(1, bytes.count)..<bytes.count) : bytes
            appendDocument(rule.style, text, to: &out)
            out.append(0x22)
        }
        return .replaced
    }

    /// Part of a document says nothing about the value, and with its tags or quotes, or a token of its form, it is none.
    private func appendDocument(_ style: Style, _ text: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        switch style {
        case .hash: engine.substitutes.appendWhole(.hash, text, to: &out)
        case .tokenize: out.append(contentsOf: engine.substitutes.token(ofDocument: text) ?? Substitutes.redacted)
        case .partial, .bucket, .shift, .redact, .null, .drop: out.append(contentsOf: Substitutes.redacted)
        }
    }

    private func styled(
        _ style: Style, _ column: CompiledPlan.Column, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]
    ) -> Outcome {
        guard let new = column.styled?.styled(bytes, style, engine.substitutes) else { return .null }
        out.append(contentsOf: new)
        return .replaced
    }

    /// Runs the detectors on a column's value. Where they would make it NULL, the style stands for all of it if the type can
    /// hold that.
    mutating func detect(
        _ column: CompiledPlan.Column, in bytes: UnsafeRawBufferPointer, scope: Range<Int>,
        candidates: ArraySlice<Candidate>?, to out: inout [UInt8]
    ) -> Outcome {
        found.removeAll(keepingCapacity: true)
        let withheld = engine.counts.withheld
        defer { if engine.counts.withheld > withheld { isUnreadable = true } }
        let outcome = detect(
            column.kind, in: bytes, scope: scope, candidates: candidates, near: column.near, to: &out)
        guard case .null = outcome, let style = engine.styles.style(of: found, on: column.shown) else { return outcome }
        return styled(style, column, bytes.part(scope), to: &out)
    }
}
