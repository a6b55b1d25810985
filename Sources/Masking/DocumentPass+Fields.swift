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
        _ field: DocumentField, in bytes: UnsafeRawBufferPointer, _ meaning: NameTable.Meaning, rule: Int?,
        to list: inout EditList
    ) {
        if field.content.isEmpty { return }
        guard let decoded = field.encoding.decode(bytes.part(field.content)) else {
            return withhold(field, to: &list)
        }
        if let rule {
            engine.count(rule: rule)
            guard rules[rule].style != .null else { return list.replace(field.range, with: []) }
            var text: [UInt8] = []
            decoded.bytes.withUnsafeBytes { engine.substitutes.appendWhole(rules[rule].style, $0, to: &text) }
            return list.replace(field.content, with: field.encoding.encode(text))
        }
        let findings = engine.find(in: decoded.bytes, near: meaning.context)
        guard !findings.isEmpty else { return }
        engine.count(findings)
        for finding in findings {
            let range = decoded.encoded(finding.range)
            list.mark(
                finding, at: range.lowerBound + field.content.lowerBound..<range.upperBound + field.content.lowerBound)
        }
        if findings.contains(where: { engine.style(of: $0) == .null }) {
            list.replace(field.range, with: [])
        } else {
            engine.replace(findings, in: decoded, field.encoding, at: field.content.lowerBound, to: &list)
        }
    }

    func withhold(_ field: DocumentField, to list: inout EditList) {
        engine.countWithheld()
        list.replace(field.range, with: field.encoding.encode(Substitutes.redacted))
    }
}
