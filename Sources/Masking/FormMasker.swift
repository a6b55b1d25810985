import Detection

/// Masks `name=value&…` (https://url.spec.whatwg.org/#application/x-www-form-urlencoded); a line's end parts fields too.
struct FormMasker: BufferedMasker {
    private let pass: DocumentPass
    var buffer = PendingBytes()
    /// Nil within a name.
    private var name: NameTable.Known?
    /// It cannot be read: any rule may mean it, and it is out.
    private var isUnknown = false
    private var long: LongValue?
    /// How far the field at hand was read.
    private var searched = 0
    /// A pair before the one at hand is kept in its line, and an ampersand has come since. Where a rule drops pairs, an
    /// ampersand goes with the pair that stands behind it.
    private var hasKept = false
    private var owesAmpersand = false
    private static let ampersand: [UInt8] = [0x26]

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
                // After a name so long its value may follow.
                guard isEnd, !buffer.isEmpty, endsField(buffer[0]) else { continue }
                passDelimiter()
            } else if isEnd {
                passField(upTo: end)
            } else if limit == DocumentPass.maximumValueBytes {
                // A name so long is no name: any rule may mean it.
                if name == nil { separate() }
                long =
                    isDropped
                    ? LongValue.leftOut(.percent)
                    : LongValue(
                        .percent, near: name?.meaning.context ?? .none, rule: name.flatMap(pass.names.rule(ofLong:)))
            } else {
                return searched = end
            }
        }
        if isLast, owesAmpersand { separate() }
    }

    private var isDropped: Bool { pass.isDropped(name) && !isUnknown }

    /// Puts the ampersand before a pair that is kept.
    private mutating func separate() {
        if owesAmpersand, hasKept { pass.insert(FormMasker.ampersand) }
        owesAmpersand = false
        hasKept = true
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
            (name, isUnknown) = (pass.names.unknown, true)
            buffer.withUnsafeBytes { pass.pass($0, 0..<1) }
            buffer.drop(1)
        }
    }

    /// Passes the name or value that ends at `end`, with what ends it.
    private mutating func passField(upTo end: Int) {
        let field = DocumentField(range: 0..<end, content: 0..<end, encoding: .percent)
        let isName = name == nil
        let next = end < buffer.count ? buffer[end] : nil
        buffer.withUnsafeBytes { bytes in
            let known = name
            var list = EditList()
            if isName, next == 0x3d { readName(bytes.part(0..<end)) }
            if isDropped {
                if isName, let rule = name?.rule { pass.engine.count(rule: pass.rules[rule].counter) }
                list.replace(0..<end, with: [])
                if isName { owesAmpersand = false }
            } else {
                if isName { separate() }
                pass.edit(field, in: bytes, known ?? .nothing, to: &list)
            }
            pass.pass(bytes, 0..<end, list)
        }
        buffer.drop(end)
        searched = 0
        if isName, next == 0x3d {
            buffer.withUnsafeBytes { if isDropped { pass.withhold($0, 0..<1, []) } else { pass.pass($0, 0..<1) } }
            buffer.drop(1)
        } else if next != nil {
            passDelimiter()
        } else {
            name = nil
        }
    }

    private mutating func readName(_ bytes: UnsafeRawBufferPointer) {
        let text = ValueEncoding.percent.decode(bytes)?.bytes
        isUnknown = text == nil
        name = text.map(pass.names.known) ?? pass.names.unknown
    }

    /// Passes what ends a pair.
    private mutating func passDelimiter() {
        guard buffer[0] != 0x3d || name != nil else { return }
        let isAmpersand = buffer[0] == 0x26
        buffer.withUnsafeBytes {
            if isAmpersand, pass.drops { pass.withhold($0, 0..<1, []) } else { pass.pass($0, 0..<1) }
        }
        buffer.drop(1)
        name = nil
        owesAmpersand = isAmpersand && pass.drops
        if !isAmpersand { hasKept = false }
    }
}
