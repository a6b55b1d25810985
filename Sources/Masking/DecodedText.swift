/// The bytes that an encoded value stands for, and where in the encoding each of them comes from.
struct DecodedText {
    private(set) var bytes: [UInt8] = []
    /// Where stretches begin that are encoded in the same way; none when every byte stands for itself.
    private var stretches: [Stretch] = []
    /// How much of the encoding was read.
    private(set) var encodedCount = 0

    private struct Stretch {
        let start: Int
        let encoded: Int
        /// An escape as a whole; otherwise each byte stands for itself.
        let isEscape: Bool
    }

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func append(_ byte: UInt8) {
        if stretches.last?.isEscape == true {
            stretches.append(Stretch(start: bytes.count, encoded: encodedCount, isEscape: false))
        }
        bytes.append(byte)
        encodedCount += 1
    }

    mutating func append(_ part: UnsafeRawBufferPointer) {
        guard !part.isEmpty else { return }
        if stretches.last?.isEscape == true {
            stretches.append(Stretch(start: bytes.count, encoded: encodedCount, isEscape: false))
        }
        bytes.append(contentsOf: part)
        encodedCount += part.count
    }

    /// Bytes written as an escape of `length` bytes.
    mutating func append(escaped text: some Collection<UInt8>, length: Int) {
        stretches.append(Stretch(start: bytes.count, encoded: encodedCount, isEscape: true))
        bytes.append(contentsOf: text)
        encodedCount += length
    }

    /// What a range of the decoded bytes is in the encoding: escapes are taken whole.
    func encoded(_ range: Range<Int>) -> Range<Int> {
        guard !stretches.isEmpty else { return range }
        return encodedStart(range.lowerBound)..<max(encodedStart(range.lowerBound), encodedEnd(range.upperBound))
    }

    private func encodedStart(_ place: Int) -> Int {
        guard let index = last(at: place) else { return place }
        let stretch = stretches[index]
        if !stretch.isEscape { return stretch.encoded + place - stretch.start }
        return place == stretch.start || place < end(of: index) ? stretch.encoded : encodedCount
    }

    private func encodedEnd(_ place: Int) -> Int {
        guard place > 0 else { return 0 }
        guard let index = last(at: place - 1) else { return place }
        let stretch = stretches[index]
        guard stretch.isEscape else { return stretch.encoded + place - stretch.start }
        return index + 1 < stretches.count ? stretches[index + 1].encoded : encodedCount
    }

    private func end(of index: Int) -> Int { index + 1 < stretches.count ? stretches[index + 1].start : bytes.count }

    /// The last stretch that begins at or before `place`.
    private func last(at place: Int) -> Int? {
        var low = 0
        var high = stretches.count
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].start <= place { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}
