import Masking

extension PostgresText {
    /// Values within one another, deeper than which a value is withheld.
    static let maximumDepth = 8
    /// Quotes double with each level; more text than this is withheld.
    static let maximumRenderedBytes = 64 << 20
    /// array.h.
    private static let maximumDimensions = 6

    /// The text of any binary value.
    static func rendered(_ type: ValueType, _ bytes: UnsafeRawBufferPointer, depth: Int = 0) -> [UInt8]? {
        guard depth <= maximumDepth, bytes.count <= maximumRenderedBytes else { return nil }
        switch type {
        case .text, .xml, .json: return Array(bytes)
        case .jsonb: return bytes.first == 1 ? Array(bytes.dropFirst()) : nil
        case .bytea:
            var text = Array("\\x".utf8)
            text.reserveCapacity(2 + bytes.count * 2)
            for byte in bytes { appendHexadecimal(byte, to: &text) }
            return text
        case .scalar(let scalar): return PostgresText.scalar(scalar, bytes)
        case .array: return array(bytes, depth: depth + 1)
        case .vector: return vector(bytes, depth: depth + 1)
        case .range(let bound): return range(bound, bytes, depth: depth + 1)
        case .multirange(let bound): return multirange(bound, bytes, depth: depth + 1)
        case .record: return record(bytes, depth: depth + 1)
        case .unknown:
            if isPlainText(bytes) { return Array(bytes) }
            return record(bytes, depth: depth + 1) ?? array(bytes, depth: depth + 1) ?? hstore(bytes)
                ?? versioned(bytes)
        }
    }

