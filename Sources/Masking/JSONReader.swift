/// Reads JSON texts, one after another, token by token (RFC 8259).
///
/// As lenient as is safe: strings may hold control characters but no line ends, and NaN and infinities are numbers.
struct JSONReader {
    /// Open arrays and objects; deeper text is no JSON here.
    static let maximumDepth = 512
    /// A longer number or word is no JSON here.
    static let maximumScalarBytes = 1024
    enum Kind { case key, string, scalar, openObject, openArray, close }

    struct Token {
        let kind: Kind
        /// With the quotes of a string.
        let range: Range<Int>
        var hasEscapes = false
    }

    enum Step {
        case token(Token)
        /// More bytes are needed, from this place on.
        case more(from: Int)
        /// Here begins a string that is too long to be a token. The reader goes on after its closing quote, once
        /// ``endString(isKey:)`` was called.
        case long(from: Int, isKey: Bool)
        case invalid(from: Int)
    }

    /// A string's bytes that are looked at as one; what is longer is ``Step/long``.
    private let maximumStringBytes: Int

    init(maximumStringBytes: Int) { self.maximumStringBytes = maximumStringBytes }

    private enum Expected { case value, valueOrEnd, key, keyOrEnd, colon, commaOrEnd }

    private var expected = Expected.value
    private var openObjects: [Bool] = []
    /// Where the comma stands that was read since the last token.
    private var comma: Int?
    /// A string that is not whole yet: where it begins, how far it was looked at, and whether it has escapes.
    private var open: (start: Int, at: Int, hasEscapes: Bool)?

    /// Between two texts: what comes next begins a new one.
    var isBetweenTexts: Bool { openObjects.isEmpty && expected == .value }

    /// - Parameter isLast: nothing follows after `bytes`.
    mutating func next(_ bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Step {
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case 0x09, 0x0a, 0x0d, 0x20: index += 1
            case 0x2c:
                guard expected == .commaOrEnd, let isObject = openObjects.last else { return .invalid(from: index) }
                expected = isObject ? .key : .value
                comma = index
                index += 1
            case 0x3a:
                guard expected == .colon else { return .invalid(from: index) }
                expected = .value
                index += 1
            case 0x7b, 0x5b: return openContainer(bytes[index] == 0x7b, at: index)
            case 0x7d, 0x5d: return close(bytes[index] == 0x7d, at: index)
            case 0x22: return string(bytes, from: index, isLast: isLast)
            case _: return scalar(bytes, from: index, isLast: isLast)
            }
        }
        return .more(from: index)
    }

    /// The place of the comma before the last token, if it has not been left behind.
    mutating func takeComma() -> Int? {
        defer { comma = nil }
        return comma
    }

    mutating func endString(isKey: Bool) {
        open = nil
        if isKey { expected = .colon } else { endValue() }
    }

    private mutating func endValue() { expected = openObjects.isEmpty ? .value : .commaOrEnd }

    private var takesValue: Bool { expected == .value || expected == .valueOrEnd }

    private mutating func openContainer(_ isObject: Bool, at index: Int) -> Step {
        guard takesValue, openObjects.count < JSONReader.maximumDepth else { return .invalid(from: index) }
        openObjects.append(isObject)
        expected = isObject ? .keyOrEnd : .valueOrEnd
        return .token(Token(kind: isObject ? .openObject : .openArray, range: index..<index + 1))
    }

    private mutating func close(_ isObject: Bool, at index: Int) -> Step {
        guard openObjects.last == isObject,
            expected == .commaOrEnd || expected == (isObject ? .keyOrEnd : .valueOrEnd)
        else { return .invalid(from: index) }
        openObjects.removeLast()
        endValue()
        return .token(Token(kind: .close, range: index..<index + 1))
    }

    private mutating func string(_ bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Step {
        let isKey = expected == .key || expected == .keyOrEnd
        guard isKey || takesValue else { return .invalid(from: start) }
        var at = start + 1
        var hasEscapes = false
        if let open, open.start == start { (at, hasEscapes) = (open.at, open.hasEscapes) }
        let isLong = bytes.count - start >= maximumStringBytes
        let limit = isLong ? start + maximumStringBytes : bytes.count
        scan: while at < limit {
            switch bytes[at] {
            case 0x22:
                endString(isKey: isKey)
                return .token(
                    Token(kind: isKey ? .key : .string, range: start..<at + 1, hasEscapes: hasEscapes))
            case 0x0a: return .invalid(from: start)
            case 0x5c:
                guard let length = JSONText.escapeLength(bytes, at: at, upTo: limit) else {
                    return .invalid(from: start)
                }
                if length == 0 { break scan }
                hasEscapes = true
                at += length
            case _: at += 1
            }
        }
        if isLong { return .long(from: start, isKey: isKey) }
        if isLast { return .invalid(from: start) }
        open = (start, at, hasEscapes)
        return .more(from: start)
    }

    private mutating func scalar(_ bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Step {
        guard takesValue else { return .invalid(from: start) }
        var end = start
        let limit = min(bytes.count, start + JSONReader.maximumScalarBytes)
        while end < limit, !JSONReader.endsScalar(bytes[end]) { end += 1 }
        if end == bytes.count, !isLast, end - start < JSONReader.maximumScalarBytes { return .more(from: start) }
        guard end - start < JSONReader.maximumScalarBytes, JSONReader.isScalar(bytes.part(start..<end)) else {
            return .invalid(from: start)
        }
        endValue()
        return .token(Token(kind: .scalar, range: start..<end))
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x22: true
        case _: false
        }
    }

    private static let words = ["true", "false", "null", "NaN", "Infinity", "-Infinity"].map { Array($0.utf8) }

    private static func isScalar(_ bytes: UnsafeRawBufferPointer) -> Bool {
        words.contains { bytes.elementsEqual($0) } || isNumber(bytes)
    }

    private static func isNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = bytes.first == 0x2d ? 1 : 0
        func digits() -> Bool {
            let start = index
            while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
            return index > start
        }
        // Leading zeros are wrong, and harmless.
        guard digits() else { return false }
        if index < bytes.count, bytes[index] == 0x2e {
            index += 1
            guard digits() else { return false }
        }
        if index < bytes.count, bytes[index] | 0x20 == 0x65 {
            index += 1
            if index < bytes.count, bytes[index] == 0x2b || bytes[index] == 0x2d { index += 1 }
            guard digits() else { return false }
        }
        return index == bytes.count
    }
}
