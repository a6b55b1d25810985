/// Masks lines of JSON (NDJSON), and server-sent events (https://html.spec.whatwg.org/#server-sent-events), whose fields are
/// lines too: JSON in `data` may go over several of them, whatever lines that are no fields stand between.
struct EventMasker {
    private enum Place {
        /// At a line's begin, with the bytes of it that were read and not passed.
        case lineBegin([UInt8])
        /// Behind white space at a line's begin: it is no field.
        case indent
        /// After `data:`, where a space may follow.
        case dataBegin
        /// In a line that is no field, or in an event's data.
        case json, data
        /// In another field of an event, or in text that began on an earlier line.
        case text
        /// With rules of columns, in such a field, with what of it was read and not passed.
        case field(NameTable.Known, [UInt8])
        /// Behind what stands for the rest of its line.
        case withheld
    }

    private static let data = Array("data".utf8)
    private static let carriageReturn: [UInt8] = [0x0d]
    /// Longer values of fields are withheld where there are rules of columns.
    private static let maximumWordBytes = 64
    private static let fields: [[UInt8]] = ["data", "event", "id", "retry", ""].map { Array($0.utf8) }

    private let pass: DocumentPass
    private var place = Place.lineBegin([])
    /// Of one line each.
    private var json: JSONMasker
    /// Of the event at hand.
    private var event: JSONMasker
    private var text: TextMasker

    init(_ pass: DocumentPass) {
        self.pass = pass
        json = JSONMasker(pass)
        event = JSONMasker(pass)
        text = TextMasker(pass, afterJSON: [])
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count {
            switch place {
            case .lineBegin(let name): index = begin(name, bytes, from: index)
            case .indent: index = beginOther([], bytes, from: index)
            case .dataBegin:
                if bytes[index] == 0x20 {
                    pass.pass(bytes, index..<index + 1)
                    index += 1
                }
                place = .data
            case .json, .data, .text, .field, .withheld:
                let end = bytes[index...].firstIndex(of: 0x0a) ?? bytes.count
                put(bytes.part(index..<end))
                index = end
                if end < bytes.count {
                    endLine(bytes.part(end..<end + 1))
                    index += 1
                }
            }
        }
    }

    mutating func finish() {
        if case .lineBegin(let name) = place { name.withUnsafeBytes { put($0, as: .text) } }
        endField()
        json.finish()
        event.finish()
        text.finish()
    }

    /// Reads on at a line's begin, in what may be a field's name. Returns the place after it.
    private mutating func begin(_ name: [UInt8], _ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
        let byte = bytes[index]
        if text.isHolding {
            place = .text
        } else if byte == 0x0a, name.isEmpty || name == EventMasker.carriageReturn {
            // Only an empty line ends an event.
            event.reset()
            (name + [byte]).withUnsafeBytes { pass.pass($0, 0..<$0.count) }
            place = .lineBegin([])
            return index + 1
        } else if name == EventMasker.carriageReturn {
            name.withUnsafeBytes { pass.pass($0, 0..<$0.count) }
            place = .indent
        } else if byte == 0x3a, EventMasker.fields.contains(name) {
            let start = name + [byte]
            if name == EventMasker.data {
                start.withUnsafeBytes { pass.pass($0, 0..<$0.count) }
                place = .dataBegin
            } else if pass.rules.isEmpty {
                start.withUnsafeBytes { put($0, as: .text) }
            } else {
                start.withUnsafeBytes { pass.pass($0, 0..<$0.count) }
                place = .field(name.isEmpty ? .nothing : pass.names.known(name), [])
            }
            return index + 1
        } else if EventMasker.begins(name + [byte]) {
            place = .lineBegin(name + [byte])
            return index + 1
        } else {
            return beginOther(name, bytes, from: index)
        }
        return index
    }

    /// Reads on in a line that is no field: clients pass over it, so it says nothing about the event's data around it.
    private mutating func beginOther(_ start: [UInt8], _ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
        let byte = bytes[index]
        if start.isEmpty, byte == 0x20 || byte == 0x09 || byte == 0x0d {
            pass.pass(bytes, index..<index + 1)
            place = .indent
            return index + 1
        }
        let isJSON = !pass.rules.isEmpty || EventMasker.beginsJSON(start + [byte])
        start.withUnsafeBytes { put($0, as: isJSON ? .json : .text) }
        return index
    }

    /// Whether more bytes tell what kind of line it is.
    private static func begins(_ line: [UInt8]) -> Bool {
        line == carriageReturn || fields.contains { $0.starts(with: line) }
    }

    /// Words are the same in text, and numbers may be the parts of one that is written with spaces.
    private static func beginsJSON(_ line: [UInt8]) -> Bool {
        switch line[0] {
        case 0x22, 0x5b, 0x7b: true
        case _: false
        }
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer, as place: Place) {
        self.place = place
        put(bytes)
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        switch place {
        case .text: text.write(bytes)
        case .json: json.write(bytes)
        case .data: event.write(bytes)
        case .field(let name, let held):
            let value = held + bytes
            place = .field(name, value)
            if value.count > EventMasker.maximumWordBytes {
                value.withUnsafeBytes { pass.withhold($0, 0..<$0.count) }
                place = .withheld
            }
        case .withheld: pass.withhold(bytes, 0..<bytes.count, [])
        case .lineBegin, .indent, .dataBegin: break
        }
    }

    /// Passes a field that is neither data nor, as comments are, text without a name: by the rule for its name, else a word as the
    /// detectors leave it. What is more than a word is text, which has no columns.
    private mutating func endField() {
        guard case .field(let name, let value) = place else { return }
        let start = value.first == 0x20 ? 1 : 0
        let end = value.last == 0x0d && value.count > start ? value.count - 1 : value.count
        let isNamed = name.meaning.name?.isEmpty == false
        value.withUnsafeBytes { bytes in
            let field = DocumentField(range: start..<end, content: start..<end, encoding: .plain)
            var list = EditList()
            if name.rule != nil || isNamed && bytes[start..<end].allSatisfy(EventMasker.isWordPart) {
                pass.edit(field, in: bytes, name, to: &list)
            } else if start < end {
                pass.withhold(field, to: &list)
            }
            pass.pass(bytes, 0..<bytes.count, list)
        }
    }

    private static func isWordPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        case _: false
        }
    }

    private mutating func endLine(_ newline: UnsafeRawBufferPointer) {
        switch place {
        case .text: text.write(newline)
        case .field, .withheld:
            endField()
            pass.pass(newline, 0..<1)
        case .json:
            json.endLine()
            json.reset()
            pass.pass(newline, 0..<1)
        case .data:
            event.endLine()
            pass.pass(newline, 0..<1)
        case .lineBegin, .indent, .dataBegin: break
        }
        place = .lineBegin([])
    }
}
