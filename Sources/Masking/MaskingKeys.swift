/// What the keyed styles work with: one installation's key gives the same substitute for a value everywhere.
public final class MaskingKeys {
    /// RFC 5869, section 2.2: a constant of ours.
    private static let salt = Array("sluice masking".utf8)

    let hash: KeyedHash
    public let tokenizer: Tokenizer
    let shift: DateShift

    /// - Throws: ``MaskError`` when OpenSSL lacks an algorithm.
    public init(key: [UInt8]) throws(MaskError) {
        hash = try KeyedHash(key: key)
        let extracted = try KeyedHash(key: MaskingKeys.salt).code(key)
        let expander = try KeyedHash(key: extracted)
        tokenizer = try Tokenizer(
            permutationKey: MaskingKeys.expand(expander, "tokenize: permutation", bytes: 32),
            sealKey: MaskingKeys.expand(expander, "tokenize: seal", bytes: 64))
        shift = DateShift(try KeyedHash(key: MaskingKeys.expand(expander, "shift", bytes: 32)))
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
