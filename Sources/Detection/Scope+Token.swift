extension Scope {
    /// Shorter tokens may well repeat a few characters.
    private static let minimumBytesToCompare = 16
    private static let base62 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A secret with a fixed prefix at `prefix`.
    /// - Parameter isSure: becomes true when the token carries a right checksum.
    func token(prefix: Range<Int>, rule: Detector.TokenRule, isSure: inout Bool) -> Range<Int>? {
        guard prefix.lowerBound >= lower, let start = tokenStart(prefix.lowerBound, rule) else { return nil }
        var end = prefix.upperBound
        for (index, part) in rule.after.enumerated() {
            switch part {
            case .text(let text):
                guard holds(text, at: end) else { return nil }
                end += text.utf8CodeUnitCount
            case .some(let alphabet, let length):
                let first = end
                let ceiling = min(upper, first + length.upperBound)
                while end < ceiling, alphabet.contains(self[end]) { end += 1 }
                guard end - first >= length.lowerBound else { return nil }
                // A longer word is another thing.
                if index == rule.after.count - 1, length.count == 1, end < upper, self[end].isAlphanumeric {
                    return nil
                }
            }
        }
        let body = prefix.upperBound..<end
        if rule.needsDigit, !body.contains(where: { self[$0].isDigit }) { return nil }
        if body.count >= Scope.minimumBytesToCompare {
            let least = Detector.TokenRule.leastDifferentBytes
            guard distinctBytes(body, enough: least) >= least else { return nil }
        }
        switch rule.checksum {
        case nil: break
        case .crc32Base62: isSure = endsWithChecksum(body)
        }
        return start..<end
    }

    private func tokenStart(_ prefix: Int, _ rule: Detector.TokenRule) -> Int? {
        var start = prefix
        if let (alphabet, count) = rule.before {
            while start > lower, prefix - start <= count.upperBound, alphabet.contains(self[start - 1]) { start -= 1 }
            guard count.contains(prefix - start) else { return nil }
        }
        let before = byte(start - 1)
        return before.isAlphanumeric || (!rule.joins && (before == 0x5f || before == 0x2d)) ? nil : start
    }

    private func endsWithChecksum(_ body: Range<Int>) -> Bool {
        guard body.count > 6 else { return false }
        let end = body.upperBound
        var rest = crc32(bytes[body.lowerBound..<end - 6])
        for index in (end - 6..<end).reversed() {
            guard self[index] == Scope.base62[Int(rest % 62)] else { return false }
            rest /= 62
        }
        return rest == 0
    }

    /// The credential after `Bearer` or `Basic`.
    func authorization(scheme: Range<Int>) -> Range<Int>? {
        guard isContextWord(scheme), byte(scheme.upperBound) == 0x20 else { return nil }
        let start = scheme.upperBound + 1
        var end = start
        let ceiling = min(upper, start + Scope.maximumCredentialBytes)
        while end < ceiling, Scope.credentialBytes.contains(self[end]) { end += 1 }
        while end > start, self[end - 1] == 0x2e { end -= 1 }
        guard end - start >= Scope.minimumCredentialBytes, (start..<end).contains(where: { self[$0].isDigit }) else {
            return nil
        }
        return entropy(start..<end) >= Scope.minimumEntropy ? start..<end : nil
    }

    private static let maximumCredentialBytes = 8192
    private static let minimumCredentialBytes = 16
    private static let credentialBytes = Detector.TokenRule.Alphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=")
    /// Bits per byte: English words joined together stay below, random base 62 of 20 bytes and more above.
    static let minimumEntropy = 3.2
    private static let minimumRandomBytes = 20
    private static let maximumRandomBytes = 512

    /// Runs of 20 and more base64 bytes in `range` that look random: digits, letters and entropy; no UUID.
    func highEntropy(in range: Range<Int>, found: (Range<Int>) -> Void) {
        randomRuns(in: range) { run in
            guard run.count >= Scope.minimumRandomBytes else { return }
            let digits = run.count(where: { self[$0].isDigit })
            let letters = run.count(where: { self[$0].isLetter })
            guard digits >= 2, letters >= 2, entropy(run) >= Scope.minimumEntropy, !isUUID(run) else { return }
            found(run)
        }
    }

    /// AWS documentation, "Access keys": 40 bytes of base64.
    func awsSecrets(in range: Range<Int>, found: (Range<Int>) -> Void) {
        randomRuns(in: range) { run in
            guard run.count == 40, entropy(run) >= 4, run.contains(where: { self[$0].isDigit }),
                run.contains(where: { self[$0].isUpper }), run.contains(where: { self[$0].isLower })
            else { return }
            found(run)
        }
    }

    private func randomRuns(in range: Range<Int>, found: (Range<Int>) -> Void) {
        var index = range.lowerBound
        while index < range.upperBound {
            guard self[index].isAlphanumeric, index == lower || !Scope.random.contains(self[index - 1]) else {
                index += 1
                continue
            }
            var end = index
            let ceiling = min(upper, index + Scope.maximumRandomBytes)
            while end < ceiling, Scope.random.contains(self[end]) { end += 1 }
            while end < ceiling, self[end] == 0x3d { end += 1 }
            found(index..<end)
            index = end + 1
        }
    }

    private static let random = Detector.TokenRule.Alphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")

    private func isUUID(_ range: Range<Int>) -> Bool {
        guard range.count == 36 else { return false }
        return range.allSatisfy {
            switch $0 - range.lowerBound {
            case 8, 13, 18, 23: self[$0] == 0x2d
            case _: self[$0].isHexadecimal
            }
        }
    }

    private static let minimumPasswordBytes = 4

    /// The whole of a column that holds passwords.
    func password(_ range: Range<Int>) -> Range<Int>? {
        guard range.count >= Scope.minimumPasswordBytes, !isPlaceholder(range) else { return nil }
        return range.contains(where: { self[$0].isSpace }) && range.count > 128 ? nil : range
    }
}
