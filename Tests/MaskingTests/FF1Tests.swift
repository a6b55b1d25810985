import Testing

@testable import Masking

/// The samples that NIST publishes for SP 800-38G, and properties over random strings.
@Suite struct FF1Tests {
    private static let key128 = "2B7E151628AED2A6ABF7158809CF4F3C"
    private static let key192 = key128 + "EF4359D8D580AA4F"
    private static let key256 = key192 + "7F036D6F04FC6A94"
    private static let tweak10 = "39383736353433323130"
    private static let tweak11 = "3737373770717273373737"
    private static let digits = "0123456789"
    private static let letters = "0123456789abcdefghi"

    @Test(arguments: [
        (key128, 10, "", digits, "2433477484"), (key128, 10, tweak10, digits, "6124200773"),
        (key128, 36, tweak11, letters, "a9tv40mll9kdu509eum"), (key192, 10, "", digits, "2830668132"),
        (key192, 10, tweak10, digits, "2496655549"), (key192, 36, tweak11, letters, "xbj3kv35jrawxv32ysr"),
        (key256, 10, "", digits, "6657667009"), (key256, 10, tweak10, digits, "1001623463"),
        (key256, 36, tweak11, letters, "xs8a0azh2avyalyzuwd"),
    ])
    func samples(_ key: String, _ radix: Int, _ tweak: String, _ plain: String, _ cipher: String) throws {
        let ff1 = try FF1(key: bytes(key))
        #expect(ff1.encrypt(numerals(plain), radix: radix, tweak: bytes(tweak)) == numerals(cipher))
        #expect(ff1.decrypt(numerals(cipher), radix: radix, tweak: bytes(tweak)) == numerals(plain))
    }

    @Test(arguments: [2, 3, 10, 16, 36, 62, 84, 85, 255, 256]) func decryptsWhatItEncrypts(radix: Int) throws {
        let ff1 = try FF1(key: bytes(Self.key256))
        var random = Seeded(radix)
        for length in 2...FF1.maximumLength {
            let numerals = (0..<length).map { _ in UInt8(random.number(below: radix)) }
            let tweak = (0..<random.number(below: 20)).map { _ in UInt8(random.number(below: 256)) }
            let cipher = try #require(ff1.encrypt(numerals, radix: radix, tweak: tweak))
            #expect(cipher.count == length && cipher.allSatisfy { $0 < radix })
            #expect(SchoolbookFF1(ff1: ff1, radix: radix, tweak: tweak).encrypt(numerals) == cipher)
            #expect(ff1.decrypt(cipher, radix: radix, tweak: tweak) == numerals)
        }
    }

    /// The largest and the smallest numerals carry through every place.
    @Test(arguments: [2, 10, 16, 62, 256]) func numbersAtTheirEnds(radix: Int) throws {
        let ff1 = try FF1(key: bytes(Self.key256))
        for length in 2...FF1.maximumLength {
            for numeral in [0, UInt8(radix - 1)] {
                let numerals = [UInt8](repeating: numeral, count: length)
                let cipher = try #require(ff1.encrypt(numerals, radix: radix, tweak: []))
                #expect(SchoolbookFF1(ff1: ff1, radix: radix, tweak: []).encrypt(numerals) == cipher)
                #expect(ff1.decrypt(cipher, radix: radix, tweak: []) == numerals)
            }
        }
        #expect(ff1.encrypt([1], radix: radix, tweak: []) == nil)
        #expect(ff1.encrypt([UInt8](repeating: 1, count: FF1.maximumLength + 1), radix: radix, tweak: []) == nil)
    }

    /// Radix and length give a million strings at the least.
    @Test(arguments: [(10, 5, false), (10, 6, true), (62, 3, false), (62, 4, true), (16, 4, false), (16, 5, true)])
    func shortStringsAreNotTaken(_ radix: Int, _ length: Int, _ isTaken: Bool) {
        #expect(FF1.takes(length: length, radix: radix) == isTaken)
        #expect(FF1.takes(length: FF1.maximumLength, radix: radix))
        #expect(!FF1.takes(length: FF1.maximumLength + 1, radix: radix))
    }

    @Test func keysOfOtherLengthsAreRefused() {
        #expect(throws: MaskError.self) { try FF1(key: [1, 2, 3]) }
        #expect(throws: MaskError.self) { try SyntheticIV(key: [1, 2, 3]) }
    }

    /// RFC 5297, appendix A.1.
    @Test func syntheticVector() throws {
        let siv = try SyntheticIV(key: bytes("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
        let label = bytes("101112131415161718191a1b1c1d1e1f2021222324252627")
        let plain = bytes("112233445566778899aabbccddee")
        let sealed = bytes("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c")
        #expect(siv.seal(plain, label: label) == sealed)
        #expect(siv.open(sealed, label: label) == plain)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(siv.open(changed, label: label) == nil)
        }
        #expect(siv.open(sealed, label: [1]) == nil)
        #expect(siv.open(Array(sealed[..<16]), label: label) == nil)
    }
}

private func numerals(_ text: String) -> [UInt8] { text.utf8.map { $0 < 0x40 ? $0 - 0x30 : $0 - 0x61 + 10 } }

private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.utf8.compactMap(\.hexadecimalValue)
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
