import Detection

extension ValueMasker {
    /// Edits JSON text so that it stays JSON: text inside a string literal is replaced in place, any other token by null.
    mutating func maskJSON(_ bytes: UnsafeRawBufferPointer, near: FieldContext, to out: inout [UInt8]) -> Outcome {
        let raw = find(in: bytes, scope: 0..<bytes.count, candidates: nil, near: near)
        if raw.isEmpty, !bytes.contains(0x5c) { return .keep }
        if raw.contains(where: { style(of: $0) == .null }) {
            count(raw)
            return .null
        }
        let start = out.count
        var next = 0  // first finding that does not end before the token
        var copied = 0
        var index = 0
        while index < bytes.count {
            let first = index
            let isString = bytes[index] == 0x22
            var escaped = false
            if isString {
                guard let end = stringEnd(bytes, from: index, escaped: &escaped) else {
                    return unreadable(raw, &out, start)
                }
                index = end
            } else if isScalar(bytes[index]) {
                while index < bytes.count, isScalar(bytes[index]) { index += 1 }
            } else {
                index += 1
                continue
            }
            while next < raw.count, raw[next].range.upperBound <= first { next += 1 }
            var last = next
            while last < raw.count, raw[last].range.lowerBound < index { last += 1 }
            let content = isString ? first + 1..<index - 1 : first..<index
            let inside = raw[next..<last].compactMap { finding -> Finding? in
                let range = finding.range.clamped(to: content)
                return range.isEmpty ? nil : Finding(entity: finding.entity, range: range)
            }
            if escaped {
                guard let outcome = maskEscaped(bytes.part(content), inside.first?.entity) else {
                    return unreadable(raw, &out, start)
                }
                guard let edited = outcome.text else {
                    if outcome.isNull { return .null }
                    continue
                }
                out.append(contentsOf: bytes.part(copied..<content.lowerBound))
                appendEscapedJSON(edited, to: &out)
                copied = content.upperBound
            } else if !inside.isEmpty {
                count(inside)
                out.append(contentsOf: bytes.part(copied..<content.lowerBound))
                if isString {
                    appendReplacing(inside, in: bytes, scope: content, to: &out)
                } else {
                    out.append(contentsOf: "null".utf8)
                }
                copied = content.upperBound
            }
        }
        guard copied > 0 else { return raw.isEmpty ? .keep : unreadable(raw, &out, start) }
        out.append(contentsOf: bytes.part(copied..<bytes.count))
        return .replaced
    }

    /// Not JSON after all: the whole value goes.
    private mutating func unreadable(_ raw: [Finding], _ out: inout [UInt8], _ start: Int) -> Outcome {
        countWithheld()
        out.removeSubrange(start...)
        out.append(contentsOf: "\"[redacted]\"".utf8)
        return .replaced
    }

    /// A string literal with escapes. `whole` says that a finding around it covers it.
    /// - Returns: nil when the escapes are wrong; text nil when nothing was found.
    private mutating func maskEscaped(_ content: UnsafeRawBufferPointer, _ whole: Entity?) -> (
        text: [UInt8]?, isNull: Bool
    )? {
        guard let decoded = decodeJSONString(content) else { return nil }
        var findings = find(in: decoded)
        if findings.isEmpty, let whole { findings = [Finding(entity: whole, range: 0..<decoded.count)] }
        if findings.isEmpty { return (nil, false) }
        count(findings)
        if findings.contains(where: { style(of: $0) == .null }) { return (nil, true) }
        var edited: [UInt8] = []
        decoded.withUnsafeBytes { appendReplacing(findings, in: $0, scope: 0..<decoded.count, to: &edited) }
        return (edited, false)
    }

    private func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x22: false
        case _: true
        }
    }

    private func stringEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, escaped: inout Bool) -> Int? {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case 0x22: return index + 1
            case 0x5c:
                escaped = true
                index += 2
            case _: index += 1
            }
        }
        return nil
    }

    /// RFC 8259 section 7. A surrogate without its partner becomes U+FFFD.
    private func decodeJSONString(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x5c else {
                out.append(bytes[index])
                index += 1
                continue
            }
            guard index + 1 < bytes.count else { return nil }
            index += 2
            switch bytes[index - 1] {
            case 0x22: out.append(0x22)
            case 0x5c: out.append(0x5c)
            case 0x2f: out.append(0x2f)
            case 0x62: out.append(0x08)
            case 0x66: out.append(0x0c)
            case 0x6e: out.append(0x0a)
            case 0x72: out.append(0x0d)
            case 0x74: out.append(0x09)
            case 0x75:
                guard var scalar = codeUnit(bytes, at: index) else { return nil }
                index += 4
                if (0xd800..<0xdc00).contains(scalar), index + 1 < bytes.count, bytes[index] == 0x5c,
                    bytes[index + 1] == 0x75,
                    let low = codeUnit(bytes, at: index + 2), (0xdc00..<0xe000).contains(low)
                {
                    scalar = 0x10000 + (scalar - 0xd800) << 10 + (low - 0xdc00)
                    index += 6
                }
                out.append(contentsOf: String(UnicodeScalar(scalar) ?? "\u{fffd}").utf8)
            case _: return nil
            }
        }
        return out
    }

    private func codeUnit(_ bytes: UnsafeRawBufferPointer, at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = PostgresText.hexadecimal(bytes[index]) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private func appendEscapedJSON(_ text: [UInt8], to out: inout [UInt8]) {
        for byte in text {
            switch byte {
            case 0x22, 0x5c:
                out.append(0x5c)
                out.append(byte)
            case 0x0a: out.append(contentsOf: "\\n".utf8)
            case 0..<0x20:
                let text = String(byte, radix: 16)
                out.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - text.count) + text).utf8)
            case _: out.append(byte)
            }
        }
    }
}
