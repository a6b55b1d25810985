import Masking

/// Takes apart the text of composites, ranges, arrays and multiranges (manual, sections 8.15.6, 8.16.6 and 8.17.5).
enum NestedText {
    /// The values inside, without their quotes and escapes; those that are NULL are left out. Nil when the text is none of these.
    static func parts(_ text: UnsafeRawBufferPointer) -> [[UInt8]]? {
        guard text.count >= 2 else { return nil }
        switch (text[0], text[text.count - 1]) {
        case (0x28, 0x29), (0x28, 0x5d), (0x5b, 0x29), (0x5b, 0x5d): return tuple(text)
        case (0x7b, 0x7d), (0x5b, 0x7d): return array(text)
        case _: return nil
        }
    }

    private static func tuple(_ text: UnsafeRawBufferPointer) -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        var index = 1
        while true {
            var value: [UInt8] = []
            var quoted = false
            scan: while index < text.count - 1 {
                let byte = text[index]
                switch byte {
                case 0x5c:
                    index += 1
                    guard index < text.count - 1 else { return nil }
                    value.append(text[index])
                case 0x22:
                    if quoted, text[index + 1] == 0x22 {
                        value.append(byte)
                        index += 1
                    } else {
                        quoted.toggle()
                    }
                case 0x2c where !quoted: break scan
                case 0x28 where !quoted, 0x29 where !quoted, 0x5b where !quoted, 0x5d where !quoted: return nil
                case _: value.append(byte)
                }
                index += 1
            }
            guard !quoted else { return nil }
            parts.append(value)
            if index >= text.count - 1 { return parts }
            index += 1
        }
    }

    private static func array(_ text: UnsafeRawBufferPointer) -> [[UInt8]]? {
        guard var index = arrayStart(text) else { return nil }
        var parts: [[UInt8]] = []
        var depth = 0
        while index < text.count {
            switch text[index] {
            case 0x7b:
                depth += 1
                index += 1
            case 0x7d:
                depth -= 1
                index += 1
                guard depth > 0 || index == text.count else { return nil }
            case 0x2c, 0x3b: index += 1
            case 0x28, 0x5b:
                // A range stands in a multirange as it is, a box in an array: commas inside are its own.
                guard depth > 0, let end = rangeEnd(text, from: index) else { return nil }
                parts.append(Array(text[index..<end]))
                index = end
            case _:
                guard depth > 0, let (value, end) = element(text, from: index, delimiter: 0x2c) else { return nil }
                if let value { parts.append(value) }
                index = end
            }
        }
        return depth == 0 ? parts : nil
    }

    /// Where the braces of an array begin: behind its bounds, `[1:2][-1:3]=`, if it has some. Nil when the text is none.
    static func arrayStart(_ text: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index < text.count, text[index] == 0x5b {
            index += 1
            guard skipBound(text, &index, end: 0x3a), skipBound(text, &index, end: 0x5d) else { return nil }
        }
        if index > 0 {
            guard index < text.count, text[index] == 0x3d else { return nil }
            index += 1
        }
        return index < text.count && text[index] == 0x7b ? index : nil
    }

    private static func skipBound(_ text: UnsafeRawBufferPointer, _ index: inout Int, end: UInt8) -> Bool {
        if index < text.count, text[index] == 0x2b || text[index] == 0x2d { index += 1 }
        let start = index
        while index < text.count, text[index] &- 0x30 < 10 { index += 1 }
        guard index > start, index < text.count, text[index] == end else { return false }
        index += 1
        return true
    }

    private static func rangeEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        var quoted = false
        while index < text.count {
            switch text[index] {
            case 0x5c: index += 1
            case 0x22: quoted.toggle()
            case 0x29 where !quoted, 0x5d where !quoted: return index + 1
            case _: break
            }
            index += 1
        }
        return nil
    }

    /// An array's element at `start` without its quotes and escapes, nil for NULL, and where it ends.
    static func element(_ bytes: UnsafeRawBufferPointer, from start: Int, delimiter: UInt8)
        -> (value: [UInt8]?, end: Int)?
    {
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
            if !quoted, byte == 0x7d || byte == delimiter {
                let isNull = value.count == 4 && value.map({ $0 | 0x20 }) == Array("null".utf8)
                return (isNull ? nil : value, index)
            }
            value.append(byte)
            index += 1
        }
        return nil
    }

    /// Text without its backslashes and doubled quotes; nil when there are none.
    static func unescaped(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.contains(0x5c) || text.contains(0x22) else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let isEscape =
                index + 1 < text.count && (text[index] == 0x5c || text[index] == 0x22 && text[index + 1] == 0x22)
            if isEscape { index += 1 }
            out.append(text[index])
            index += 1
        }
        return out.count == text.count ? nil : out
    }
}
