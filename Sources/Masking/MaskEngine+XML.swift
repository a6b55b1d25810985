import Detection

extension MaskEngine {
    /// Masks what an XML text or content says: character references are read, and written where they must be.
    ///
    /// Null also for a finding over a tag, without which the rest would be no XML. Invalid when the text itself says what its
    /// references stand for (XML 1.0, section 4.2), or one is too long.
    public mutating func maskXML(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, to out: inout [UInt8]
    ) -> JSONOutcome {
        guard !declaresReferences(bytes), let decoded = ValueEncoding.xml.decode(bytes) else { return .invalid }
        let findings = find(in: decoded.bytes, near: near)
        guard !findings.isEmpty else { return .unchanged }
        count(findings)
        let crosses = findings.contains { finding in
            bytes[decoded.encoded(finding.range)].contains { $0 == 0x3c || $0 == 0x3e }
        }
        if crosses || findings.contains(where: { style(of: $0) == .null }) { return .null }
        var list = EditList()
        replace(findings, in: decoded, .xml, at: 0, to: &list)
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
