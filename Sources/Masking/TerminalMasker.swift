import Detection

/// Masks what a terminal is sent, line by line. Sequences stay, text of a finding between them goes.
///
/// What was put out by ``flush()`` is kept until its line ends, so that what belongs to it is found.
struct TerminalMasker: BufferedMasker {
    /// A line of more bytes, sequences included, is masked in pieces.
    static let maximumLineBytes = 64 << 10
    /// What of a piece is looked at again with the next.
    private static let overlapBytes = 8 << 10
    /// Text that was put out and stays in sight of the detectors behind the end of a piece.
    private static let contextBytes = 256

    private let pass: DocumentPass
    private let findsKeys: Bool
    var buffer = PendingBytes()
    private var reader = TerminalReader()
    private var text = TerminalText()
    /// How far the buffer was read.
    private var read = 0
    /// How much of the buffer is out.
    private var shown = 0
    /// For the context and what is out of the buffer: whether it was masked.
    private var shownIsMasked: [Bool] = []
    /// Where in the text the line at hand begins.
    private var lineStart = 0
    private var isInKey = false
    /// A finding reached the end of the last piece: it goes on up to what ends a word.
    private var goesOn = false

    init(_ pass: DocumentPass) {
        self.pass = pass
        findsKeys = pass.engine.detection?.entities.contains(.privateKey) ?? false
    }

    mutating func advance(isLast: Bool) {
        while true {
            switch readLine(isLast: isLast) {
            case .whole: putLine()
            case .long: putPiece()
            case .more:
                if isLast { putLine() }
                return
            }
        }
    }

    /// Puts out all that is held as it stands, but for a character of which a byte is missing.
    mutating func flush() {
        var (text, reader, end) = (text, reader, read)
        buffer.withUnsafeBytes { bytes in
            guard end < bytes.count, bytes[end] == 0x1b else { return }
            while let token = reader.next(bytes, from: end, isLast: true) {
                text.append(token, of: bytes)
                end = token.range.upperBound
            }
        }
        guard end > shown else { return }
        let goesOn = goesOn && restEnd(text) == nil
        put(judged(text), text, upTo: end)
        self.goesOn = goesOn
    }

    private enum Line { case whole, long, more }

    /// Reads on up to the end of the line, or of the private key that began in it.
    private mutating func readLine(isLast: Bool) -> Line {
        buffer.withUnsafeBytes { buffer in
            let bytes = buffer.part(0..<min(buffer.count, TerminalMasker.maximumLineBytes))
            let isFull = bytes.count == TerminalMasker.maximumLineBytes
            while let token = reader.next(bytes, from: read, isLast: isLast && !isFull) {
                text.append(token, of: bytes)
                read = token.range.upperBound
                if case .lineEnd = token.kind, endsUnit() { return .whole }
            }
            return isFull ? .long : .more
        }
    }

    private mutating func endsUnit() -> Bool {
        defer { lineStart = text.text.count }
        guard findsKeys else { return true }
        text.text.withUnsafeBytes { bytes in
            let line = lineStart..<bytes.count
            if isInKey { isInKey = !bytes.endsPrivateKey(in: line) } else { isInKey = bytes.beginsPrivateKey(in: line) }
        }
        return !isInKey
    }

    /// What the detectors find, each view of the text by itself.
    private func judged(_ text: TerminalText) -> TerminalClaims {
        buffer.withUnsafeBytes { bytes in
            var claims = TerminalClaims(before: text.context.count, end: bytes.count)
            if goesOn {
                let rest = text.length(before: shown)..<(restEnd(text) ?? text.text.count)
                claims.claim(text.places(rest), Finding(entity: .secret, range: rest), .null, [])
            }
            text.text.withUnsafeBytes { shown in
                // Of a key that has no end yet all is masked.
                let content = 0..<shown.count - (isInKey ? 0 : shown[...].lineEndBytes)
                for finding in pass.engine.find(in: shown, scope: content, candidates: nil, near: .none) {
                    let range = finding.entity == .unsearched ? text.line(of: finding.range) : finding.range
                    claims.claim(
                        text.places(range), finding, pass.engine.style(of: finding), substitute(finding, shown))
                }
            }
            for case .string(let payload) in text.tokens.lazy.map(\.kind) {
                for finding in pass.engine.find(in: bytes, scope: payload, candidates: nil, near: .none) {
                    claims.claim([finding.range], finding, pass.engine.style(of: finding), substitute(finding, bytes))
                }
            }
            guard text.movesCursor else { return claims }
            let screen = TerminalScreen(text, bytes)
            for row in screen.rows {
                row.text.withUnsafeBytes { shown in
                    for finding in pass.engine.find(in: row.text) {
                        claims.claim(
                            row.places(finding.range), finding, pass.engine.style(of: finding),
                            substitute(finding, shown))
                    }
                }
            }
            guard !claims.claims.isEmpty else { return claims }
            // What does not show, and backspaces over it, would come to stand over the substitute.
            for place in screen.hidden.joined() { claims.fill(place) }
            for token in text.tokens where token.range.count == 1 && bytes[token.range.lowerBound] == 0x08 {
                claims.fill(token.range.lowerBound)
            }
            return claims
        }
    }

