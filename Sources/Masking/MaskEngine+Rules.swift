import Detection

extension MaskEngine {
    /// What stands for the whole of a text under a column rule; there is no NULL here, that style redacts.
    ///
    /// What the style would show of it is looked at: where something is found in that, nothing of the text is shown. A finding
    /// that is all of the text is what the rule is about.
    /// - Parameter near: what the column's name says.
    public mutating func appendWhole(
        _ style: Style, _ bytes: UnsafeRawBufferPointer, near: FieldContext, to out: inout [UInt8]
    ) {
        let shown = detection == nil ? [] : substitutes.shown(style, bytes)
        let found = shown.isEmpty ? [] : findings(touching: shown, of: bytes, near: near)
        guard found.isEmpty else {
            count(found)
            return out.append(contentsOf: Substitutes.redacted)
        }
        substitutes.appendWhole(style, bytes, to: &out)
    }

    private func findings(
        touching shown: [Range<Int>], of bytes: UnsafeRawBufferPointer, near: FieldContext
    ) -> [Finding] {
        var findings: [Finding] = []
        do throws(DetectionError) {
            try detection?.findings(in: bytes, context: near, overlapping: true, into: &findings)
        } catch {
            return [Finding(entity: .unsearched, range: 0..<bytes.count)]
        }
        let start = bytes.firstIndex { $0 > 0x20 } ?? bytes.count
        let end = bytes.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? 0
        let touching = findings.filter { finding in
            let isWhole = finding.range.lowerBound <= start && finding.range.upperBound >= end
            return !isWhole && shown.contains { $0.overlaps(finding.range) }
        }
        // What overlaps others comes in parts, which are one.
        return Array(Set(touching))
    }
}
