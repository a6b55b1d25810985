import Detection

/// Masks `name=value&…` (https://url.spec.whatwg.org/#application/x-www-form-urlencoded); a line's end parts fields too.
struct FormMasker: BufferedMasker {
    private let pass: DocumentPass
    var buffer = PendingBytes()
    /// Nil within a name.
    private var name: NameTable.Known?
    private var long: LongValue?
    /// How far the field at hand was read.
    private var searched = 0

    init(_ pass: DocumentPass) { self.pass = pass }

    mutating func advance(isLast: Bool) {
        while !buffer.isEmpty || long != nil && isLast {
            let limit = min(buffer.count, DocumentPass.maximumValueBytes)
            var end = searched
            while end < limit, !endsField(buffer[end]) { end += 1 }
            let isEnd = end < limit || isLast && limit == buffer.count
            if let value = long {
                guard isEnd || limit == DocumentPass.maximumValueBytes else { return searched = end }
                takePiece(value, upTo: end, isLast: isEnd)
                guard isEnd, !buffer.isEmpty else { continue }
                passDelimiter()
            } else if isEnd {
                passField(upTo: end)
            } else if limit == DocumentPass.maximumValueBytes {
                // A name so long is no name: any rule may mean it.
                long = LongValue(
                    .percent, near: name?.meaning.context ?? .none, rule: name.flatMap(pass.names.rule(ofLong:)))
            } else {
                return searched = end
            }
        }
    }

    private func endsField(_ byte: UInt8) -> Bool {
        byte == 0x26 || byte == 0x0a || byte == 0x0d || byte == 0x3d && name == nil
    }

    private mutating func takePiece(_ value: LongValue, upTo end: Int, isLast: Bool) {
        var value = value
        let dropped = buffer.withUnsafeBytes { value.take($0.part(0..<end), isLast: isLast, pass) }
        buffer.drop(dropped)
        long = isLast ? nil : value
        searched = isLast ? 0 : end - dropped
        if isLast, name == nil, !buffer.isEmpty, buffer[0] == 0x3d {
            name = pass.names.unknown
            buffer.withUnsafeBytes { pass.pass($0, 0..<1) }
            buffer.drop(1)
        }
    }

    /// Passes the name or value that ends at `end`, with what ends it.
    private mutating func passField(upTo end: Int) {
        let field = DocumentField(range: 0..<end, content: 0..<end, encoding: .percent)
        let next = end < buffer.count ? buffer[end] : nil
        buffer.withUnsafeBytes { bytes in
            var list = EditList()
            pass.edit(field, in: bytes, name ?? .nothing, to: &list)
            pass.pass(bytes, 0..<min(end + 1, bytes.count), list)
            guard name == nil, next == 0x3d else { return name = nil }
            guard let text = ValueEncoding.percent.decode(bytes.part(0..<end))?.bytes else {
                return name = pass.names.unknown
            }
            name = pass.names.known(text)
        }
        buffer.drop(min(end + 1, buffer.count))
        searched = 0
    }

    private mutating func passDelimiter() {
        guard buffer[0] != 0x3d || name != nil else { return }
        buffer.withUnsafeBytes { pass.pass($0, 0..<1) }
        buffer.drop(1)
        name = nil
    }
}
