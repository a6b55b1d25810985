import Detection

/// Masks JSON texts, one after another, or the content of lines one by one.
///
/// What was read is kept until a text ends, or until it is enough for the detectors to see what stands around a value. Text
/// that is no JSON is masked as text from there on; with rules of columns, which text does not have, it is withheld.
struct JSONMasker {
    /// A stretch that is looked at together is at least so long, unless a text ends.
    private static let stretchBytes = 64 << 10

    private enum Mode {
        case json
        /// Within a string; what ends it was not found in the buffer's first so many bytes.
        case long(LongValue, isKey: Bool, searched: Int)
        case text(TextMasker)
        case withheld
    }

    private let pass: DocumentPass
    private var walk: JSONWalk
    private var mode = Mode.json
    private var buffer = PendingBytes()
    /// How far the buffer was read.
    private var index = 0

    init(_ pass: DocumentPass) {
        self.pass = pass
        walk = JSONMasker.walk(pass)
    }

    private static func walk(_ pass: DocumentPass) -> JSONWalk {
        JSONWalk(names: pass.names, maximumStringBytes: DocumentPass.maximumValueBytes)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        switch mode {
        case .json, .long:
            buffer.append(bytes)
            advance(isLast: false)
        case .text(var text):
            mode = .withheld
            text.write(bytes)
            mode = .text(text)
        case .withheld: pass.withhold(bytes, 0..<bytes.count, [])
        }
    }

    /// Nothing follows.
    mutating func finish() { endLine() }

    /// A line's end follows: what was written is passed, a string or text does not go on behind it. What is open stays so.
    mutating func endLine() {
        switch mode {
        case .json, .long: advance(isLast: true)
        case .text, .withheld: break
        }
        if case .text(var text) = mode {
            mode = .withheld
            text.finish()
            mode = .text(text)
        }
    }

    /// What follows has nothing to do with what was.
    mutating func reset() {
        walk = JSONMasker.walk(pass)
        mode = .json
    }

    private mutating func advance(isLast: Bool) {
        var goesOn = true
        while goesOn {
            switch mode {
            case .json: goesOn = advanceJSON(isLast: isLast)
            case .long(let value, let isKey, let searched):
                goesOn = advanceLong(value, isKey: isKey, from: searched, isLast: isLast)
            case .text, .withheld: goesOn = false
            }
        }
    }

    private mutating func advanceJSON(isLast: Bool) -> Bool {
        let stop = buffer.withUnsafeBytes {
            walk.advance($0, from: &index, upTo: JSONMasker.stretchBytes, isLast: isLast)
        }
        switch stop {
        case .more:
            if isLast || walk.isBetweenTexts && walk.items.isEmpty { passStretch() }
            return false
        case .full: passStretch()
        case .long(_, let isKey):
            let (context, rule) = (walk.context, walk.stringRule)
            let isHidden = walk.isHiding
            passStretch()
            // The quote stays in sight of nothing: it is passed by itself.
            buffer.withUnsafeBytes { if isHidden { pass.withhold($0, 0..<1, []) } else { pass.pass($0, 0..<1) } }
            buffer.drop(1)
            let value =
                isHidden
                ? LongValue.leftOut(.json)
                : LongValue(.json, near: isKey ? .none : context, rule: isKey ? nil : rule)
            mode = .long(value, isKey: isKey, searched: 0)
        case .invalid: becomeText()
        }
        return true
    }

    /// Passes what was read.
    private mutating func passStretch() {
        let end = index
        buffer.withUnsafeBytes { bytes in
            let items = walk.items(upTo: end)
            let list =
                items.isEmpty
                ? EditList() : pass.engine.jsonEdits(items, in: bytes, 0..<end, near: .none, rules: pass.rules)
            pass.pass(bytes, 0..<end, list)
        }
        walk.dropItems()
        buffer.drop(end)
        index = 0
    }

    private mutating func becomeText() {
        // Of what stands before a text nothing is kept, how much of it is here depends on the cuts.
        let isBetweenTexts = walk.isBetweenTexts
        let sight = buffer.withUnsafeBytes { bytes in
            guard !isBetweenTexts else { return [UInt8]() }
            let before = bytes[max(0, index - LongValue.sightBytes)..<index]
            return Array(before[(before.lastIndex(of: 0x0a).map { $0 + 1 } ?? before.startIndex)...])
        }
        passStretch()
        let rest = buffer
        buffer = PendingBytes()
        if pass.rules.isEmpty {
            var text = TextMasker(pass, afterJSON: sight)
            rest.withUnsafeBytes { text.write($0) }
            mode = .text(text)
        } else {
            rest.withUnsafeBytes { pass.withhold($0, 0..<$0.count) }
            mode = .withheld
        }
    }

    /// Looks for the end of a long string.
    private mutating func advanceLong(_ value: LongValue, isKey: Bool, from start: Int, isLast: Bool) -> Bool {
        var value = value
        let limit = min(buffer.count, LongValue.pieceBytes)
        var at = start
        while at < limit, buffer[at] != 0x22 {
            if buffer[at] == 0x5c, at + 1 >= limit { break }
            at += buffer[at] == 0x5c ? 2 : 1
        }
        let isEnd = at < limit && buffer[at] == 0x22
        guard isEnd || isLast || buffer.count >= LongValue.pieceBytes else {
            mode = .long(value, isKey: isKey, searched: at)
            return false
        }
        // An escape that is not whole waits for its end.
        let end = at
        let endsHere = isEnd || isLast && limit == buffer.count
        let dropped = buffer.withUnsafeBytes { value.take($0.part(0..<end), isLast: endsHere, pass) }
        buffer.drop(dropped)
        mode = .long(value, isKey: isKey, searched: max(0, at - dropped))
        guard endsHere else { return true }
        if isEnd {
            buffer.withUnsafeBytes { if walk.isHiding { pass.withhold($0, 0..<1, []) } else { pass.pass($0, 0..<1) } }
            buffer.drop(1)
            walk.endString(isKey: isKey)
            mode = .json
        } else {
            // Cut short: what follows on the next line is no string's.
            becomeText()
        }
        index = 0
        return isEnd
    }
}
