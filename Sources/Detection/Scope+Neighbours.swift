/// Whether what stands beside a value makes it part of something longer.
extension Scope {
    /// Scripts that are written without spaces: a character of theirs says nothing about what stands beside it.
    private static let unspaced: [ClosedRange<UInt32>] = [
        0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff, 0x3005...0x3007, 0x3040...0x30ff, 0x31f0...0x31ff,
        0xff66...0xff9f,
    ]

    /// No letter or digit, of any script that divides words, directly before or after.
    func isWord(_ range: Range<Int>) -> Bool {
        !isJoined(before: range.lowerBound) && !isJoined(after: range.upperBound)
    }

    /// A letter or digit ends at `index`.
    func isJoined(before index: Int) -> Bool {
        let last = byte(index - 1)
        guard last.isWide else { return last.isAlphanumeric }
        var start = index - 1
        while start > lower, index - start < 4, self[start] & 0xc0 == 0x80 { start -= 1 }
        return joins(start..<index)
    }

    /// A letter or digit begins at `index`.
    func isJoined(after index: Int) -> Bool {
        let first = byte(index)
        guard first.isWide else { return first.isAlphanumeric }
        var end = index + 1
        while end < upper, end - index < 4, self[end] & 0xc0 == 0x80 { end += 1 }
        return joins(index..<end)
    }

    /// Bytes that are no character of UTF-8 join nothing: a quotation mark of another encoding may hide no value.
    private func joins(_ character: Range<Int>) -> Bool {
        var iterator = bytes[character].makeIterator()
        var decoder = UTF8()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator), iterator.next() == nil,
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil, !scalar.properties.isIdeographic
        else { return false }
        return !Scope.unspaced.contains { $0.contains(scalar.value) }
    }
}
