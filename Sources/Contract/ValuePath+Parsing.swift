extension ValuePath {
    static func parse(_ text: String) throws(Mistake) -> [Segment] {
        guard text.utf8.count <= maximumBytes else { throw Mistake("a path has at most \(maximumBytes) bytes") }
        var reader = Reader(bytes: Array(text.utf8))
        guard reader.take(UInt8(ascii: "$")) else {
            throw Mistake("a path begins with $, the whole value: $.user.email")
        }
        var segments: [Segment] = []
        while let byte = reader.next {
            segments.append(try reader.segment(byte))
            guard segments.count <= maximumSegments else {
                throw Mistake("a path has at most \(maximumSegments) steps")
            }
        }
        return segments
    }

    /// Reads the text of a path (RFC 9535 section 2.5).
    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func take(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            index += 1
            return true
        }

        mutating func segment(_ byte: UInt8) throws(Mistake) -> Segment {
            guard byte != UInt8(ascii: "[") else { return try bracketed(descends: false) }
            guard take(UInt8(ascii: ".")) else {
                throw Mistake("“\(rest)” cannot stand there: a name with such characters is written $['first-name']")
            }
            let descends = take(UInt8(ascii: "."))
            if descends, next == UInt8(ascii: "[") { return try bracketed(descends: true) }
            if take(UInt8(ascii: "*")) { return Segment(selector: .any, descends: descends, isOptional: false) }
            return Segment(selector: .name(folded(try plainName())), descends: descends, isOptional: false)
        }

        /// What is left, as far as a message shows it.
        private var rest: String { String(decoding: bytes[index...].prefix(16), as: UTF8.self) }

        private mutating func plainName() throws(Mistake) -> [UInt8] {
            let start = index
            while let byte = next, Reader.isNamePart(byte), index > start || byte &- 0x30 > 9 { index += 1 }
            guard index > start else {
                throw Mistake(
                    next == nil
                        ? "a name or * is missing at its end"
                        : "“\(rest)” is no name: one that does not begin with a letter or “_” is written $['1st name']")
            }
            return Array(bytes[start..<index])
        }

        private static func isNamePart(_ byte: UInt8) -> Bool {
            byte &- 0x30 < 10 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a || byte == UInt8(ascii: "_") || byte >= 0x80
        }

        private mutating func bracketed(descends: Bool) throws(Mistake) -> Segment {
            index += 1
            skipBlanks()
            let segment: Segment
            switch next {
            case UInt8(ascii: "*"):
                index += 1
                segment = Segment(selector: .any, descends: descends, isOptional: !descends)
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                segment = Segment(selector: .name(folded(try quotedName())), descends: descends, isOptional: false)
            case UInt8(ascii: "?"): throw Mistake("filters are not supported: [*] stands for every element")
            case nil: throw Mistake("“]” is missing at its end")
            case _:
                throw Mistake(
                    "“[\(rest)” is not supported: brackets hold * for every element, or a name in quotes, no index")
            }
            skipBlanks()
            if next == UInt8(ascii: ",") {
                throw Mistake("several names in brackets are not supported: write a path for each")
            }
            guard take(UInt8(ascii: "]")) else {
                throw Mistake("“]” is missing" + (next == nil ? " at its end" : " before “\(rest)”"))
            }
            return segment
        }

        private mutating func skipBlanks() {
            while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { index += 1 }
        }

        private mutating func quotedName() throws(Mistake) -> [UInt8] {
            let quote = bytes[index]
            index += 1
            var name: [UInt8] = []
            while let byte = next {
                index += 1
                if byte == quote { return name }
                guard byte >= 0x20 else { throw Mistake("a name holds a control character: write it as \\u000a") }
                if byte == UInt8(ascii: "\\") { name += try escaped() } else { name.append(byte) }
            }
            throw Mistake("a quote is not closed")
        }

        private mutating func escaped() throws(Mistake) -> [UInt8] {
            let byte = next
            index += 1
            switch byte {
            case UInt8(ascii: "b"): return [0x08]
            case UInt8(ascii: "f"): return [0x0c]
            case UInt8(ascii: "n"): return [0x0a]
            case UInt8(ascii: "r"): return [0x0d]
            case UInt8(ascii: "t"): return [0x09]
            case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
            case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return [byte ?? 0]
            case _: throw Mistake(Reader.badEscape)
            }
        }

        private static let badEscape =
            "an escape is none: \\\\, \\', \\\", \\/, \\b, \\f, \\n, \\r, \\t and \\u0040 are"

        private mutating func scalar() throws(Mistake) -> Unicode.Scalar {
            var unit = try codeUnit()
            if (0xd800..<0xdc00).contains(unit) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), case let low = try codeUnit(),
                    (0xdc00..<0xe000).contains(low)
                else { throw Mistake(Reader.badEscape) }
                unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw Mistake(Reader.badEscape) }
            return scalar
        }

        private mutating func codeUnit() throws(Mistake) -> UInt32 {
            let end = index + 4
            guard end <= bytes.count, let unit = UInt32(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16),
                bytes[index] != UInt8(ascii: "+")
            else { throw Mistake(Reader.badEscape) }
            index = end
            return unit
        }
    }
}
