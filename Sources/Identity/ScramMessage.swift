/// Splitting of SCRAM messages (RFC 5802 section 7): attributes `x=value` parted by commas.
enum ScramMessage {
    /// Longest message taken from a peer, in bytes. The longest that common clients send is near 200.
    static let maximumByteCount = 2048

    /// The message as text; throws when it is too long, not UTF-8, or holds a NUL (RFC 5802 forbids it).
    static func text(_ bytes: [UInt8]) throws(AuthenticationError) -> String {
        guard bytes.count <= maximumByteCount else { throw malformed("message of \(bytes.count) bytes") }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed("message is not UTF-8 without NUL")
        }
        return text
    }

    /// The values of exactly these attributes in this order. Anything else is refused, extensions too: an extension
    /// that is not understood may change what the proof means.
    static func attributes(
        _ text: some StringProtocol, _ names: [Character]
    ) throws(AuthenticationError) -> [String] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == names.count else { throw malformed("\(parts.count) attributes, not \(names.count)") }
        var values: [String] = []
        for (part, name) in zip(parts, names) {
            let utf8 = part.utf8
            guard utf8.count >= 2, part.hasPrefix("\(name)=") else { throw malformed("expected attribute \(name)") }
            values.append(String(part.dropFirst(2)))
        }
        return values
    }

    static func malformed(_ detail: String) -> AuthenticationError {
        AuthenticationError(.malformedMessage, detail)
    }
}

/// One side's contribution to a SCRAM exchange's nonce: printable ASCII without a comma (RFC 5802 section 7).
public struct ScramNonce: Sendable, Hashable {
    public static let lengthBound = 1...256
    /// As many as PostgreSQL uses.
    static let randomByteCount = 18

    public let value: String

    /// Nil when the value is empty, too long, or holds other characters.
    public init?(_ value: String) {
        guard Self.lengthBound.contains(value.utf8.count),
            value.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") })
        else { return nil }
        self.value = value
    }

    private init(randomBytes: [UInt8]) { value = Base64.encode(randomBytes) }

    public static func random() -> ScramNonce {
        ScramNonce(randomBytes: SecureRandom.bytes(randomByteCount))
    }
}
