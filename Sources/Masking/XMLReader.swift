/// Reads XML text or content tag by tag (XML 1.0, sections 2 and 3), as far as masking needs it: what declares a document type,
/// which may say what references stand for, is none here.
struct XMLReader {
    /// Elements within one another.
    static let maximumDepth = 512
    static let maximumNameBytes = 1024

    struct Attribute {
        /// Without a prefix.
        let name: Range<Int>
        /// Between the quotes.
        let value: Range<Int>
        let declaresNamespace: Bool
    }

    enum Step {
        /// Text, or with its `<![CDATA[` and `]]>` what is as it is written.
        case text(Range<Int>, isLiteral: Bool)
        /// A comment or a processing instruction.
        case aside(Range<Int>)
        case open(name: Range<Int>, [Attribute], isEmpty: Bool)
        case close(tag: Range<Int>)
        case end
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var index = 0
    /// Names of open elements, with their prefixes.
    private var names: [Range<Int>] = []

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Nil when what follows is no XML.
    mutating func next() -> Step? {
        guard index < bytes.count else { return names.isEmpty ? .end : nil }
        let start = index
        guard bytes[index] == 0x3c else {
            index = bytes[index...].firstIndex(of: 0x3c) ?? bytes.count
            return .text(start..<index, isLiteral: false)
        }
        if begins("<!--") { return skip("<!--", "-->") ? .aside(start..<index) : nil }
        if begins("<![CDATA[") { return skip("<![CDATA[", "]]>") ? .text(start..<index, isLiteral: true) : nil }
        if begins("<?") { return skip("<?", "?>") ? .aside(start..<index) : nil }
        if begins("<!") { return nil }
        return begins("</") ? close() : open()
    }

    private func begins(_ text: StaticString) -> Bool {
        let end = index + text.utf8CodeUnitCount
        return end <= bytes.count
            && bytes[index..<end].elementsEqual(
                UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func skip(_ opening: StaticString, _ closing: StaticString) -> Bool {
        index += opening.utf8CodeUnitCount
        while index < bytes.count {
            if begins(closing) {
                index += closing.utf8CodeUnitCount
                return true
            }
            index += 1
        }
        return false
    }

    private mutating func close() -> Step? {
        let start = index
        index += 2
        guard let name = name(), let open = names.popLast(), bytes[name].elementsEqual(bytes[open]) else { return nil }
        skipSpace()
        return take(0x3e) ? .close(tag: start..<index) : nil
    }

    private mutating func open() -> Step? {
        index += 1
        guard let name = name(), names.count < XMLReader.maximumDepth else { return nil }
        var attributes: [Attribute] = []
        while true {
            let hadSpace = skipSpace()
            if take(0x3e) {
                names.append(name)
                return .open(name: local(name), attributes, isEmpty: false)
            }
            if take(0x2f) { return take(0x3e) ? .open(name: local(name), attributes, isEmpty: true) : nil }
            guard hadSpace, let attribute = attribute() else { return nil }
            attributes.append(attribute)
        }
    }

    private mutating func attribute() -> Attribute? {
        guard let name = self.name() else { return nil }
        skipSpace()
        guard take(0x3d) else { return nil }
        skipSpace()
        guard index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 else { return nil }
        let start = index + 1
        guard let end = bytes[start...].firstIndex(of: bytes[index]), !bytes[start..<end].contains(0x3c) else {
            return nil
        }
        index = end + 1
        let declares = bytes[name].elementsEqual("xmlns".utf8) || bytes[name].starts(with: "xmlns:".utf8)
        return Attribute(name: local(name), value: start..<end, declaresNamespace: declares)
    }

    private mutating func name() -> Range<Int>? {
        let start = index
        while index < bytes.count, !XMLReader.endsName(bytes[index]) { index += 1 }
        guard index > start, index - start <= XMLReader.maximumNameBytes else { return nil }
        return start..<index
    }

    private func local(_ name: Range<Int>) -> Range<Int> {
        (bytes[name].lastIndex(of: 0x3a).map { $0 + 1 } ?? name.lowerBound)..<name.upperBound
    }

    private static func endsName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x21, 0x22, 0x26, 0x27, 0x2f, 0x3c, 0x3d, 0x3e, 0x3f: true
        case _: false
        }
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = index
        while index < bytes.count,
            bytes[index] == 0x20 || bytes[index] == 0x09 || bytes[index] == 0x0a || bytes[index] == 0x0d
        {
            index += 1
        }
        return index > start
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }
}
