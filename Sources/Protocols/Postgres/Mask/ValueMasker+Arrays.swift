import Detection
import Masking

extension ValueMasker {
    /// An array's text, `{a,"b c",NULL}` with nesting and an optional `[1:2]=` before it (manual, section 8.15.6).
    mutating func maskArrayText(
        _ bytes: UnsafeRawBufferPointer, candidates: ArraySlice<Candidate>?, element: ValueKind, near: FieldContext,
        to out: inout [UInt8]
    ) -> Outcome {
        if element == .skip { return .keep }
        let plain: Bool
        switch element {
        case .text, .shownText: plain = true
        case _: plain = false
        }
        // Elements without escapes stand in the array as they are: no candidate in it, no entity in them.
        if plain, let candidates, candidates.isEmpty, near.isEmpty, !bytes.contains(0x5c) { return .keep }
        let start = out.count
        var changed = false
        var index = 0
        if bytes.first == 0x5b {
            guard let equals = bytes.firstIndex(of: 0x3d) else { return withheld() }
            index = equals + 1
        }
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
            case 0x2c: index += 1
            case _:
                guard depth > 0, let (value, end) = arrayElement(bytes, from: index) else {
                    return abandoned(&out, start)
                }
                if let value {
                    var edited: [UInt8] = []
                    let outcome = value.withUnsafeBytes {
                        detect(element, in: $0, scope: 0..<value.count, candidates: nil, near: near, to: &edited)
                    }
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
        guard depth == 0, !bytes.isEmpty else { return abandoned(&out, start) }
        guard changed else { return .keep }
        out.append(contentsOf: bytes.part(copied..<bytes.count))
        return .replaced
    }

    private mutating func abandoned(_ out: inout [UInt8], _ start: Int) -> Outcome {
        out.removeSubrange(start...)
        return withheld()
    }

    /// The element at `index` without its quotes and escapes, nil for NULL, and where it ends.
    private func arrayElement(_ bytes: UnsafeRawBufferPointer, from start: Int) -> (value: [UInt8]?, end: Int)? {
        var value: [UInt8] = []
        var index = start
        let quoted = bytes[index] == 0x22
        if quoted { index += 1 }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x5c {
                guard index + 1 < bytes.count else { return nil }
                value.append(bytes[index + 1])
                index += 2
                continue
            }
            if quoted, byte == 0x22 { return (value, index + 1) }
            if !quoted, byte == 0x2c || byte == 0x7d {
                let isNull = value.count == 4 && value.map({ $0 | 0x20 }) == Array("null".utf8)
                return (isNull ? nil : value, index)
            }
            value.append(byte)
            index += 1
        }
        return nil
    }

    private func appendQuotedElement(_ value: [UInt8], to out: inout [UInt8]) {
        out.append(0x22)
        for byte in value {
            if byte == 0x22 || byte == 0x5c { out.append(0x5c) }
            out.append(byte)
        }
        out.append(0x22)
    }

    /// array.h: at most 6 dimensions.
    private static let maximumDimensions = 6

    /// array_send: dimensions, flags, element type, then counted elements. Nil when the bytes are no array.
    mutating func maskBinaryArray(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, depth: Int, to out: inout [UInt8]
    )
        -> Outcome?
    {
        guard bytes.count >= 12 else { return nil }
        let dimensions = bytes.int32(at: 0)
        guard (0...ValueMasker.maximumDimensions).contains(dimensions), (0...1).contains(bytes.int32(at: 4)),
            bytes.count >= 12 + dimensions * 8
        else { return nil }
        var elements = dimensions == 0 ? 0 : 1
        for dimension in 0..<dimensions {
            let size = bytes.int32(at: 12 + dimension * 8)
            // Every element takes at least its length field.
            guard size > 0, size <= bytes.count / 4 else { return nil }
            elements *= size
            guard elements <= bytes.count / 4 else { return nil }
        }
        let type = UInt32(truncatingIfNeeded: bytes.int32(at: 8))
        let kind = ValueKind(type: type, binary: true, near: near)
        let start = out.count
        var copied = 0
        var nulls = false
        var index = 12 + dimensions * 8
        for _ in 0..<elements {
            guard let range = counted(bytes, &index) else { return failed(&out, start) }
            guard let range else { continue }
            var edited: [UInt8] = []
            let outcome = detect(kind, in: bytes, scope: range, candidates: nil, near: near, depth: depth, to: &edited)
            if case .keep = outcome { continue }
            out.append(contentsOf: bytes.part(copied..<range.lowerBound - 4))
            if case .null = outcome {
                nulls = true
                out.appendInt32(-1)
            } else {
                out.appendInt32(edited.count)
                out.append(contentsOf: edited)
            }
            copied = range.upperBound
        }
        guard index == bytes.count else { return failed(&out, start) }
        guard copied > 0 else { return .keep }
        out.append(contentsOf: bytes.part(copied..<bytes.count))
        if nulls { out.setInt32(1, at: start + 4) }
        return .replaced
    }

    private func failed(_ out: inout [UInt8], _ start: Int) -> Outcome? {
        out.removeSubrange(start...)
        return nil
    }

    /// record_send: a field count, then type and counted bytes of each. Nil when the bytes are no composite.
    mutating func scanComposite(_ bytes: UnsafeRawBufferPointer, near: FieldContext, depth: Int) -> Outcome? {
        guard bytes.count >= 4 else { return nil }
        let fields = bytes.int32(at: 0)
        guard fields >= 0, fields <= (bytes.count - 4) / 8 else { return nil }
        var index = 4
        var found = false
        for _ in 0..<fields {
            guard bytes.count - index >= 8 else { return nil }
            let kind = ValueKind(
                type: UInt32(truncatingIfNeeded: bytes.int32(at: index)), binary: true, near: near)
            index += 4
            guard let range = counted(bytes, &index) else { return nil }
            guard let range else { continue }
            var discarded: [UInt8] = []
            if case .keep = detect(
                kind, in: bytes, scope: range, candidates: nil, near: near, depth: depth, to: &discarded)
            {
                continue
            }
            found = true
        }
        guard index == bytes.count else { return nil }
        return found ? .null : .keep
    }

    /// The bytes after the Int32 length at `index`: inner nil for NULL, outer nil for a length that does not fit.
    private func counted(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Range<Int>?? {
        guard bytes.count - index >= 4 else { return nil }
        let length = bytes.int32(at: index)
        index += 4
        if length == -1 { return .some(nil) }
        guard length >= 0, length <= bytes.count - index else { return nil }
        defer { index += length }
        return .some(index..<index + length)
    }
}
