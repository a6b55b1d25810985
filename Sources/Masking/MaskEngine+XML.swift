import Detection

extension MaskEngine {
    /// Masks what an XML text or content says: character references are read, and written where they must be.
    ///
    /// Null also for a finding over a tag, without which the rest would be no XML. Invalid when the text itself says what its
    /// references stand for (XML 1.0, section 4.2), or one is too long.
    public mutating func maskXML(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, to out: inout [UInt8]
    ) -> JSONOutcome {
        maskXML(bytes, near: near, edited: EditList(), to: &out)
    }

    /// Masks what rules' paths name in an XML text or content, and in the rest what the detectors find. Invalid also when it declares
    /// a document type, or is no XML.
    public mutating func maskXML(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, names: NameTable, to out: inout [UInt8]
    ) -> JSONOutcome {
        var walk = XMLWalk(bytes, names, near: near)
        guard walk.run(&self) else { return .invalid }
        return maskXML(bytes, near: near, edited: walk.list, to: &out)
    }

    private mutating func maskXML(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, edited: EditList, to out: inout [UInt8]
    ) -> JSONOutcome {
        guard !declaresReferences(bytes), let decoded = ValueEncoding.xml.decode(bytes) else { return .invalid }
        let findings = find(in: decoded.bytes, near: near).filter { finding in
            let range = decoded.encoded(finding.range)
            guard let edit = edited.edit(overlapping: range) else { return true }
            return range.clamped(to: edit.range) != range
        }
        guard !findings.isEmpty || !edited.edits.isEmpty else { return .unchanged }
        count(findings)
        let crosses = findings.contains { finding in
            let range = decoded.encoded(finding.range)
            return bytes[range].contains { $0 == 0x3c || $0 == 0x3e } || edited.edit(overlapping: range) != nil
        }
        if crosses || findings.contains(where: { style(of: $0) == .null }) { return .null }
        var list = EditList()
        replace(findings, in: decoded, .xml, at: 0, to: &list)
        list.merge(edited)
        list.apply(to: bytes, 0..<bytes.count, out: &out)
        return .replaced
    }

    private func declaresReferences(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.contains(0x26) else { return false }
        var rest = bytes[...]
        while let start = rest.firstIndex(of: 0x3c) {
            if bytes[start...].starts(with: "<!ENTITY".utf8) { return true }
            rest = bytes[(start + 1)...]
        }
        return false
    }
}
