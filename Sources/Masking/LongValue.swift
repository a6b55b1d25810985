import Detection

/// A value too long to be held, masked piece by piece. Pieces overlap, so that what stands across the end of one is seen whole
/// in the next; only a finding of more than ``overlapBytes`` may be seen in parts, and then none of it passes.
struct LongValue {
    static let pieceBytes = DocumentPass.maximumValueBytes
    /// What of a piece is looked at again with the next.
    private static let overlapBytes = 64 << 10
    /// What was passed and stays in sight of the detectors: more than any context reaches.
    static let sightBytes = 256

    private let encoding: ValueEncoding
    private let near: FieldContext
    private let rule: Int?
    /// Decoded bytes, and those of the encoding, at the front that are out already.
    private var shown: (decoded: Int, encoded: Int)
    /// A finding went on at the end of the last piece.
    private var goesOn = false
    /// The rest is left out: something stands for all of it already.
    private var isReplaced = false

    /// - Parameter sight: what stands before the value, was passed, and is at the front of the first piece.
    init(_ encoding: ValueEncoding, near: FieldContext, rule: Int?, sight: [UInt8] = []) {
        self.encoding = encoding
        self.near = near
        self.rule = rule
        shown = (sight.withUnsafeBytes { encoding.decode($0)?.bytes.count ?? 0 }, sight.count)
    }

    /// One that something stands for already.
    static func leftOut(_ encoding: ValueEncoding) -> LongValue {
        var value = LongValue(encoding, near: .none, rule: nil)
        value.isReplaced = true
        return value
    }

    /// Passes the next piece, at the front of which is what was kept of the last one.
    /// - Returns: how many bytes from the front are not needed any more; all of them after the last piece.
    mutating func take(_ bytes: UnsafeRawBufferPointer, isLast: Bool, _ pass: DocumentPass) -> Int {
        if isReplaced { return leaveOut(bytes, pass) }
        if let rule {
            pass.engine.count(rule: pass.rules[rule].counter)
            return replace(bytes, pass)
        }
        guard let decoded = encoding.decode(bytes, isWhole: isLast) else {
            pass.engine.countWithheld()
            return replace(bytes, pass)
        }
        let count = decoded.bytes.count
        let findings = pass.engine.find(in: decoded.bytes, near: near)
        var cut = isLast ? count : max(shown.decoded, count - LongValue.overlapBytes)
        if let across = findings.first(where: { $0.range.lowerBound < cut && $0.range.upperBound > cut }) {
            cut = across.range.lowerBound > shown.decoded ? across.range.lowerBound : across.range.upperBound
        }
        let list = edits(findings, decoded, upTo: cut, pass)
        let end = isLast ? bytes.count : max(shown.encoded, decoded.encoded(0..<cut).upperBound)
        pass.pass(bytes, shown.encoded..<end, list)
        if isLast { return bytes.count }
        let kept = max(0, cut - LongValue.sightBytes)
        let dropped = decoded.encoded(0..<kept).upperBound
        shown = (cut - kept, end - dropped)
        return dropped
    }

    private mutating func edits(
        _ findings: [Finding], _ decoded: DecodedText, upTo cut: Int, _ pass: DocumentPass
    ) -> EditList {
        var list = EditList()
        var start = shown.decoded
        if goesOn {
            // What was cut off belongs to what was masked, up to what ends a word.
            start = decoded.bytes[start..<cut].firstIndex { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 } ?? cut
            list.replace(decoded.encoded(shown.decoded..<start), with: [])
        }
        let clipped = findings.map { $0.with($0.range.clamped(to: start..<cut)) }.filter { !$0.range.isEmpty }
        pass.engine.count(clipped)
        for finding in clipped { list.mark(finding, at: decoded.encoded(finding.range)) }
        pass.engine.replace(clipped, in: decoded, encoding, at: 0, to: &list)
        goesOn =
            goesOn && start == cut || cut == decoded.bytes.count && clipped.last?.range.upperBound == cut
        return list
    }

    private mutating func replace(_ bytes: UnsafeRawBufferPointer, _ pass: DocumentPass) -> Int {
        var list = EditList()
        list.replace(shown.encoded..<bytes.count, with: encoding.encode(Substitutes.redacted))
        pass.pass(bytes, shown.encoded..<bytes.count, list)
        isReplaced = true
        shown = (0, 0)
        return bytes.count
    }

    private func leaveOut(_ bytes: UnsafeRawBufferPointer, _ pass: DocumentPass) -> Int {
        var list = EditList()
        list.replace(0..<bytes.count, with: [])
        pass.pass(bytes, 0..<bytes.count, list)
        return bytes.count
    }
}
