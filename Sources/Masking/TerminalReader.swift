/// Parts what a terminal is sent into text and what is not shown (ECMA-48 section 5, and xterm's "Control Sequences").
struct TerminalReader {
    /// A control sequence that is longer is none: what follows its first two bytes is text.
    static let maximumSequenceBytes = 256
    /// Likewise a string such as a window's title (OSC, DCS, SOS, PM, APC), and one that nothing ends.
    static let maximumStringBytes = 4096

    struct Token {
        enum Kind {
            /// Whole characters, tabs, and bytes that are no UTF-8.
            case text
            case lineEnd
            case carriageReturn
            /// A control character or an escape sequence.
            case control
            /// A control string without what ends it.
            case string(payload: Range<Int>)
        }
        let kind: Kind
        let range: Range<Int>
    }

    /// How much of the string at hand was searched for its end.
    private var searched = 0

    /// The token that begins at `start`; nil when its end is not there yet.
    /// - Parameter isLast: nothing follows, what is there is taken as it stands.
    mutating func next(_ bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Token? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case 0x0a: return Token(kind: .lineEnd, range: start..<start + 1)
        case 0x0d: return Token(kind: .carriageReturn, range: start..<start + 1)
        case 0x1b: return escape(bytes, start, isLast)
        case 0x09, 0x20...0x7e, 0x80...0xff: return text(bytes, start, isLast)
        case _: return Token(kind: .control, range: start..<start + 1)
        }
    }

    private func text(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ isLast: Bool) -> Token? {
        var index = start
        reading: while index < bytes.count {
            switch bytes[index] {
            case 0x09, 0x20...0x7e: index += 1
            case 0x80...0xff:
                // C1 control characters are not shown, and what follows them is.
                if bytes[index] == 0xc2, index + 1 < bytes.count, bytes[index + 1] & 0xe0 == 0x80 { break reading }
                guard let length = TerminalReader.characterLength(bytes, at: index, isLast: isLast) else {
                    break reading
                }
                index += length
            case _: break reading
            }
        }
        if index > start { return Token(kind: .text, range: start..<index) }
        guard start + 1 < bytes.count, bytes[start] == 0xc2, bytes[start + 1] & 0xe0 == 0x80 else { return nil }
        return Token(kind: .control, range: start..<start + 2)
    }

    /// Bytes of the UTF-8 character (RFC 3629) that begins at `index`, 1 when there is none; nil when its rest may follow.
    static func characterLength(_ bytes: UnsafeRawBufferPointer, at index: Int, isLast: Bool) -> Int? {
        let length =
            switch bytes[index] {
            case 0xc2...0xdf: 2
            case 0xe0...0xef: 3
            case 0xf0...0xf4: 4
            case _: 1
            }
        for place in index + 1..<index + max(1, length) {
            guard place < bytes.count else { return isLast ? 1 : nil }
            guard bytes[place] & 0xc0 == 0x80 else { return 1 }
        }
        return length
    }

    private mutating func escape(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ isLast: Bool) -> Token? {
        guard start + 1 < bytes.count else { return isLast ? Token(kind: .control, range: start..<start + 1) : nil }
        switch bytes[start + 1] {
        case 0x5b: return sequence(bytes, start, isLast)  // [
        case 0x20...0x2f: return sequence(bytes, start, isLast)
        case 0x5d, 0x50, 0x58, 0x5e, 0x5f, 0x6b:  // ] P X ^ _, and k for a title in screen and tmux
            return string(bytes, start, isLast)
        case 0x30...0x7e: return Token(kind: .control, range: start..<start + 2)
        case _: return Token(kind: .control, range: start..<start + 1)
        }
    }

    /// After `ESC [` numbers, then intermediate bytes, then one that ends it; after `ESC` and an intermediate byte no numbers.
    private func sequence(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ isLast: Bool) -> Token? {
        var index = start + 2
        var takesNumbers = bytes[start + 1] == 0x5b
        var numbersEnd = index
        while index < bytes.count {
            guard index - start <= TerminalReader.maximumSequenceBytes else {
                return Token(kind: .control, range: start..<start + 2)
            }
            switch bytes[index] {
            case 0x30...0x3f where takesNumbers:
                index += 1
                numbersEnd = index
            case 0x20...0x2f:
                takesNumbers = false
                index += 1
            // No terminal knows such sequences: a digit behind a space is text, and so is the space.
            case 0x30...0x3f where bytes[start + 1] == 0x5b: return Token(kind: .control, range: start..<numbersEnd)
            case 0x30...0x3f where bytes[start + 1] == 0x20: return Token(kind: .control, range: start..<start + 1)
            case 0x18, 0x1a, 0x30...0x7e: return Token(kind: .control, range: start..<index + 1)
            case 0x0a, 0x0d, 0x1b, 0x80...0xff: return Token(kind: .control, range: start..<index)
            case _: index += 1  // Other control characters are obeyed within a sequence, and do not end it.
            }
        }
        return isLast ? Token(kind: .control, range: start..<index) : nil
    }

    private mutating func string(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ isLast: Bool) -> Token? {
        let begin = start + 2
        let endsWithBell = bytes[start + 1] == 0x5d || bytes[start + 1] == 0x6b
        let limit = min(bytes.count, begin + TerminalReader.maximumStringBytes)
        var index = begin + searched
        while index < limit {
            switch bytes[index] {
            case 0x1b:
                searched = 0
                return Token(kind: .string(payload: begin..<index), range: start..<index)
            case 0x07 where endsWithBell, 0x18, 0x1a:
                searched = 0
                return Token(kind: .string(payload: begin..<index), range: start..<index + 1)
            case _: index += 1
            }
        }
        searched = index - begin
        if searched == TerminalReader.maximumStringBytes {
            searched = 0
            return Token(kind: .control, range: start..<begin)
        }
        return isLast ? Token(kind: .string(payload: begin..<index), range: start..<index) : nil
    }
}
