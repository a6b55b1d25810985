import Glibc

/// Finds triggers that the pattern matcher is slow at: short forms of digits and capitals, which begin in much text. Each says
/// the same as an expression would, of which the matcher would report every end.
///
/// A trigger lies in a run of bytes that it may hold. Blocks of bytes are searched for such runs at once, a short rest by looking
/// only at the places that a run of its length has to cover.
struct ShapeScanner {
    enum Shape: CaseIterable, Sendable {
        /// `[A-Z]{2} ?[0-9]{2} ?[0-9A-Z]{2}`, which an IBAN begins with.
        case capitalsAndDigits
        /// `[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]`, the middle of an IPv4 address.
        case dottedNumbers
        /// `(?:[0-9A-Fa-f]{1,4}:){7}`, which an IPv6 address begins with.
        case hexadecimalGroups

        /// Bytes of the shortest.
        fileprivate static let shortestCapitalsAndDigits = 6
        fileprivate static let shortestDottedNumbers = 7
        fileprivate static let groupsOfAddress = 7
    }

    /// What bytes are, in one look.
    private struct ByteClass: OptionSet {
        let rawValue: UInt8
        static let digit = ByteClass(rawValue: 1)
        static let capital = ByteClass(rawValue: 2)
        static let separator = ByteClass(rawValue: 4)
        /// What a trigger of digits and capitals consists of.
        static let number: ByteClass = [digit, capital, separator]

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(of byte: UInt8) {
            self = []
            if byte.isDigit { insert(.digit) }
            if byte.isUpper { insert(.capital) }
            if byte == 0x20 || byte == 0x2d || byte == 0x2e || byte == 0x2f { insert(.separator) }
        }
    }

    /// `[0-9](?:[ ./-]?[0-9]){n-1}` of n digits; zero: they are not looked for.
    private let digits: Int
    private let digitsTrigger: UInt32
    private let capitals: UInt32?
    private let dotted: UInt32?
    private let groups: UInt32?
    private let classes: [ByteClass] = (0...255).map { ByteClass(of: UInt8($0)) }

    /// - Parameters:
    ///   - digits: how many digits a run of them has at the least, and the number of that trigger.
    ///   - triggers: the numbers of the shapes that are looked for.
    init(digits: (count: Int, trigger: UInt32)?, triggers: [Shape: UInt32]) {
        self.digits = digits?.count ?? 0
        digitsTrigger = digits?.trigger ?? 0
        capitals = triggers[.capitalsAndDigits]
        dotted = triggers[.dottedNumbers]
        groups = triggers[.hexadecimalGroups]
    }

    var isEmpty: Bool { digits == 0 && capitals == nil && dotted == nil && groups == nil }

    /// Appends where triggers end.
    func scan(_ bytes: UnsafeRawBufferPointer, into candidates: inout [Candidate]) throws(DetectionError) {
        guard !isEmpty, let base = bytes.baseAddress else { return }
        let isComplete = classes.withUnsafeBufferPointer { classes in
            let text = Text(
                base: base.assumingMemoryBound(to: UInt8.self), count: bytes.count, classes: classes.baseAddress!)
            var found = Found(candidates: [])
            swap(&found.candidates, &candidates)
            defer { swap(&found.candidates, &candidates) }
            if digits > 0 || capitals != nil || dotted != nil {
                var shortest = digits > 0 ? digits : Int.max
                if capitals != nil { shortest = min(shortest, Shape.shortestCapitalsAndDigits) }
                if dotted != nil { shortest = min(shortest, Shape.shortestDottedNumbers) }
                text.eachRun(shortest: shortest) { run in
                    numbers(in: run, of: text, to: &found)
                }
            }
            if let groups { text.groups(trigger: groups, to: &found) }
            return !found.isFull
        }
        guard isComplete else {
            throw DetectionError(code: .tooManyCandidates, message: "too many candidates in one scan")
        }
    }

    /// Candidates, as many as there may be.
    private struct Found {
        var candidates: [Candidate]
        private(set) var isFull = false

        init(candidates: [Candidate]) { self.candidates = candidates }

        @inline(__always) mutating func add(end: Int, _ trigger: UInt32) {
            guard candidates.count < DetectionEngine.maximumCandidates else {
                isFull = true
                return
            }
            candidates.append(Candidate(end: UInt32(truncatingIfNeeded: end), trigger: trigger))
        }
    }

    private func numbers(in run: Range<Int>, of text: Text, to found: inout Found) {
        var count = 0
        var afterDigit = false
        var afterSeparator = false
        for index in run {
            let isOf = text.classes[Int(text.base[index])]
            if isOf.contains(.digit) {
                count = afterDigit || afterSeparator ? count + 1 : 1
                (afterDigit, afterSeparator) = (true, false)
                if digits > 0, count >= digits { found.add(end: index + 1, digitsTrigger) }
                if let dotted, index > run.lowerBound, text.base[index - 1] == 0x2e,
                    text.endsDottedNumbers(index, from: run.lowerBound)
                {
                    found.add(end: index + 1, dotted)
                }
            } else {
                (afterDigit, afterSeparator) = (false, afterDigit && isOf.contains(.separator))
            }
            if let capitals, !isOf.contains(.separator), text.endsCapitalsAndDigits(index, from: run.lowerBound) {
                found.add(end: index + 1, capitals)
            }
        }
    }

