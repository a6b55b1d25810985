/// Replaces values by tokens of the same form that the key turns back into the values, and nothing else does.
///
/// Letters and digits are permuted by FF1, what stands between them stays; of one form's values each has a token of its own,
/// made from it by encrypting until the result is of that form (cycle walking). What is too short or too long for that, or
/// has other letters, becomes `tok_` and its encryption by AES-SIV.
public final class Tokenizer {
    /// Of a value that can become a token.
    public static let maximumBytes = 1 << 20
    /// Encryptions until the result is of the value's form; one in ten is, at the least.
    private static let maximumWalk = 10_000
    /// Before what is sealed, so that the empty text is something too.
    private static let sealedVersion: UInt8 = 1

    private let permutation: FF1
    private let seal: SyntheticIV

    init(permutationKey: [UInt8], sealKey: [UInt8]) throws(MaskError) {
        permutation = try FF1(key: permutationKey)
        seal = try SyntheticIV(key: sealKey)
    }

    /// The token of a text; nil for one that is too long, and when OpenSSL fails.
    public func token(of value: UnsafeRawBufferPointer) -> [UInt8]? {
        guard value.count <= Tokenizer.maximumBytes else { return nil }
        let form = TokenForm(value)
        if form != .sealed, let token = walk(value, form, permutation.encrypt) { return token }
        return sealed(value)
    }

    /// The token of a text that has to be of the same form; nil where there is none.
    func tokenOfForm(of value: UnsafeRawBufferPointer) -> [UInt8]? {
        guard value.count <= Tokenizer.maximumBytes else { return nil }
        let form = TokenForm(value)
        return form == .sealed ? nil : walk(value, form, permutation.encrypt)
    }

    /// `tok_` and the encrypted text.
    func sealed(_ value: UnsafeRawBufferPointer) -> [UInt8]? {
        guard value.count <= Tokenizer.maximumBytes,
            let sealed = seal.seal([Tokenizer.sealedVersion] + value, label: TokenForm.sealedPrefix)
        else { return nil }
        return TokenForm.sealedPrefix + Base64URL.encode(sealed)
    }

    /// The text that a token stands for; nil for what is no token. Of digits and letters any text of the form is one.
    public func value(of token: UnsafeRawBufferPointer) -> [UInt8]? {
        guard token.starts(with: TokenForm.sealedPrefix) else {
            let form = TokenForm(token)
            return form == .sealed ? nil : walk(token, form, permutation.decrypt)
        }
        guard let sealed = Base64URL.decode(token.part(TokenForm.sealedPrefix.count..<token.count)),
            let text = seal.open(sealed, label: TokenForm.sealedPrefix), text.first == Tokenizer.sealedVersion
        else { return nil }
        return Array(text.dropFirst())
    }

    private func walk(
        _ value: UnsafeRawBufferPointer, _ form: TokenForm, _ step: ([UInt8], Int, [UInt8]) -> [UInt8]?
    ) -> [UInt8]? {
        var text = Array(value)
        var numerals: [UInt8] = []
        numerals.reserveCapacity(FF1.maximumLength)
        for byte in value {
            guard let numeral = Numeral.value(of: byte) else { continue }
            numerals.append(form == .uuid && numeral >= 10 ? numeral - Numeral.lowerCase + 10 : numeral)
        }
        for _ in 0..<Tokenizer.maximumWalk {
            guard let next = step(numerals, form.radix, form.tweak) else { return nil }
            numerals = next
            var place = 0
            for index in text.indices where Numeral.value(of: text[index]) != nil {
                text[index] = Numeral.character(numerals[place], form)
                place += 1
            }
            if text.withUnsafeBytes({ TokenForm($0) }) == form { return text }
        }
        return nil
    }
}

/// Numerals of radix 62: digits, capitals, small letters.
private enum Numeral {
    static let lowerCase: UInt8 = 36

    static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x5a: byte - 0x41 + 10
        case 0x61...0x7a: byte - 0x61 + lowerCase
        case _: nil
        }
    }

    static func character(_ numeral: UInt8, _ form: TokenForm) -> UInt8 {
        switch form {
        case .digits: numeral + 0x30
        case .uuid: numeral < 10 ? numeral + 0x30 : numeral - 10 + 0x61
        case .letters, .sealed:
            numeral < 10 ? numeral + 0x30 : numeral < lowerCase ? numeral - 10 + 0x41 : numeral - lowerCase + 0x61
        }
    }
}
