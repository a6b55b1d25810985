/// Text search: of both types only the words in quotes are read, so that the rest is left out here.
extension PostgresText {
    /// tsvector.c: a count; of each word its text and its positions.
    static func tsvector(_ reader: inout ValueReader) -> [UInt8]? {
        guard let count = reader.count(ofSize: 3) else { return nil }
        var text: [UInt8] = []
        for _ in 0..<count {
            guard let word = reader.string(), let positions = reader.number(UInt16.self),
                reader.take(Int(positions) * 2) != nil
            else { return nil }
            appendLexeme(word, to: &text)
        }
        return text
    }

    /// tsquery.c: a count of words (weights, whether a prefix, text) and operators (which, and of `<->` the distance).
    static func tsquery(_ reader: inout ValueReader) -> [UInt8]? {
        guard let count = reader.count(ofSize: 2) else { return nil }
        var text: [UInt8] = []
        for _ in 0..<count {
            switch reader.byte() {
            case 1:
                guard reader.take(2) != nil, let word = reader.string() else { return nil }
                appendLexeme(word, to: &text)
            case 2:
                guard let operation = reader.byte(), operation != 4 || reader.take(2) != nil else { return nil }
            case _: return nil
            }
        }
        return text
    }

    private static func appendLexeme(_ word: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        if !text.isEmpty { text.append(0x20) }
        text.append(0x27)
        for byte in word {
            if byte == 0x27 || byte == 0x5c { text.append(byte) }
            text.append(byte)
        }
        text.append(0x27)
    }

    /// The words of either type's text.
    static func lexemes(_ text: UnsafeRawBufferPointer) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var index = 0
        while index < text.count {
            guard text[index] == 0x27 else {
                index += 1
                continue
            }
            var word: [UInt8] = []
            index += 1
            while index < text.count {
                let byte = text[index]
                let isDoubled = index + 1 < text.count && text[index + 1] == byte
                if byte == 0x27, !isDoubled { break }
                word.append(byte)
                index += (byte == 0x27 || byte == 0x5c) && isDoubled ? 2 : 1
            }
            words.append(word)
            index += 1
        }
        return words
    }
}
