/// Names of hold requests: ten characters of Crockford's base32 in lower case (no i, l, o, u), 50 random bits, short
/// enough to read out and too many to guess.
public enum RequestID {
    public static let length = 10
    /// Shortest beginning that ``ApprovalStore/find(_:)`` takes.
    public static let minimumPrefixLength = 3
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// From the system's cryptographically secure generator.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var bits = generator.next()
        var characters: [UInt8] = []
        for _ in 0..<length {
            characters.append(alphabet[Int(bits & 31)])
            bits >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// What a person typed, with look-alike letters mended; nil when it cannot begin a request's name.
    static func normalise(_ typed: String) -> String? {
        guard (minimumPrefixLength...length).contains(typed.utf8.count) else { return nil }
        var characters: [UInt8] = []
        for byte in typed.lowercased().utf8 {
            let mended: UInt8 =
                switch byte {
                case UInt8(ascii: "o"): UInt8(ascii: "0")
                case UInt8(ascii: "i"), UInt8(ascii: "l"): UInt8(ascii: "1")
                default: byte
                }
            guard alphabet.contains(mended) else { return nil }
            characters.append(mended)
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
