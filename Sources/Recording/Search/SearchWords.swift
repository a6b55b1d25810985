import Foundation

/// Cuts text into the words that are searched by. A word is a run of letters, digits, marks and `_`, in any script, with case
/// folded; an ideograph is a word of its own. Everything else stands between words, bytes that are no UTF-8 too.
struct SearchWords {
    /// Bytes of a word; of a longer one the beginning counts.
    static let maxWordBytes = 64

    /// For each ASCII byte what it is within a word, in lower case; 0: not part of one.
    private static let ascii: [UInt8] = (0..<128).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            UInt8(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) | 0x20
        default: 0
        }
    }

    private var word: [UInt8] = []

    /// Calls `body` with each word, folded, and where it stands. The word is valid only during the call.
    mutating func forEach(_ text: some Collection<UInt8>, _ body: ([UInt8], Range<Int>) -> Void) {
        if text.withContiguousStorageIfAvailable({ scan(UnsafeRawBufferPointer($0), body) }) == nil {
            Array(text).withUnsafeBytes { scan($0, body) }
        }
    }

    mutating func scan(_ text: UnsafeRawBufferPointer, _ body: ([UInt8], Range<Int>) -> Void) {
        var place = 0
        var start = 0
        var isPlain = true
        word.removeAll(keepingCapacity: true)
        func finish(_ word: inout [UInt8], _ end: Int) {
            guard !word.isEmpty else { return }
            if !isPlain { word = Self.folded(word) }
            if word.count > Self.maxWordBytes { word = Self.cut(word) }
            body(word, start..<end)
            word.removeAll(keepingCapacity: true)
            isPlain = true
        }
        while place < text.count {
            let byte = text[place]
            if byte < 0x80 {
                let letter = Self.ascii[Int(byte)]
                if letter == 0 {
                    finish(&word, place)
                } else {
                    if word.isEmpty { start = place }
                    word.append(letter)
                }
                place += 1
                continue
            }
            guard let (scalar, length) = Self.scalar(text, place), Self.isInWord(scalar) else {
                finish(&word, place)
                place += 1
                while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
                continue
            }
            if scalar.properties.isIdeographic { finish(&word, place) }
            if word.isEmpty { start = place }
            word.append(contentsOf: text[place..<(place + length)])
            isPlain = false
            place += length
            if scalar.properties.isIdeographic { finish(&word, place) }
        }
        finish(&word, place)
    }

    /// The scalar at a place, and its bytes; nil where there is none.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ place: Int) -> (Unicode.Scalar, Int)? {
        var decoder = UTF8()
        var bytes = text[place..<min(place + 4, text.count)].makeIterator()
        switch decoder.decode(&bytes) {
        case .scalarValue(let scalar): return (scalar, UTF8.width(scalar))
        case .emptyInput, .error: return nil
        }
    }

    private static func isInWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            return true
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol,
            .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate, .privateUse,
            .unassigned:
            return false
        @unknown default: return false
        }
    }

    /// Lower case, and the same letters in the same bytes (Unicode Standard Annex 15, form C).
    private static func folded(_ word: [UInt8]) -> [UInt8] {
        Array(String(decoding: word, as: UTF8.self).lowercased().precomposedStringWithCanonicalMapping.utf8)
    }

    private static func cut(_ word: [UInt8]) -> [UInt8] {
        var end = maxWordBytes
        while end > 0, word[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(word[..<end])
    }
}
