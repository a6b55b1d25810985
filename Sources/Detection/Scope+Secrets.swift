extension Scope {
    private static let maximumPEMLabelBytes = 48
    private static let maximumAuthorityBytes = 1024
    private static let maximumValueBytes = 4096
    private static let maximumGapBytes = 8
    private static let base64URL = Detector.TokenRule.Alphabet.base64URL
    /// After a colon, prose is likelier than a secret: shorter bare words are left alone.
    private static let minimumBytesAfterColon = 6

    /// - Parameter scanned: where the last look ended; moved to where this one ended, so that work stays linear.
    func jsonWebToken(start: Int, scanned: inout Int) -> Range<Int>? {
        guard start >= lower, start >= scanned else { return nil }
        if start > lower, Scope.base64URL.contains(self[start - 1]) { return nil }
        var end = start
        var segments = 0
        var longEnough = true
        while true {
            let first = end
            while end < upper, Scope.base64URL.contains(self[end]) { end += 1 }
            segments += 1
            if segments <= 2, end - first < 8 { longEnough = false }
            guard longEnough, end < upper, self[end] == 0x2e, segments < 5 else { break }
            end += 1
        }
        scanned = end
        guard longEnough, segments >= 3 else { return nil }
        return start..<(self[end - 1] == 0x2e && segments > 3 ? end - 1 : end)
    }

    func privateKey(begin: Range<Int>) -> Range<Int>? {
        guard begin.lowerBound >= lower else { return nil }
        var index = begin.upperBound
        let ceiling = min(upper, index + Scope.maximumPEMLabelBytes)
        while index < ceiling, self[index] != 0x2d { index += 1 }
        guard holds("-----", at: index),
            holds("PRIVATE KEY", at: index - 11) || holds("PRIVATE KEY BLOCK", at: index - 17)
        else {
            return nil
        }
        index += 5
        while index < upper {
            if self[index] == 0x2d, holds("-----END ", at: index) {
                var end = index + 9
                while end < upper, self[end] != 0x2d, end - index < Scope.maximumPEMLabelBytes { end += 1 }
                return begin.lowerBound..<(holds("-----", at: end) ? end + 5 : end)
            }
            index += 1
        }
        return begin.lowerBound..<upper
    }

    /// The password between `scheme://user:` and `@`.
    func urlPassword(separator: Range<Int>) -> Range<Int>? {
        guard separator.lowerBound > lower, self[separator.lowerBound - 1].isAlphanumeric else { return nil }
        let ceiling = min(upper, separator.upperBound + Scope.maximumAuthorityBytes)
        var colon: Int?
        var at: Int?
        var index = separator.upperBound
        while index < ceiling {
            let byte = self[index]
            if byte == 0x2f || byte == 0x3f || byte == 0x23 || byte == 0x22 || byte == 0x60 || byte.isSpace { break }
            if byte == 0x3a, colon == nil, at == nil { colon = index }
            if byte == 0x40 { at = index }
            index += 1
        }
        guard let colon, let at, colon + 1 < at else { return nil }
        return colon + 1..<at
    }

    /// The value that follows the key whose last byte is before `end`: `key=value`, `"key": "value"`, `password 'value'`.
    func value(afterKey key: Range<Int>) -> Range<Int>? {
        guard key.lowerBound >= lower else { return nil }
        var index = key.upperBound
        if index + 1 < upper, self[index] == 0x5c, self[index + 1].isQuote {
            index += 2
        } else if index < upper, self[index].isQuote {
            index += 1
        }
        index = skipSpaces(index, most: Scope.maximumGapBytes)
        guard index < upper else { return nil }
        var colon = false
        if self[index] == 0x3d || self[index] == 0x3a {
            colon = self[index] == 0x3a
            index += 1
            if index < upper, self[index] == 0x3d || (self[index] == 0x3e && !colon) {
                colon = false
                index += 1
            }
            index = skipSpaces(index, most: Scope.maximumGapBytes)
        } else if self[index] != 0x27 || index == key.upperBound {
            return nil
        }
        if index + 1 < upper, self[index] == 0x5c, self[index + 1].isQuote { index += 1 }
        guard index < upper else { return nil }
        let range: Range<Int>
        if self[index].isQuote {
            range = quoted(from: index + 1, by: self[index])
        } else {
            var end = index
            let ceiling = min(upper, index + Scope.maximumValueBytes)
            while end < ceiling, !endsBareValue(self[end]) { end += 1 }
            range = index..<end
            if colon, range.count < Scope.minimumBytesAfterColon { return nil }
        }
        return range.isEmpty || isPlaceholder(range) ? nil : range
    }

    private func quoted(from start: Int, by quote: UInt8) -> Range<Int> {
        let ceiling = min(upper, start + Scope.maximumValueBytes)
        var end = start
        while end < ceiling, self[end] != quote {
            end += self[end] == 0x5c && end + 1 < ceiling && self[end + 1] != quote ? 2 : 1
        }
        end = min(end, ceiling)
        // In `\"value\"` the backslash belongs to the closing quote.
        if end > start, end < ceiling, self[end - 1] == 0x5c { end -= 1 }
        return start..<end
    }

    private func endsBareValue(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x27, 0x60, 0x26, 0x29, 0x2c, 0x3b, 0x5d, 0x7d, 0x7c, 0x00: true
        case _: byte.isSpace
        }
    }

    func isPlaceholder(_ range: Range<Int>) -> Bool {
        if holds("${", at: range.lowerBound) || holds("$(", at: range.lowerBound) || holds("{{", at: range.lowerBound) {
            return true
        }
        if holds("[redacted", at: range.lowerBound) || (range.count == 1 && self[range.lowerBound] == 0x3f) {
            return true
        }
        if self[range.lowerBound] == 0x3c, self[range.upperBound - 1] == 0x3e { return true }
        if self[range.lowerBound] == 0x24, range.count < 5, range.dropFirst().allSatisfy({ self[$0].isDigit }) {
            return true
        }
        if range.allSatisfy({ self[$0] == 0x2a || self[$0] == 0x78 }) { return true }
        let words: [StaticString] = ["null", "none", "true", "false", "nil"]
        return words.contains { range.count == $0.utf8CodeUnitCount && holdsAnyCase($0, at: range.lowerBound) }
    }
}
