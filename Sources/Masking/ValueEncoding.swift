/// How a document writes the bytes of a value.
enum ValueEncoding {
    case plain
    /// The inside of a JSON string.
    case json
    /// Text that was to be JSON: what looks like an escape is one.
    case jsonLike
    /// The inside of a quoted CSV field: a quote is doubled (RFC 4180 section 2).
    case quoted
    /// `application/x-www-form-urlencoded`: `%40`, and `+` for a space (https://url.spec.whatwg.org).
    case percent
    /// XML text and attribute values: `&#64;`, `&#x40;` and the five entities that XML has by itself (XML 1.0, section 4.6).
    case xml

    /// - Parameter isWhole: nothing is missing at the end; otherwise what is not whole there is left out.
    /// - Returns: nil when the bytes are wrong.
    func decode(_ bytes: UnsafeRawBufferPointer, isWhole: Bool = true) -> DecodedText? {
        switch self {
        case .plain:
            var text = DecodedText(capacity: bytes.count)
            text.append(bytes)
            return text
        case .json: return JSONText.decode(isWhole ? bytes : bytes.part(0..<JSONText.wholeLength(bytes)))
        case .jsonLike:
            return JSONText.decode(isWhole ? bytes : bytes.part(0..<JSONText.wholeLength(bytes)), isLenient: true)
        case .quoted: return decodeQuoted(bytes, isWhole: isWhole)
        case .percent: return decodePercent(bytes, isWhole: isWhole)
        case .xml: return decodeXML(bytes)
        }
    }

    func encode(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        switch self {
        case .plain: return text
        case .json, .jsonLike: JSONText.appendEscaped(text, to: &out)
        case .xml:
            for byte in text {
                switch byte {
                case 0x26: out.append(contentsOf: "&amp;".utf8)
                case 0x3c: out.append(contentsOf: "&lt;".utf8)
                case 0x3e: out.append(contentsOf: "&gt;".utf8)
                case 0x22: out.append(contentsOf: "&quot;".utf8)
                case 0x27: out.append(contentsOf: "&apos;".utf8)
                case _: out.append(byte)
                }
            }
        case .quoted:
            for byte in text {
                if byte == 0x22 { out.append(0x22) }
                out.append(byte)
            }
        case .percent:
            for byte in text {
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2a, 0x2d, 0x2e, 0x5f: out.append(byte)
                case 0x20: out.append(0x2b)
                case _:
                    out.append(0x25)
                    for digit in [byte >> 4, byte & 15] { out.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
                }
            }
        }
        return out
    }

    private func decodeQuoted(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) -> DecodedText? {
        var text = DecodedText(capacity: bytes.count)
        var index = 0
        while index < bytes.count {
            var end = index
            while end < bytes.count, bytes[end] != 0x22 { end += 1 }
            text.append(bytes.part(index..<end))
            guard end < bytes.count else { break }
            guard end + 1 < bytes.count else { return isWhole ? nil : text }
            guard bytes[end + 1] == 0x22 else { return nil }
            text.append(escaped: CollectionOfOne(0x22), length: 2)
            index = end + 2
        }
        return text
    }

    /// The longest reference that is read, zeros before the number and all.
    private static let maximumReferenceBytes = 32

    /// A reference that is none stands for itself. Nil when one is too long.
    private func decodeXML(_ bytes: UnsafeRawBufferPointer) -> DecodedText? {
        var text = DecodedText(capacity: bytes.count)
        var index = 0
        while index < bytes.count {
            var end = index
            while end < bytes.count, bytes[end] != 0x26 { end += 1 }
            text.append(bytes.part(index..<end))
            guard end < bytes.count else { break }
            index = end
            let limit = min(bytes.count, index + ValueEncoding.maximumReferenceBytes)
            if let stop = bytes[index..<limit].firstIndex(of: 0x3b),
                let value = ValueEncoding.reference(String(decoding: bytes[index + 1..<stop], as: UTF8.self))
            {
                text.append(escaped: Array(String(value).utf8), length: stop + 1 - index)
                index = stop + 1
            } else if limit == index + ValueEncoding.maximumReferenceBytes, bytes[index + 1] == 0x23,
                bytes[index + 2..<limit].allSatisfy({ $0 == 0x78 || $0.hexadecimalValue != nil })
            {
                return nil
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        return text
    }

    private static func reference(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        case _:
            guard name.hasPrefix("#") else { return nil }
            let isHexadecimal = name.hasPrefix("#x")
            return UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10).flatMap(
                Unicode.Scalar.init)
        }
    }

    private func decodePercent(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) -> DecodedText? {
        var text = DecodedText(capacity: bytes.count)
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0x2b:
                text.append(escaped: CollectionOfOne(0x20), length: 1)
                index += 1
            case 0x25:
                guard index + 2 < bytes.count else { return isWhole ? nil : text }
                guard let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue else {
                    return nil
                }
                text.append(escaped: CollectionOfOne(high << 4 | low), length: 3)
                index += 3
            case let byte:
                text.append(byte)
                index += 1
            }
        }
        return text
    }
}

extension JSONText {
    /// How much of `bytes` there is without an escape at the end that is not whole.
    fileprivate static func wholeLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x5c else {
                index += 1
                continue
            }
            guard let length = escapeLength(bytes, at: index, upTo: bytes.count) else {
                index += 1
                continue
            }
            if length == 0 { return index }
            // The second half of a surrogate pair may still come.
            if length == 6, index + 12 > bytes.count, index + 6 == bytes.count || bytes[index + 6] == 0x5c {
                return index
            }
            index += length
        }
        return index
    }
}
