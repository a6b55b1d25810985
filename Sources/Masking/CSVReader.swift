/// Finds where the fields of CSV end (RFC 4180), however it is cut.
struct CSVReader {
    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")

    struct Field {
        /// With its quotes, without what ends it.
        let range: Range<Int>
        let isQuoted: Bool
        /// A quote stands where none may be: readers differ in what they make of it.
        let isMalformed: Bool
        let endsRow: Bool
        /// Where the next one begins.
        let next: Int
    }

    enum Step {
        case field(Field)
        /// The second half of a row's end; where what follows begins.
        case rowEnd(next: Int)
        case more
        /// The field at hand is too long to be held.
        case long(isQuoted: Bool)
    }

    private enum Phase { case begin, plain, quoted, quote, afterQuote }

    private var phase = Phase.begin
    /// How much of the field at hand was read.
    private var length = 0
    private var isQuoted = false
    private var isMalformed = false
    private var afterReturn = false

    /// Reads on in the field that begins at `start`.
    /// - Parameter isLast: nothing follows after `bytes`.
    mutating func next(_ bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Step {
        var index = start + length
        while index < bytes.count {
            if index - start > DocumentPass.maximumValueBytes { return .long(isQuoted: isQuoted) }
            let byte = bytes[index]
            let endsField = byte == CSVReader.comma || byte == 0x0a || byte == 0x0d
            switch phase {
            case .begin where byte == CSVReader.quote:
                isQuoted = true
                phase = .quoted
            case .begin where byte == 0x0a && afterReturn:
                afterReturn = false
                return .rowEnd(next: index + 1)
            case .begin, .plain, .afterQuote:
                if endsField { return end(start, index, byte) }
                if phase == .begin { phase = .plain }
                if byte == CSVReader.quote { isMalformed = true }
            case .quoted: if byte == CSVReader.quote { phase = .quote }
            case .quote:
                if endsField { return end(start, index, byte) }
                if byte != CSVReader.quote { isMalformed = true }
                phase = byte == CSVReader.quote ? .quoted : .afterQuote
            }
            index += 1
        }
        length = index - start
        guard isLast, length > 0 else { return .more }
        // A quote that nothing closes.
        if phase == .quoted { isMalformed = true }
        return end(start, index, nil)
    }

    /// The field at hand was passed by other means: what ends it follows.
    mutating func skipField() { self = CSVReader() }

    private mutating func end(_ start: Int, _ index: Int, _ byte: UInt8?) -> Step {
        let field = Field(
            range: start..<index, isQuoted: isQuoted, isMalformed: isMalformed, endsRow: byte != CSVReader.comma,
            next: byte == nil ? index : index + 1)
        self = CSVReader()
        afterReturn = byte == 0x0d
        return .field(field)
    }
}