    private struct Text {
        private static let blockBytes = 64
        /// The longest run that one block is looked through for; longer ones begin as it does.
        private static let blockOverlap = 8

        let base: UnsafePointer<UInt8>
        let count: Int
        let classes: UnsafePointer<ByteClass>

        @inline(__always) func isOf(_ index: Int, _ wanted: ByteClass) -> Bool {
            classes[Int(base[index])].rawValue & wanted.rawValue != 0
        }

        /// Calls `body` with each run of what numbers consist of that is not shorter than `shortest`.
        @inline(__always) func eachRun(shortest: Int, body: (Range<Int>) -> Void) {
            var index = 0
            let length = min(max(shortest, 4), Text.blockOverlap)
            while count - index >= Text.blockBytes {
                // Where runs of that length start: each block begins before the first one that the block before it cuts.
                var starts = numbers(inBlockAt: index)
                starts &= starts &>> 1
                starts &= starts &>> 2
                starts &= starts &>> UInt64(length - 4)
                var next = index + Text.blockBytes - Text.blockOverlap
                while starts != 0 {
                    let start = index + starts.trailingZeroBitCount
                    var end = start + length
                    while end < count, isOf(end, .number) { end += 1 }
                    if end - start >= shortest { body(start..<end) }
                    if end >= next {
                        next = end
                        break
                    }
                    starts &= .max << UInt64(end - index)
                }
                index = next
            }
            while index + shortest <= count {
                let probe = index + shortest - 1
                guard isOf(probe, .number) else {
                    index = probe + 1
                    continue
                }
                var start = probe
                while start > index, isOf(start - 1, .number) { start -= 1 }
                var end = probe + 1
                while end < count, isOf(end, .number) { end += 1 }
                if end - start >= shortest { body(start..<end) }
                index = end + 1
            }
        }

        /// A bit for each of the bytes from `index` on that numbers consist of, the first one lowest.
        private func numbers(inBlockAt index: Int) -> UInt64 {
            let start = UnsafeRawPointer(base + index)
            var bits: UInt64 = 0
            for offset in stride(from: 0, to: Text.blockBytes, by: 8) {
                let word = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                bits |= Text.numbers(in: word) &<< UInt64(offset)
            }
            return bits
        }

        /// The same of eight bytes at once: a sum carries into a byte's highest bit where the byte is not below a bound.
        @inline(__always) private static func numbers(in word: UInt64) -> UInt64 {
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highest: UInt64 = 0x8080_8080_8080_8080
            let low = word & ~highest
            let isDigitOrMark = (low &+ ones &* (0x80 - 0x2d)) & ~(low &+ ones &* (0x80 - 0x3a))
            let isCapital = (low &+ ones &* (0x80 - 0x41)) & ~(low &+ ones &* (0x80 - 0x5b))
            let isSpace = ~((low ^ ones &* 0x20) &+ ones &* 0x7f)
            let isNumber = (isDigitOrMark | isCapital | isSpace) & ~word & highest
            // The product moves the bits together in its highest byte.
            return ((isNumber &>> 7) &* 0x0102_0408_1020_4080) &>> 56
        }

        /// A digit at `last` ends dotted numbers, whose last dot is before it.
        func endsDottedNumbers(_ last: Int, from first: Int) -> Bool {
            var index = last - 2
            for _ in 0..<2 {
                var digits = 0
                while index >= first, digits < 3, isOf(index, .digit) {
                    index -= 1
                    digits += 1
                }
                guard digits > 0, index > first, base[index] == 0x2e else { return false }
                index -= 1
            }
            return isOf(index, .digit)
        }

        @inline(__always) func endsCapitalsAndDigits(_ last: Int, from first: Int) -> Bool {
            guard last - first >= 5, isOf(last - 1, [.digit, .capital]) else { return false }
            var index = last - 2
            if base[index] == 0x20 { index -= 1 }
            guard isOf(index, .digit), isOf(index - 1, .digit) else { return false }
            index -= 2
            if index >= first, base[index] == 0x20 { index -= 1 }
            return index > first && isOf(index, .capital) && isOf(index - 1, .capital)
        }

        func groups(trigger: UInt32, to found: inout Found) {
            var index = 0
            while index < count, let colon = memchr(base + index, 0x3a, count - index) {
                index = UnsafeRawPointer(colon) - UnsafeRawPointer(base)
                // The first group may be the end of something longer.
                var groups = index > 0 && base[index - 1].isHexadecimal ? 1 : 0
                var digits = 0
                index += 1
                while index < count, base[index] == 0x3a || base[index].isHexadecimal {
                    if base[index] == 0x3a {
                        groups = digits == 0 ? 0 : digits <= 4 ? groups + 1 : 1
                        digits = 0
                        if groups >= Shape.groupsOfAddress { found.add(end: index + 1, trigger) }
                    } else {
                        digits += 1
                    }
                    index += 1
                }
            }
        }
    }
}
