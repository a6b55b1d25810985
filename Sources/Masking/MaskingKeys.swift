/// What the keyed styles work with: one installation's key gives the same substitute for a value everywhere.
public final class MaskingKeys {
    /// RFC 5869, section 2.2: a constant of ours.
    private static let salt = Array("sluice masking".utf8)

    private(set) var hash: KeyedHash?
    private(set) var tokenizer: Tokenizer?
    private(set) var shift: DateShift?
    private let key: [UInt8]

    public init(key: [UInt8]) { self.key = key }

    /// Makes what styles need and is not there yet, and nothing else: other styles do without OpenSSL's ciphers.
    /// - Throws: ``MaskError`` when OpenSSL lacks an algorithm.
    public func prepare(_ styles: some Sequence<Style>) throws(MaskError) {
        for style in styles {
            switch style {
            case .hash where hash == nil: hash = try KeyedHash(key: key)
            case .tokenize where tokenizer == nil:
                let expander = try self.expander()
                tokenizer = try Tokenizer(
                    permutationKey: MaskingKeys.expand(expander, "tokenize: permutation", bytes: 32),
                    sealKey: MaskingKeys.expand(expander, "tokenize: seal", bytes: 64))
            case .shift where shift == nil:
                shift = DateShift(try KeyedHash(key: MaskingKeys.expand(expander(), "shift", bytes: 32)))
            case .hash, .tokenize, .shift, .partial, .bucket, .redact, .null, .drop: break
            }
        }
    }

    /// The text that a token stands for; nil for what is none of this key's. See ``Tokenizer/value(of:)``.
    public func value(ofToken token: [UInt8]) throws(MaskError) -> [UInt8]? {
        try prepare(CollectionOfOne(.tokenize))
        return token.withUnsafeBytes { tokenizer?.value(of: $0) }
    }

    private func expander() throws(MaskError) -> KeyedHash {
        try KeyedHash(key: KeyedHash(key: MaskingKeys.salt).code(key))
    }

    /// HKDF-Expand (RFC 5869, section 2.3).
    private static func expand(_ hash: KeyedHash, _ label: String, bytes: Int) throws(MaskError) -> [UInt8] {
        var out: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 1
        while out.count < bytes {
            block = try hash.code(block + Array(label.utf8) + [number])
            out += block
            number += 1
        }
        return Array(out[..<bytes])
    }
}
