import Detection
import Masking

extension ValueMasker {
    /// An array's text, `{a,"b c",NULL}` with nesting and an optional `[1:2]=` before it (manual, section 8.15.6).
    mutating func maskArrayText(
        _ bytes: UnsafeRawBufferPointer, candidates: ArraySlice<Candidate>?, element: ValueKind, delimiter: UInt8,
        near: FieldContext, to out: inout [UInt8]
    ) -> Outcome {
        if element == .skip { return .keep }
        // Elements without escapes stand in the array as they are: no candidate in it, no entity in them. But long numbers
        // are withheld.
        if element.showsOnWire, let candidates, candidates.isEmpty, near.isEmpty, !looksAtEveryValue,
            !bytes.contains(0x5c), element != .decimal || !mayHoldLongNumber(bytes, delimiter)
        {
            return .keep
        }
        return maskElements(ofText: bytes, delimiter: delimiter, to: &out) { masker, value, edited in
            masker.detect(
                element, in: value, scope: 0..<value.count, candidates: nil, near: near, depth: 1, to: &edited)
        }
    }

    /// Masks each element by itself.
    mutating func maskElements(
        ofText bytes: UnsafeRawBufferPointer, delimiter: UInt8, to out: inout [UInt8],
        _ mask: (_ masker: inout ValueMasker, UnsafeRawBufferPointer, _ edited: inout [UInt8]) -> Outcome
    ) -> Outcome {
        let start = out.count
        var changed = false
        guard var index = NestedText.arrayStart(bytes) else { return withheld() }
        var depth = 0
        var copied = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0x7b:
                depth += 1
                index += 1
            case 0x7d:
                depth -= 1
                index += 1
                guard depth > 0 || index == bytes.count else { return abandoned(&out, start) }
            case delimiter: index += 1
            case _:
                guard depth > 0, let (value, end) = NestedText.element(bytes, from: index, delimiter: delimiter) else {
                    return abandoned(&out, start)
                }
                if let value {
                    var edited: [UInt8] = []
                    let outcome = value.withUnsafeBytes { mask(&self, $0, &edited) }
                    switch outcome {
                    case .keep: break
                    case .null, .replaced:
                        out.append(contentsOf: bytes.part(copied..<index))
                        if case .null = outcome {
                            out.append(contentsOf: "NULL".utf8)
                        } else {
                            appendQuotedElement(edited, to: &out)
                        }
                        copied = end
                        changed = true
                    }
                }
                index = end
            }
        }
        guard depth == 0 else { return abandoned(&out, start) }
        guard changed else { return .keep }
        out.append(contentsOf: bytes.part(copied..<bytes.count))
        return .replaced
    }

    private func mayHoldLongNumber(_ bytes: UnsafeRawBufferPointer, _ delimiter: UInt8) -> Bool {
        bytes.count > PostgresText.maximumNumberDigits
            && bytes.split(separator: delimiter).contains { $0.count > PostgresText.maximumNumberDigits }
    }

    private mutating func abandoned(_ out: inout [UInt8], _ start: Int) -> Outcome {
        out.removeSubrange(start...)
        return withheld()
    }

    private func appendQuotedElement(_ value: [UInt8], to out: inout [UInt8]) {
        out.append(0x22)
        for byte in value {
            if byte == 0x22 || byte == 0x5c { out.append(0x5c) }
            out.append(byte)
        }
        out.append(0x22)
    }

    /// array_send: each element is masked by itself. Nil when the bytes are no array, and for one of arrays: a server has
    /// none, and headers within one another have no end.
    mutating func maskBinaryArray(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, to out: inout [UInt8]
    ) -> Outcome? {
        let isTold = !near.isEmpty || looksAtEveryValue
        return maskElements(ofBinary: bytes, to: &out) { masker, type, value, edited in
            masker.detect(
                ValueKind(ValueType(type), binary: true, isTold: isTold), in: value, scope: 0..<value.count,
                candidates: nil, near: near, depth: 1, to: &edited)
        }
    }

    /// Masks each element by itself. Nil when the bytes are no array, and for one of arrays.
    mutating func maskElements(
        ofBinary bytes: UnsafeRawBufferPointer, to out: inout [UInt8],
        _ mask: (_ masker: inout ValueMasker, _ type: UInt32, UnsafeRawBufferPointer, _ edited: inout [UInt8]) ->
            Outcome
    ) -> Outcome? {
        var reader = ValueReader(bytes)
        guard let shape = PostgresText.arrayShape(&reader) else { return nil }
        if case .array = ValueType(shape.type) { return nil }
        let start = out.count
        var copied = 0
        var nulls = false
        for _ in 0..<shape.elements {
            guard let value = reader.counted() else { return failed(&out, start) }
            guard let value else { continue }
            let end = bytes.count - reader.left
            let begin = end - value.count
            var edited: [UInt8] = []
            let outcome = mask(&self, shape.type, value, &edited)
            if case .keep = outcome { continue }
            out.append(contentsOf: bytes.part(copied..<begin - 4))
            if case .null = outcome {
                nulls = true
                out.appendInt32(-1)
            } else {
                out.appendInt32(edited.count)
                out.append(contentsOf: edited)
            }
            copied = end
        }
        guard reader.isAtEnd else { return failed(&out, start) }
        guard copied > 0 else { return .keep }
        out.append(contentsOf: bytes.part(copied..<bytes.count))
        if nulls { out.setInt32(1, at: start + 4) }
        return .replaced
    }

    private func failed(_ out: inout [UInt8], _ start: Int) -> Outcome? {
        out.removeSubrange(start...)
        return nil
    }
}
