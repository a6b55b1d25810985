/// The inside of JSON strings (RFC 8259 section 7).
public enum JSONText {
    /// Whether a text can be nothing but an object or an array of JSON.
    public static func beginsDocument(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch bytes.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d }) {
        case 0x7b, 0x5b: true
        case _: false
        }
    }

    /// How long the escape at `start` is, which begins with a backslash; nil when it is none, zero when it is not whole.
    static func escapeLength(_ bytes: UnsafeRawBufferPointer, at start: Int, upTo limit: Int) -> Int? {
        guard start + 1 < limit else { return 0 }
        switch bytes[start + 1] {
        case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: return 2
        case 0x75:
            for index in start + 2..<start + 6 {
                guard index < limit else { return 0 }
                guard bytes[index].hexadecimalValue != nil else { return nil }
            }
            return 6
        case _: return nil
        }
    }

    /// A surrogate without its partner becomes U+FFFD.
    /// - Parameter isLenient: what is no escape stands for itself.
    /// - Returns: nil when an escape is wrong or not whole.
    static func decode(_ bytes: UnsafeRawBufferPointer, isLenient: Bool = false) -> DecodedText? {
        var text = DecodedText(capacity: bytes.count)
        var index = 0
        while index < bytes.count {
            var end = index
            while end < bytes.count, bytes[end] != 0x5c { end += 1 }
            text.append(bytes.part(index..<end))
            index = end
            guard index < bytes.count else { break }
            guard let length = escapeLength(bytes, at: index, upTo: bytes.count), length > 0 else {
                guard isLenient else { return nil }
                text.append(bytes[index])
                index += 1
                continue
            }
            index += appendEscape(bytes, at: index, length: length, to: &text)
        }
        return text
    }

    private static func appendEscape(
        _ bytes: UnsafeRawBufferPointer, at start: Int, length: Int, to text: inout DecodedText
    ) -> Int {
        switch bytes[start + 1] {
        case 0x62: text.append(escaped: [0x08], length: 2)
        case 0x66: text.append(escaped: [0x0c], length: 2)
        case 0x6e: text.append(escaped: [0x0a], length: 2)
        case 0x72: text.append(escaped: [0x0d], length: 2)
        case 0x74: text.append(escaped: [0x09], length: 2)
        case 0x75:
            let unit = codeUnit(bytes, at: start + 2)
            let next = start + 6
            if (0xd800..<0xdc00).contains(unit), next < bytes.count, bytes[next] == 0x5c,
                escapeLength(bytes, at: next, upTo: bytes.count) == 6, case let low = codeUnit(bytes, at: next + 2),
                (0xdc00..<0xe000).contains(low)
            {
                let scalar = UnicodeScalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)) ?? "\u{fffd}"
                text.append(escaped: String(scalar).utf8, length: 12)
                return 12
            }
            text.append(escaped: String(UnicodeScalar(unit) ?? "\u{fffd}").utf8, length: 6)
        case let byte: text.append(escaped: [byte], length: 2)
        }
        return length
    }

    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, at start: Int) -> UInt32 {
        bytes[start..<start + 4].reduce(0) { $0 << 4 | UInt32($1.hexadecimalValue ?? 0) }
    }

    static func appendEscaped(_ text: some Sequence<UInt8>, to out: inout [UInt8]) {
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