    /// record_send: a field count, then type and counted bytes of each.
    private static func record(_ bytes: UnsafeRawBufferPointer, depth: Int) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let count = reader.count(ofSize: 8) else { return nil }
        var text: [UInt8] = [0x28]
        for field in 0..<count {
            if field > 0 { text.append(0x2c) }
            guard let type = reader.number(UInt32.self), let value = reader.counted() else { return nil }
            guard let value else { continue }
            guard let shown = rendered(ValueType(type), value, depth: depth) else { return nil }
            append(shown, quotedFor: "(),", escapes: .doubled, to: &text)
            guard text.count <= maximumRenderedBytes else { return nil }
        }
        guard reader.isAtEnd else { return nil }
        return text + [0x29]
    }

    /// range_send: flags, then the bounds there are.
    private static func range(_ bound: ValueType, _ bytes: UnsafeRawBufferPointer, depth: Int) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let flags = reader.byte() else { return nil }
        if flags & 0x01 != 0 { return reader.isAtEnd ? Array("empty".utf8) : nil }
        var text: [UInt8] = [flags & 0x02 != 0 ? 0x5b : 0x28]
        for isInfinite in [flags & 0x08 != 0, flags & 0x10 != 0] {
            if !isInfinite {
                guard let value = reader.counted(), let value, let shown = rendered(bound, value, depth: depth) else {
                    return nil
                }
                append(shown, quotedFor: "()[],", escapes: .doubled, to: &text)
            }
            text.append(0x2c)
        }
        guard reader.isAtEnd else { return nil }
        return text.dropLast() + [flags & 0x04 != 0 ? 0x5d : 0x29]
    }

    private static func multirange(_ bound: ValueType, _ bytes: UnsafeRawBufferPointer, depth: Int) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let count = reader.count(ofSize: 4) else { return nil }
        var text: [UInt8] = [0x7b]
        for index in 0..<count {
            guard let part = reader.counted(), let part, let shown = range(bound, part, depth: depth + 1) else {
                return nil
            }
            if index > 0 { text.append(0x2c) }
            text.append(contentsOf: shown)
        }
        return reader.isAtEnd ? text + [0x7d] : nil
    }

    /// array_send: dimensions, flags, element type, then counted elements.
    private static func array(_ bytes: UnsafeRawBufferPointer, depth: Int) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let shape = arrayShape(&reader) else { return nil }
        if shape.sizes.isEmpty { return reader.isAtEnd ? Array("{}".utf8) : nil }
        let delimiter: UInt8 = ValueType(shape.type) == .scalar(.box) ? 0x3b : 0x2c
        var text: [UInt8] = []
        if shape.lowerBounds.contains(where: { $0 != 1 }) {
            for (size, lower) in zip(shape.sizes, shape.lowerBounds) {
                text.append(contentsOf: "[\(lower):\(lower + size - 1)]".utf8)
            }
            text.append(0x3d)
        }
        for element in 0..<shape.elements {
            // How many dimensions begin with this element, and end behind it.
            var stretch = 1
            var edges = 0
            for size in shape.sizes.reversed() {
                stretch *= size
                if element % stretch == 0 { edges += 1 }
            }
            if element > 0 { text.append(delimiter) }
            text.append(contentsOf: repeatElement(0x7b, count: edges))
            guard let value = reader.counted() else { return nil }
            if let value {
                guard let shown = rendered(ValueType(shape.type), value, depth: depth) else { return nil }
                append(shown, quotedFor: delimiter == 0x3b ? "{};" : "{},", escapes: .backslash, to: &text)
            } else {
                text.append(contentsOf: "NULL".utf8)
            }
            guard text.count <= maximumRenderedBytes else { return nil }
            stretch = 1
            for size in shape.sizes.reversed() {
                stretch *= size
                if (element + 1) % stretch == 0 { text.append(0x7d) }
            }
        }
        return reader.isAtEnd ? text : nil
    }

    /// Arrays of one dimension whose numbers show as words.
    private static func vector(_ bytes: UnsafeRawBufferPointer, depth: Int) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let shape = arrayShape(&reader) else { return nil }
        var words: [[UInt8]] = []
        for _ in 0..<shape.elements {
            guard let value = reader.counted(), let value,
                let word = rendered(ValueType(shape.type), value, depth: depth)
            else { return nil }
            words.append(word)
        }
        return reader.isAtEnd ? Array(words.joined(separator: [0x20])) : nil
    }

    struct ArrayShape {
        let type: UInt32
        let sizes: [Int]
        let lowerBounds: [Int]
        let elements: Int
    }

    /// The front of a binary array, up to its elements.
    static func arrayShape(_ reader: inout ValueReader) -> ArrayShape? {
        guard let dimensions = reader.int32(), (0...maximumDimensions).contains(dimensions), let flags = reader.int32(),
            (0...1).contains(flags), let type = reader.number(UInt32.self)
        else { return nil }
        var sizes: [Int] = []
        var lowerBounds: [Int] = []
        var elements = dimensions == 0 ? 0 : 1
        for _ in 0..<dimensions {
            // Every element takes at least its length field.
            guard let size = reader.int32(), let lower = reader.int32(), size > 0, size <= reader.left / 4 else {
                return nil
            }
            elements *= size
            guard elements <= reader.left / 4 else { return nil }
            sizes.append(size)
            lowerBounds.append(lower)
        }
        return ArrayShape(type: type, sizes: sizes, lowerBounds: lowerBounds, elements: elements)
    }

    /// hstore_send: a count, then counted keys and values.
    private static func hstore(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var reader = ValueReader(bytes)
        guard let count = reader.count(ofSize: 8) else { return nil }
        var text: [UInt8] = []
        for index in 0..<count {
            guard let key = reader.counted(), let key, isPlainText(key), let value = reader.counted() else {
                return nil
            }
            if index > 0 { text.append(contentsOf: ", ".utf8) }
            appendQuoted(Array(key), escapes: .backslash, to: &text)
            text.append(contentsOf: "=>".utf8)
            guard let value else {
                text.append(contentsOf: "NULL".utf8)
                continue
            }
            guard isPlainText(value) else { return nil }
            appendQuoted(Array(value), escapes: .backslash, to: &text)
        }
        return reader.isAtEnd ? text : nil
    }

    /// What ltree and others send: version one of their binary form, which is their text.
    private static func versioned(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count > 1, bytes[0] == 1, isPlainText(bytes.part(1..<bytes.count)) else { return nil }
        return Array(bytes.dropFirst())
    }

    enum Escapes { case doubled, backslash }

    private static func append(
        _ value: [UInt8], quotedFor specials: StaticString, escapes: Escapes, to text: inout [UInt8]
    ) {
        let special = UnsafeBufferPointer(start: specials.utf8Start, count: specials.utf8CodeUnitCount)
        let isPlain =
            !value.isEmpty
            && !value.contains {
                $0 == 0x22 || $0 == 0x5c || $0 == 0x20 || (0x09...0x0d).contains($0) || special.contains($0)
            }
        let isNullWord = value.count == 4 && value.map { $0 | 0x20 } == Array("null".utf8)
        if isPlain, !isNullWord { return text.append(contentsOf: value) }
        appendQuoted(value, escapes: escapes, to: &text)
    }

    private static func appendQuoted(_ value: [UInt8], escapes: Escapes, to text: inout [UInt8]) {
        text.append(0x22)
        for byte in value {
            if byte == 0x22 || byte == 0x5c {
                switch escapes {
                case .doubled: text.append(byte)
                case .backslash: text.append(0x5c)
                }
            }
            text.append(byte)
        }
        text.append(0x22)
    }
}
