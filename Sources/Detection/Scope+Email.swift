extension Scope {
    /// RFC 5321 section 4.5.3.1: 64 octets of local part, 255 of domain, and RFC 1035: 63 of a label.
    private static let maximumLocalBytes = 64
    private static let maximumDomainBytes = 255
    private static let maximumLabelBytes = 63
    /// How far back a URL's `scheme://` is looked for.
    private static let maximumUserInfoBytes = 256

    /// The address around the `@` at `at`.
    func email(at: Int) -> Range<Int>? {
        guard at >= lower, at < upper, let start = localPart(before: at), let end = domain(after: at) else {
            return nil
        }
        return isURLPassword(from: start, at: at) ? nil : start..<end
    }

    private func localPart(before at: Int) -> Int? {
        let floor = max(lower, at - Scope.maximumLocalBytes)
        var start = at
        while start > floor {
            let byte = self[start - 1]
            if byte.isAlphanumeric || byte.isWide || byte == 0x2e || byte == 0x5f || byte == 0x2d || byte == 0x2b
                || byte == 0x25
            {
                start -= 1
            } else if byte == 0x27, start < at, self[start].isLetter, start - 1 > floor, self[start - 2].isLetter {
                start -= 1  // o'brien
            } else {
                break
            }
        }
        while start < at, self[start] == 0x2e || (start == floor && self[start] & 0xc0 == 0x80) { start += 1 }
        return start < at && self[at - 1] != 0x2e ? start : nil
    }

    private func domain(after at: Int) -> Int? {
        let ceiling = min(upper, at + 1 + Scope.maximumDomainBytes)
        var best: Int?
        var start = at + 1
        var labels = 0
        while start < ceiling {
            var end = start
            while end < ceiling, self[end].isAlphanumeric || self[end].isWide || self[end] == 0x2d { end += 1 }
            guard end > start, end - start <= Scope.maximumLabelBytes, self[start] != 0x2d else { break }
            labels += 1
            if labels == 1, isImageScale(start..<end) { return nil }
            if labels >= 2, end - start >= 2, isLetter(start), isLetter(start + 1) {
                best = end
                while let last = best, self[last - 1] == 0x2d { best = last - 1 }
            }
            guard end < ceiling, self[end] == 0x2e else { break }
            start = end + 1
        }
        return best
    }

    private func isLetter(_ index: Int) -> Bool { self[index].isLetter || self[index].isWide }

    /// `icon@2x.png` is a file.
    private func isImageScale(_ label: Range<Int>) -> Bool {
        label.count == 2 && self[label.lowerBound].isDigit && self[label.lowerBound + 1] == 0x78
    }

    /// `scheme://user:password@host`: what stands before the `@` is a password, which another detector finds.
    private func isURLPassword(from start: Int, at: Int) -> Bool {
        guard start > lower else { return false }
        var index = start
        var colon = false
        let floor = max(lower + 3, at - Scope.maximumUserInfoBytes)
        while index > floor {
            let byte = self[index - 1]
            if byte == 0x2f { return colon && self[index - 2] == 0x2f && self[index - 3] == 0x3a }
            if byte == 0x3a { colon = true }
            if byte.isSpace || byte.isQuote || byte == 0x3f || byte == 0x23 { return false }
            index -= 1
        }
        return false
    }
}
