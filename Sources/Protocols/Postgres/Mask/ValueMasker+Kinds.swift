import Contract
import Detection
import Masking

extension ValueMasker {
    /// Runs the detectors on one value. Candidates are those of a scan over `bytes`; nil when there was none.
    mutating func detect(
        _ kind: ValueKind, in bytes: UnsafeRawBufferPointer, scope: Range<Int>, candidates: ArraySlice<Candidate>?,
        near: FieldContext,
        depth: Int = 0,
        to out: inout [UInt8]
    ) -> Outcome {
        guard plan.engine != nil else { return .keep }
        switch kind {
        case .skip: return .keep
        case .text:
            return replace(
                engine.find(in: bytes, scope: scope, candidates: candidates, near: near), in: bytes, scope: scope,
                to: &out)
        case .shownText, .bytes:
            return nullWhenFound(engine.find(in: bytes, scope: scope, candidates: candidates, near: near))
        case .json:
            return maskJSON(bytes.part(scope), near: near, isQuiet: candidates?.isEmpty ?? false, to: &out)
        case .jsonb:
            guard !scope.isEmpty, bytes[scope.lowerBound] == 1 else { return withheld() }
            let text = scope.lowerBound + 1..<scope.upperBound
            let start = out.count
            out.append(1)
            let outcome = maskJSON(bytes.part(text), near: near, isQuiet: candidates?.isEmpty ?? false, to: &out)
            if case .replaced = outcome { return .replaced }
            out.removeSubrange(start...)
            return outcome
        case .floatText:
            if bytes[scope].contains(0x65), let value = Double(String(decoding: bytes[scope], as: UTF8.self)) {
                return detectFloat(value, near: near)
            }
            return nullWhenFound(engine.find(in: bytes, scope: scope, candidates: candidates, near: near))
        case .byteaText:
            guard let decoded = PostgresText.bytea(bytes.part(scope)) else { return withheld() }
            return nullWhenFound(engine.find(in: decoded, near: near))
        case .integer:
            guard let value = integer(bytes.part(scope)) else { return withheld() }
            // No card number is below 10¹², no entity is shorter than 9 digits.
            if value.magnitude < (!near.isEmpty ? 1_000_000 : 1_000_000_000_000) { return .keep }
            return detectShown(NumberText.padded(value.magnitude, near: near), near: near)
        case .numeric:
            guard let text = PostgresText.numeric(bytes.part(scope)) else { return withheld() }
            return text.isEmpty ? .keep : detectShown(text, near: near)
        case .float:
            let part = bytes.part(scope)
            switch part.count {
            case 4:
                return detectFloat(
                    Double(Float(bitPattern: UInt32(bigEndian: part.loadUnaligned(as: UInt32.self)))), near: near)
            case 8:
                return detectFloat(
                    Double(bitPattern: UInt64(bigEndian: part.loadUnaligned(as: UInt64.self))), near: near)
            case _: return withheld()
            }
        case .date:
            guard scope.count == 4 else { return withheld() }
            return detectShown(PostgresText.date(days: bytes.part(scope).int32(at: 0)), near: near)
        case .uuid:
            guard scope.count == 16 else { return withheld() }
            return detectShown(PostgresText.uuid(bytes.part(scope)), near: near)
        case .arrayText(let element):
            return maskArrayText(bytes.part(scope), candidates: candidates, element: element, near: near, to: &out)
        case .arrayBinary:
            guard depth < ValueMasker.maximumDepth else { return withheld() }
            return maskBinaryArray(bytes.part(scope), near: near, depth: depth + 1, to: &out) ?? withheld()
        case .composite:
            guard depth < ValueMasker.maximumDepth else { return withheld() }
            return scanComposite(bytes.part(scope), near: near, depth: depth + 1) ?? withheld()
        case .unknownBinary: return detectUnknownBinary(bytes, scope, candidates, near: near, depth: depth)
        case .unknown:
            if case .null = detectUnknownBinary(bytes, scope, candidates, near: near, depth: depth) { return .null }
            // Binary numbers hold bytes that text never holds; nobody knows how to read them.
            return PostgresText.isPlainText(bytes.part(scope)) ? .keep : withheld()
        }
    }

    mutating func withheld() -> Outcome {
        engine.countWithheld()
        return .null
    }

    private mutating func detectShown(_ text: [UInt8], near: FieldContext) -> Outcome {
        nullWhenFound(engine.find(in: text, near: near))
    }

    private mutating func detectFloat(_ value: Double, near: FieldContext) -> Outcome {
        NumberText.digits(value, near: near).map { detectShown($0, near: near) } ?? .keep
    }

    private func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        switch bytes.count {
        case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case _: nil
        }
    }

    /// Text inside shows in a scan of the bytes; numbers inside an array or a composite only when it is read as one.
    private mutating func detectUnknownBinary(
        _ bytes: UnsafeRawBufferPointer, _ scope: Range<Int>, _ candidates: ArraySlice<Candidate>?, near: FieldContext,
        depth: Int
    ) -> Outcome {
        if case .null = nullWhenFound(engine.find(in: bytes, scope: scope, candidates: candidates, near: near)) {
            return .null
        }
        guard depth < ValueMasker.maximumDepth else { return withheld() }
        let part = bytes.part(scope)
        let before = engine.counts
        if let outcome = scanComposite(part, near: near, depth: depth + 1) { return outcome }
        engine.restore(before)
        var discarded: [UInt8] = []
        if let outcome = maskBinaryArray(part, near: near, depth: depth + 1, to: &discarded) {
            if case .keep = outcome { return .keep }
            return .null
        }
        engine.restore(before)
        return .keep
    }
}
