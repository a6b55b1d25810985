import Masking

/// The pairs of an hstore, as hstore_out and hstore_send write them.
struct HstoreText {
    struct Pair {
        let key: [UInt8]
        /// Nil for NULL.
        let value: [UInt8]?
        /// What is replaced when the value is: with its quotes, or with its length.
        let range: Range<Int>
    }

    let pairs: [Pair]

    /// Nil when the text is none: `"key"=>"value", "other"=>NULL`.
    init?(text: UnsafeRawBufferPointer) {
        var pairs: [Pair] = []
        var index = 0
        while index < text.count {
            if !pairs.isEmpty {
                guard HstoreText.take(", ", text, &index) else { return nil }
            }
            guard let key = HstoreText.quoted(text, &index), HstoreText.take("=>", text, &index) else { return nil }
            let start = index
            if HstoreText.take("NULL", text, &index) {
                pairs.append(Pair(key: key, value: nil, range: start..<index))
            } else {
                guard let value = HstoreText.quoted(text, &index) else { return nil }
                pairs.append(Pair(key: key, value: value, range: start..<index))
            }
        }
        self.pairs = pairs
    }

    /// Nil when the bytes are none: a count, then counted keys and values.
    init?(binary: UnsafeRawBufferPointer) {
        var reader = ValueReader(binary)
        guard let count = reader.count(ofSize: 8) else { return nil }
        var pairs: [Pair] = []
        for _ in 0..<count {
            guard let key = reader.counted(), let key else { return nil }
            let start = binary.count - reader.left
            guard let value = reader.counted() else { return nil }
            pairs.append(
                Pair(key: Array(key), value: value.map { Array($0) }, range: start..<binary.count - reader.left))
        }
        guard reader.isAtEnd else { return nil }
        self.pairs = pairs
    }

    /// A value as text writes it.
    static func written(_ value: [UInt8]?) -> [UInt8] {
        guard let value else { return Array("NULL".utf8) }
        var text: [UInt8] = [0x22]
        for byte in value {
            if byte == 0x22 || byte == 0x5c { text.append(0x5c) }
            text.append(byte)
        }
        return text + [0x22]
    }

    /// The same in binary.
    static func counted(_ value: [UInt8]?) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendInt32(value?.count ?? -1)
        return bytes + (value ?? [])
    }

    private static func take(_ token: StaticString, _ text: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
        let end = index + token.utf8CodeUnitCount
        guard end <= text.count,
            text[index..<end].elementsEqual(
                UnsafeBufferPointer(start: token.utf8Start, count: token.utf8CodeUnitCount))
        else { return false }
        index = end
        return true
    }

    private static func quoted(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> [UInt8]? {
        guard index < text.count, text[index] == 0x22 else { return nil }
        var value: [UInt8] = []
        var at = index + 1
        while at < text.count {
            switch text[at] {
            case 0x22:
                index = at + 1
                return value
            case 0x5c:
                guard at + 1 < text.count else { return nil }
                value.append(text[at + 1])
                at += 2
            case let byte:
                value.append(byte)
                at += 1
            }
        }
        return nil
    }
}
