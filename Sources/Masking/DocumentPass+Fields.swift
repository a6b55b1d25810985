import Detection

/// A value between delimiters.
struct DocumentField {
    /// All that is replaced when the value becomes NULL.
    let range: Range<Int>
    /// The value as it is written, without quotes.
    let content: Range<Int>
    let encoding: ValueEncoding
}

extension DocumentPass {
    /// Edits a field in the stretch: by its rule, else where the detectors find something. Undecodable, it is withheld.
    func edit(
        _ field: DocumentField, in bytes: UnsafeRawBufferPointer, _ known: NameTable.Known, to list: inout EditList
    ) {
        if field.content.isEmpty { return }
        guard let decoded = field.encoding.decode(bytes.part(field.content)) else {
            return withhold(field, to: &list)
        }
        if let rule = known.rule {
            engine.count(rule: rules[rule].counter)
            guard rules[rule].style < .null else { return list.replace(field.range, with: []) }
            var text: [UInt8] = []
            decoded.bytes.withUnsafeBytes {
                engine.appendWhole(rules[rule].style, $0, near: known.meaning.context, to: &text)
            }
            return list.replace(field.content, with: field.encoding.encode(text))
        }
        if known.standing.column != nil {
            return editDocument(field, decoded, known, to: &list)
        }
        let findings = engine.find(in: decoded.bytes, near: known.meaning.context)
        guard !findings.isEmpty else { return }
        mark(findings, decoded, in: field, &list)
        if findings.contains(where: { $0.entity == .unsearched }) {
            list.replace(field.range, with: field.encoding.encode(Substitutes.redacted))
        } else if findings.contains(where: { engine.style(of: $0) == .null }) {
            list.replace(field.range, with: [])
        } else {
            engine.replace(findings, in: decoded, field.encoding, at: field.content.lowerBound, to: &list)
        }
    }

    /// Edits a field that holds JSON in which rules name places. One that does not, or is too long, is withheld.
    private func editDocument(
        _ field: DocumentField, _ text: DecodedText, _ known: NameTable.Known, to list: inout EditList
    ) {
        guard text.bytes.count <= DocumentPass.maximumValueBytes,
            text.bytes.withUnsafeBytes({ JSONText.beginsDocument($0) })
        else { return withhold(field, to: &list) }
        var edited: [UInt8] = []
        let outcome = text.bytes.withUnsafeBytes {
            engine.maskJSON(
                $0, near: known.meaning.context, names: names, root: known.standing, isQuiet: false, to: &edited)
        }
        switch outcome {
        case .unchanged: break
        case .null: list.replace(field.range, with: [])
        case .invalid: withhold(field, to: &list)
        case .replaced: list.replace(field.content, with: field.encoding.encode(edited))
        }
    }

    /// Edits a field that cannot be NULL, and is read both as it is written and decoded.
    func editText(_ field: DocumentField, in bytes: UnsafeRawBufferPointer, to list: inout EditList) {
        guard let decoded = field.encoding.decode(bytes.part(field.content)) else {
            return withhold(field, to: &list)
        }
        let written = engine.find(in: bytes, scope: field.content, candidates: nil, near: .none)
        let found = engine.find(in: decoded.bytes, near: .none).map { $0.with(decoded.encoded($0.range)) }
        let findings = found.map { $0.moved(by: field.content.lowerBound) }.joined(with: written)
        engine.count(findings)
        var end = field.content.lowerBound
        for finding in findings {
            let range = max(end, finding.range.lowerBound)..<max(end, finding.range.upperBound)
            end = range.upperBound
            list.mark(finding, at: range)
            list.replace(range, with: substitute(finding, bytes.part(range), field.encoding))
        }
    }

    /// What stands for a finding as it is written. Escapes in it are no part of the value that they write.
    private func substitute(
        _ finding: Finding, _ written: UnsafeRawBufferPointer, _ encoding: ValueEncoding
    ) -> [UInt8] {
        var text: [UInt8] = []
        guard written.contains(0x5c), let decoded = encoding.decode(written) else {
            engine.substitutes.append(engine.style(of: finding), for: finding.entity, written, to: &text)
            return text
        }
        decoded.bytes.withUnsafeBytes {
            engine.substitutes.append(engine.style(of: finding), for: finding.entity, $0, to: &text)
        }
        return encoding.encode(text)
    }

    private func mark(_ findings: [Finding], _ decoded: DecodedText, in field: DocumentField, _ list: inout EditList) {
        engine.count(findings)
        for finding in findings {
            let range = decoded.encoded(finding.range)
            list.mark(
                finding, at: range.lowerBound + field.content.lowerBound..<range.upperBound + field.content.lowerBound)
        }
    }

    func withhold(_ field: DocumentField, to list: inout EditList) {
        engine.countWithheld()
        list.replace(field.range, with: field.encoding.encode(Substitutes.redacted))
    }
}