    /// Where in the text what a finding left over ends.
    private func restEnd(_ text: TerminalText) -> Int? {
        text.text[text.length(before: shown)...].firstIndex { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 }
    }

    private func substitute(_ finding: Finding, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        pass.engine.substitutes.append(
            pass.engine.style(of: finding), for: finding.entity, bytes.part(finding.range), to: &text)
        return text
    }

    /// Puts out what was not, up to `end`. A substitute stands at the first byte of its finding, unless some of that is out.
    private mutating func put(_ claims: TerminalClaims, _ text: TerminalText, upTo end: Int) {
        var isBegun = claims.claims.enumerated().map { number, claim in
            claim.substitute.isEmpty
                || (claim.extent.lowerBound..<max(claim.extent.lowerBound, shown)).contains {
                    claims[$0] == number && shownIsMasked[$0 + text.context.count]
                }
        }
        buffer.withUnsafeBytes { bytes in
            var list = EditList()
            var place = shown
            while place < end, !claims.claims.isEmpty {
                let start = place
                let owner = claims[place]
                repeat { place += 1 } while place < end && claims[place] == owner
                guard let owner else { continue }
                let claim = claims.claims[owner]
                if !isBegun[owner] {
                    pass.engine.count(claim.finding)
                    list.mark(claim.finding, at: start..<min(end, claim.extent.upperBound))
                }
                list.replace(start..<place, with: isBegun[owner] ? [] : claim.substitute)
                isBegun[owner] = true
            }
            pass.pass(bytes, shown..<end, list)
        }
        if claims.claims.isEmpty {
            shownIsMasked += repeatElement(false, count: end - shown)
        } else {
            shownIsMasked += (shown..<end).map { claims[$0] != nil }
        }
        shown = end
    }

    private mutating func putLine() {
        // More may be out: what was a string when it was put out may be lines after all.
        if read > shown { put(judged(text), text, upTo: read) }
        shownIsMasked.removeFirst(text.context.count + read)
        goesOn = false
        drop(read, context: [])
    }

    /// The front of a line that is too long to be held.
    private mutating func putPiece() {
        let claims = judged(text)
        var cut = max(shown, text.boundary(upTo: TerminalMasker.maximumLineBytes - TerminalMasker.overlapBytes))
        let across = { (place: Int) in
            claims.claims.filter { $0.extent.lowerBound < place && $0.extent.upperBound > place }
        }
        while let start = across(cut).map(\.extent.lowerBound).min(), start > shown { cut = start }
        cut = across(cut).map(\.extent.upperBound).max() ?? cut
        goesOn = !across(cut).isEmpty || cut == read && claims[cut - 1] != nil
        put(claims, text, upTo: cut)
        isInKey = false
        begin(at: text.boundary(upTo: cut), behind: text)
    }

    /// Forgets what stands before `base` but for its last text.
    private mutating func begin(at base: Int, behind text: TerminalText) {
        let length = text.length(before: base)
        var context = text.text[max(0, length - TerminalMasker.contextBytes)..<length]
        if let line = context.lastIndex(of: 0x0a) { context = context[(line + 1)...] }
        while let first = context.first, first & 0xc0 == 0x80 { context.removeFirst() }
        let isMasked = text.places(context.startIndex..<context.endIndex).joined().map {
            shownIsMasked[$0 + text.context.count]
        }
        shownIsMasked = isMasked + shownIsMasked[(text.context.count + base)...]
        drop(base, context: Array(context))
    }

    private mutating func drop(_ count: Int, context: [UInt8]) {
        buffer.drop(count)
        shown -= count
        read = 0
        reader = TerminalReader()
        text = TerminalText(context: context)
        lineStart = 0
    }
}
