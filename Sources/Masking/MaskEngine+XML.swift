import Detection

extension MaskEngine {
    /// Masks what an XML text or content says: character references are read, and written where they must be.
    ///
    /// Null also for a finding over a tag, without which the rest would be no XML.
    public mutating func maskXML(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, to out: inout [UInt8]
    ) -> JSONOutcome {
        guard let decoded = ValueEncoding.xml.decode(bytes) else { return .invalid }
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
}
