/// How a value looks, which its token does too: a token is of its value's form, so that it tells how it was made.
enum TokenForm: Hashable {
    /// Digits, perhaps with punctuation and spaces.
    case digits(DigitRange)
    /// As PostgreSQL writes a uuid.
    case uuid
    /// ASCII letters, perhaps with digits, punctuation and spaces.
    case letters
    /// Anything else: it becomes an encrypted token.
    case sealed

    /// What a number must stay for its type to hold it.
    enum DigitRange: Hashable {
        case leadingZero, upTo31Bits, upTo63Bits, any
    }

    static let sealedPrefix = Array("tok_".utf8)
    private static let digitsTweak = Array("digits".utf8)
    private static let uuidTweak = Array("uuid".utf8)
    private static let lettersTweak = Array("letters".utf8)
    private static let uuidHyphens = [8, 13, 18, 23]
    private static let uuidBytes = 36

    init(_ bytes: UnsafeRawBufferPointer) {
        self = .sealed
        guard !bytes.starts(with: TokenForm.sealedPrefix), bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            return
        }
        var digits = 0
        var letters = 0
        for byte in bytes {
            if byte &- 0x30 < 10 { digits += 1 } else if (byte | 0x20) &- 0x61 < 26 { letters += 1 }
        }
        if TokenForm.isUUID(bytes) {
            self = .uuid
        } else if letters > 0 {
            if FF1.takes(length: digits + letters, radix: TokenForm.letters.radix) { self = .letters }
        } else {
            let range = DigitRange(bytes, digits: digits)
            // A number's first digit says whether it is zero: the others alone must be many enough.
            let free = range == .leadingZero ? digits - 1 : digits
            if FF1.takes(length: free, radix: 10), FF1.takes(length: digits, radix: 10) { self = .digits(range) }
        }
    }

    var radix: Int {
        switch self {
        case .digits: 10
        case .uuid: 16
        case .letters, .sealed: 62
        }
    }

    /// Keeps what one form's tokens tell apart from the others'.
    var tweak: [UInt8] {
        switch self {
        case .digits: TokenForm.digitsTweak
        case .uuid: TokenForm.uuidTweak
        case .letters, .sealed: TokenForm.lettersTweak
        }
    }

    private static func isUUID(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count == uuidBytes
            && bytes.indices.allSatisfy { index in
                if uuidHyphens.contains(index) { return bytes[index] == 0x2d }
                return bytes[index] &- 0x30 < 10 || bytes[index] &- 0x61 < 6
            }
    }
}

extension TokenForm.DigitRange {
    fileprivate init(_ bytes: UnsafeRawBufferPointer, digits: Int) {
        guard bytes.first(where: { $0 &- 0x30 < 10 }) != 0x30 else {
            self = .leadingZero
            return
        }
        self = .any
        let number = bytes.first == 0x2d ? bytes.part(1..<bytes.count) : bytes
        guard number.count == digits else { return }
        if digits == 10, let value = Int64(String(decoding: number, as: UTF8.self)), value <= Int64(Int32.max) {
            self = .upTo31Bits
        } else if digits == 19, Int64(String(decoding: number, as: UTF8.self)) != nil {
            self = .upTo63Bits
        }
    }
}
