extension Scope {
    /// RFC 4291 section 2.2: an address in text has at most 39 bytes, 45 with an IPv4 address in it.
    private static let maximumIPv6Bytes = 45
    private static let maximumVersionWordBytes = 9

    /// The address whose first digit of the last part is before `end`: four numbers up to 255, dots between them.
    func ipv4(end: Int) -> Range<Int>? {
        var start = end
        var dots = 0
        while start > lower, end - start < 13, self[start - 1].isDigit || self[start - 1] == 0x2e {
            if self[start - 1] == 0x2e {
                if dots == 3 { break }
                dots += 1
            }
            start -= 1
        }
        guard let stop = ipv4(from: start) else { return nil }
        let before = byte(start - 1)
        guard !isJoined(before: start), before != 0x2e, before != 0x5f, before != 0x2d,
            !byte(stop).isAlphanumeric, !(byte(stop) == 0x2e && byte(stop + 1).isDigit), byte(stop) != 0x2d,
            byte(stop) != 0x5f, !followsVersionWord(start)
        else { return nil }
        return start..<stop
    }

    private func ipv4(from start: Int) -> Int? {
        var index = start
        for part in 0..<4 {
            let digits = digitCount(from: index, most: 4)
            guard (1...3).contains(digits), number(index, digits) <= 255, digits == 1 || self[index] != 0x30 else {
                return nil
            }
            index += digits
            if part < 3 {
                guard byte(index) == 0x2e else { return nil }
                index += 1
            }
        }
        return index
    }

    /// `version 1.2.3.4` and the like.
    private func followsVersionWord(_ start: Int) -> Bool {
        var end = start
        while end > lower, start - end < 3, !self[end - 1].isLetter { end -= 1 }
        guard end < start else { return false }
        let words: [StaticString] = ["version", "ver", "release", "build", "rev", "firmware"]
        return words.contains {
            let first = end - $0.utf8CodeUnitCount
            return holdsAnyCase($0, at: first) && !byte(first - 1).isName
        }
    }

    /// - Parameter scanned: where the last look ended, so that work stays linear.
    func ipv6(at place: Int, scanned: inout Int) -> Range<Int>? {
        guard place > scanned, place <= upper else { return nil }
        var start = place
        while start > max(lower, place - Scope.maximumIPv6Bytes), isIPv6Byte(self[start - 1]) { start -= 1 }
        var end = place
        while end < upper, end - start <= Scope.maximumIPv6Bytes, isIPv6Byte(self[end]) { end += 1 }
        scanned = end
        while end > start, self[end - 1] == 0x2e { end -= 1 }
        if end - start > 2, self[end - 1] == 0x3a, self[end - 2] != 0x3a { end -= 1 }
        let before = byte(start - 1)
        guard !isJoined(before: start), before != 0x5f, !byte(end).isAlphanumeric, byte(end) != 0x5f,
            isIPv6(start..<end)
        else { return nil }
        return start..<end
    }

    private func isIPv6Byte(_ byte: UInt8) -> Bool { byte.isHexadecimal || byte == 0x3a || byte == 0x2e }

    private func isIPv6(_ range: Range<Int>) -> Bool {
        var parts = 0
        var gap = false
        var digits = false
        var index = range.lowerBound
        if byte(index) == 0x3a {
            guard byte(index + 1) == 0x3a else { return false }
            gap = true
            index += 2
        }
        while index < range.upperBound {
            let first = index
            while index < range.upperBound, self[index].isHexadecimal {
                digits = digits || self[index].isDigit
                index += 1
            }
            if index < range.upperBound, self[index] == 0x2e {
                guard ipv4(from: first) == range.upperBound else { return false }
                parts += 2
                index = range.upperBound
                digits = true
                break
            }
            guard (1...4).contains(index - first) else { return false }
            parts += 1
            guard index < range.upperBound else { break }
            guard self[index] == 0x3a else { return false }
            index += 1
            if index < range.upperBound, self[index] == 0x3a {
                guard !gap else { return false }
                gap = true
                index += 1
            } else if index == range.upperBound {
                return false
            }
        }
        // `a::b` is code, `::` a cast.
        return gap ? parts > 0 && parts < 8 && (digits || parts > 2) : parts == 8
    }

    /// Six pairs joined by one of `:` and `-`, or three fours joined by dots. The last byte is before `end`.
    func macAddress(end: Int) -> Range<Int>? {
        let dotted = byte(end - 5) == 0x2e
        let start = end - (dotted ? 14 : 17)
        guard start >= lower, end <= upper else { return nil }
        let separator = dotted ? 0x2e : self[start + 2]
        var index = start
        while index < end {
            let isSeparator = dotted ? (index - start) % 5 == 4 : (index - start) % 3 == 2
            guard isSeparator ? self[index] == separator : self[index].isHexadecimal else { return nil }
            index += 1
        }
        let before = byte(start - 1)
        let after = byte(end)
        guard isWord(start..<end), !(before == separator && byte(start - 2).isHexadecimal),
            !(after == separator && byte(end + 1).isHexadecimal),
            !dotted || (start..<end).contains(where: { self[$0].isHexLetter })
        else { return nil }
        return start..<end
    }
}
