import Contract
import Glibc
import Masking

/// How COPY writes rows (manual, COPY, File Formats).
struct CopyFormat {
    enum Kind { case text, csv, binary }
    let kind: Kind
    let delimiter: UInt8
    let quote: UInt8
    let escape: UInt8
    let null: [UInt8]
    let header: Bool

    /// - Throws: ``MaskError`` for an unknown format or a delimiter, quote or escape that is not one byte.
    init(_ shape: CopyShape) throws(MaskError) {
        switch shape.format {
        case "text", "": kind = .text
        case "csv": kind = .csv
        case "binary": kind = .binary
        case _: throw MaskError(code: .unsupported, message: "this COPY format cannot be masked")
        }
        delimiter = try CopyFormat.byte(shape.delimiter, or: kind == .csv ? 0x2c : 0x09)
        quote = try CopyFormat.byte(shape.quote, or: 0x22)
        escape = try CopyFormat.byte(shape.escape, or: quote)
        null = Array(shape.nullString.utf8)
        header = shape.header && kind != .binary
    }

    private static func byte(_ text: String, or standard: UInt8) throws(MaskError) -> UInt8 {
        guard let first = text.utf8.first else { return standard }
        guard text.utf8.count == 1 else {
            throw MaskError(code: .unsupported, message: "a COPY delimiter, quote or escape must be one byte")
        }
        return first
    }
}

extension CopyFormat {
    /// Where the row that starts at `start` ends, after its newline; nil when it is not whole.
    func rowEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int) -> Int? {
        switch kind {
        case .text: textRowEnd(bytes, from: start, upTo: limit)
        case .csv: csvRowEnd(bytes, from: start, upTo: limit)
        case .binary: nil
        }
    }

    /// A newline after an odd number of backslashes belongs to a value.
    private func textRowEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var index = start
        while index < limit, let newline = memchr(base + index, 0x0a, limit - index) {
            let at = UnsafeRawPointer(newline) - base
            var first = at
            while first > start, bytes[first - 1] == 0x5c { first -= 1 }
            if (at - first) % 2 == 0 { return at + 1 }
            index = at + 1
        }
        return nil
    }

    private func csvRowEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int) -> Int? {
        let (quote, escape) = (quote, escape)
        var index = start
        var quoted = false
        while index < limit {
            let byte = bytes[index]
            if byte == 0x0a, !quoted { return index + 1 }
            // An escape that is the quote itself opens and closes, which comes to the same.
            if quoted, byte == escape, escape != quote {
                index += 2
            } else {
                if byte == quote { quoted.toggle() }
                index += 1
            }
        }
        return nil
    }

    struct Field {
        let end: Int
        /// Holds escapes or quotes: its bytes are not its value.
        var isEncoded: Bool
        /// The value's bytes when they stand in the row as they are.
        let plain: Range<Int>
        /// A quoted csv field is never NULL.
        let isQuoted: Bool
    }

    func field(_ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int) -> Field {
        var index = start
        switch kind {
        case .text, .binary:
            if let end = plainEnd(bytes, from: start, upTo: limit) {
                return Field(end: end, isEncoded: false, plain: start..<end, isQuoted: false)
            }
            var escaped = false
            let delimiter = delimiter
            while index < limit {
                let byte = bytes[index]
                if byte == delimiter { break }
                if byte == 0x5c {
                    escaped = true
                    index += 1
                }
                index += 1
            }
            index = min(index, limit)
            return Field(end: index, isEncoded: escaped, plain: start..<index, isQuoted: false)
        case .csv:
            var quoted = false
            var quotes = 0
            var escapes = false
            while index < limit, quoted || bytes[index] != delimiter {
                let byte = bytes[index]
                if quoted, byte == escape, escape != quote {
                    escapes = true
                    index += 1
                } else if byte == quote {
                    quoted.toggle()
                    quotes += 1
                }
                index += 1
            }
            index = min(index, limit)
            let wrapped = quotes == 2 && !escapes && bytes[start] == quote && bytes[index - 1] == quote
            return Field(
                end: index, isEncoded: quotes > 0 && !wrapped, plain: wrapped ? start + 1..<index - 1 : start..<index,
                isQuoted: quotes > 0)
        }
    }

    /// Where a text field ends that has no escapes; nil when it has.
    private func plainEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int) -> Int? {
        guard let base = bytes.baseAddress else { return limit }
        let found = memchr(base + start, Int32(delimiter), limit - start)
        let end = found.map { UnsafeRawPointer($0) - base } ?? limit
        return memchr(base + start, 0x5c, end - start) == nil ? end : nil
    }

    func decode(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        out.removeAll(keepingCapacity: true)
        switch kind {
        case .text, .binary: decodeText(bytes, to: &out)
        case .csv:
            var quoted = false
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                if quoted, byte == escape, index + 1 < bytes.count,
                    bytes[index + 1] == quote || bytes[index + 1] == escape
                {
                    out.append(bytes[index + 1])
                    index += 2
                    continue
                }
                if byte == quote { quoted.toggle() } else { out.append(byte) }
                index += 1
            }
        }
    }

    private func decodeText(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x5c, index + 1 < bytes.count else {
                out.append(bytes[index])
                index += 1
                continue
            }
            index += 2
            switch bytes[index - 1] {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0c)
            case UInt8(ascii: "n"): out.append(0x0a)
            case UInt8(ascii: "r"): out.append(0x0d)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "v"): out.append(0x0b)
            case 0x30...0x37:
                var value = bytes[index - 1] - 0x30
                let stop = min(index + 2, bytes.count)
                while index < stop, bytes[index] &- 0x30 < 8 {
                    value = value << 3 | (bytes[index] - 0x30)
                    index += 1
                }
                out.append(value)
            case UInt8(ascii: "x"):
                guard index < bytes.count, var value = bytes[index].hexadecimalValue else {
                    out.append(UInt8(ascii: "x"))
                    continue
                }
                index += 1
                if index < bytes.count, let low = bytes[index].hexadecimalValue {
                    value = value << 4 | low
                    index += 1
                }
                out.append(value)
            case let byte: out.append(byte)
            }
        }
    }

    func encode(_ value: [UInt8], to out: inout [UInt8]) {
        out.removeAll(keepingCapacity: true)
        switch kind {
        case .text, .binary:
            if value.allSatisfy({ $0 > 0x0d && $0 != 0x5c && $0 != delimiter }) {
                return out.append(contentsOf: value)
            }
            for byte in value {
                switch byte {
                case 0x08: out.append(contentsOf: "\\b".utf8)
                case 0x0c: out.append(contentsOf: "\\f".utf8)
                case 0x0a: out.append(contentsOf: "\\n".utf8)
                case 0x0d: out.append(contentsOf: "\\r".utf8)
                case 0x09: out.append(contentsOf: "\\t".utf8)
                case 0x0b: out.append(contentsOf: "\\v".utf8)
                case 0x5c, delimiter:
                    out.append(0x5c)
                    out.append(byte)
                case _: out.append(byte)
                }
            }
        case .csv:
            out.append(quote)
            for byte in value {
                if byte == quote || byte == escape { out.append(escape) }
                out.append(byte)
            }
            out.append(quote)
        }
    }
}
