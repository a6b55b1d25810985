import Detection

/// What masking changes in a stretch of bytes, in ascending order.
struct EditList {
    struct Edit {
        let range: Range<Int>
        let text: [UInt8]
    }

    private(set) var edits: [Edit] = []
    /// Where in the stretch the detectors found something.
    private(set) var marks: [Finding] = []
    /// A finding asks for NULL in place of the whole value around it.
    var asksForNull = false
    /// Something was found in the stretch as a whole: an empty list means that its place is not understood.
    var isBlind = false

    mutating func replace(_ range: Range<Int>, with text: [UInt8]) { edits.append(Edit(range: range, text: text)) }
    mutating func mark(_ finding: Finding, at range: Range<Int>) { marks.append(finding.with(range)) }

    /// The edit that a range reaches into, if there is one.
    func edit(overlapping range: Range<Int>) -> Edit? {
        var low = 0
        var high = edits.count
        while low < high {
            let middle = (low + high) / 2
            if edits[middle].range.upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low < edits.count, edits[low].range.lowerBound < range.upperBound else { return nil }
        return edits[low]
    }

    /// Takes in edits of other places.
    mutating func merge(_ other: EditList) {
        guard !other.edits.isEmpty else { return }
        edits = (edits + other.edits).sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    func apply(to bytes: UnsafeRawBufferPointer, _ range: Range<Int>, out: inout [UInt8]) {
        var copied = range.lowerBound
        for edit in edits {
            out.append(contentsOf: bytes.part(copied..<edit.range.lowerBound))
            out.append(contentsOf: edit.text)
            copied = edit.range.upperBound
        }
        out.append(contentsOf: bytes.part(copied..<range.upperBound))
    }
}

extension MaskEngine {
    /// Replaces findings within an encoded value, each by itself, so that all around it stays as it is written.
    /// - Parameters:
    ///   - findings: in the decoded bytes.
    ///   - offset: where the encoded value stands in the stretch that is edited.
    mutating func replace(
        _ findings: [Finding], in decoded: DecodedText, _ encoding: ValueEncoding, at offset: Int,
        to list: inout EditList
    ) {
        var end = offset
        for finding in findings {
            let encoded = decoded.encoded(finding.range)
            // Two findings may share an escape.
            let range = max(end, encoded.lowerBound + offset)..<max(end, encoded.upperBound + offset)
            end = range.upperBound
            var text: [UInt8] = []
            decoded.bytes.withUnsafeBytes {
                substitutes.append(style(of: finding), for: finding.entity, $0.part(finding.range), to: &text)
            }
            list.replace(range, with: encoding.encode(text))
        }
    }
}

extension [Finding] {
    /// These, and of `others` what lies outside them, each told of what it overlapped. Both ascending and without overlaps, as is
    /// the result.
    func joined(with others: [Finding]) -> [Finding] {
        guard !others.isEmpty else { return self }
        guard !isEmpty else { return others }
        var result = self
        for var other in others {
            var rest = other.range
            for (index, own) in enumerated() where own.range.overlaps(rest) {
                result[index] = result[index].among(other)
                other = other.among(own)
                if own.range.lowerBound > rest.lowerBound {
                    result.append(other.with(rest.lowerBound..<own.range.lowerBound))
                }
                rest = Swift.min(rest.upperBound, own.range.upperBound)..<rest.upperBound
            }
            if !rest.isEmpty { result.append(other.with(rest)) }
        }
        return result.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
}
