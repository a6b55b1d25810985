/// What a terminal is sent, as it reads without all that is not shown.
///
/// Places count from the first byte that is held; what stands before it, and is out already, has negative places.
struct TerminalText {
    /// What stands before, as text.
    let context: [UInt8]
    private(set) var text: [UInt8]
    private(set) var tokens: [TerminalReader.Token] = []
    /// Text does not stand on the screen in the order in which it comes.
    private(set) var movesCursor = false
    private var stretches: [Stretch]
    private var afterReturn = false

    /// Text without a gap.
    private struct Stretch {
        let text: Int
        let place: Int
    }

    init(context: [UInt8] = []) {
        self.context = context
        text = context
        stretches = context.isEmpty ? [] : [Stretch(text: 0, place: -context.count)]
    }

    mutating func append(_ token: TerminalReader.Token, of bytes: UnsafeRawBufferPointer) {
        tokens.append(token)
        if afterReturn {
            if case .lineEnd = token.kind {} else { movesCursor = true }
            afterReturn = false
        }
        switch token.kind {
        case .text, .lineEnd: show(token.range, bytes)
        case .carriageReturn:
            show(token.range, bytes)
            afterReturn = true
        case .control: movesCursor = movesCursor || TerminalMotion(bytes.part(token.range)) != .none
        case .string: break
        }
    }

    private mutating func show(_ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) {
        if stretches.last.map({ $0.place + text.count - $0.text }) != range.lowerBound {
            stretches.append(Stretch(text: text.count, place: range.lowerBound))
        }
        text.append(contentsOf: bytes.part(range))
    }

    /// A range without the line's end behind it, which stays when all of the line goes.
    func line(of range: Range<Int>) -> Range<Int> {
        var end = range.upperBound
        if end > range.lowerBound, text[end - 1] == 0x0a { end -= 1 }
        if end > range.lowerBound, text[end - 1] == 0x0d { end -= 1 }
        return range.lowerBound..<end
    }

    /// The places of a part of the text, in ascending order.
    func places(_ range: Range<Int>) -> [Range<Int>] {
        var low = 0
        var high = stretches.count
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].text <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        var result: [Range<Int>] = []
        var index = low - 1
        while index < stretches.count, index >= 0, stretches[index].text < range.upperBound {
            let stretch = stretches[index]
            let end = index + 1 < stretches.count ? stretches[index + 1].text : text.count
            let part = range.clamped(to: stretch.text..<end)
            let shift = stretch.place - stretch.text
            if !part.isEmpty { result.append(part.lowerBound + shift..<part.upperBound + shift) }
            index += 1
        }
        return result
    }

    /// How much of the text stands before a place.
    func length(before place: Int) -> Int {
        guard let index = stretches.lastIndex(where: { $0.place < place }) else { return 0 }
        let end = index + 1 < stretches.count ? stretches[index + 1].text : text.count
        return min(end, stretches[index].text + place - stretches[index].place)
    }

    /// The last place up to `place` where neither a sequence nor a character is cut.
    func boundary(upTo place: Int) -> Int {
        guard let token = tokens.last(where: { $0.range.lowerBound < place }), token.range.upperBound > place else {
            return place
        }
        switch token.kind {
        case .text:
            var start = place
            let least = max(token.range.lowerBound, place - 3)
            while start > least, text[length(before: start + 1) - 1] & 0xc0 == 0x80 { start -= 1 }
            return text[length(before: start + 1) - 1] & 0xc0 == 0x80 ? place : start
        case .lineEnd, .carriageReturn, .control, .string: return token.range.lowerBound
        }
    }
}
