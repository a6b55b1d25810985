import COpenSSL

/// FF1, a permutation of the numeral strings of one length and radix (NIST SP 800-38G, section 5).
final class FF1 {
    /// SP 800-38G revision 1, section 5: below so many strings one can try them all.
    static let minimumStrings = 1_000_000
    /// Ours: the work grows with the square of the length. Each half is a number of few words.
    static let maximumLength = 2 * NumeralHalf.maximumNumerals
    private static let rounds = 10
    private static let blockBytes = 16

    private let context: OpaquePointer

    /// - Parameter key: of AES, 16, 24 or 32 bytes.
    init(key: [UInt8]) throws(MaskError) {
        let cipher: OpaquePointer? =
            switch key.count {
            case 16: EVP_aes_128_ecb()
            case 24: EVP_aes_192_ecb()
            case 32: EVP_aes_256_ecb()
            case _: nil
            }
        guard let cipher, let context = EVP_CIPHER_CTX_new() else {
            throw MaskError(code: .detection, message: "AES is not available")
        }
        self.context = context
        guard EVP_EncryptInit_ex(context, cipher, nil, key, nil) == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1
        else { throw MaskError(code: .detection, message: "AES is not available") }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Whether strings of this length are many enough, and not too long.
    static func takes(length: Int, radix: Int) -> Bool {
        guard length <= maximumLength else { return false }
        var strings = 1
        for _ in 0..<length {
            strings *= radix
            if strings >= minimumStrings { return length >= 2 }
        }
        return false
    }

    /// - Parameter numerals: each below `radix`, as many as ``takes(length:radix:)`` takes.
    /// - Returns: nil when AES fails.
    func encrypt(_ numerals: [UInt8], radix: Int, tweak: [UInt8]) -> [UInt8]? {
        guard var work = Work(self, numerals, radix, tweak) else { return nil }
        for round in 0..<FF1.rounds {
            guard let code = code(round, work.right, &work) else { return nil }
            (work.left, work.right) = (work.right, work.left.adding(code))
        }
        return work.numerals
    }

    func decrypt(_ numerals: [UInt8], radix: Int, tweak: [UInt8]) -> [UInt8]? {
        guard var work = Work(self, numerals, radix, tweak) else { return nil }
        for round in (0..<FF1.rounds).reversed() {
            guard let code = code(round, work.left, &work) else { return nil }
            (work.left, work.right) = (work.right.subtracting(code), work.left)
        }
        return work.numerals
    }

    /// What the rounds work on, and what is the same in each: steps 1 to 5.
    private struct Work {
        var left: NumeralHalf
        var right: NumeralHalf
        /// Q of step 6i, in whole blocks; a round sets what is its own, its number and that of a half.
        var input: [UInt8]
        /// P, encrypted: where CBC stands before Q.
        let first: Block
        /// Of a half: b.
        let numberBytes: Int
        /// Of a code: d, in words.
        let codeWords: Int

        init?(_ ff1: FF1, _ numerals: [UInt8], _ radix: Int, _ tweak: [UInt8]) {
            let length = numerals.count
            guard (2...FF1.maximumLength).contains(length), (2...NumeralHalf.maximumRadix).contains(radix) else {
                return nil
            }
            let middle = length / 2
            let shape = NumeralHalf.Shape(numerals: length - middle, radix: radix)
            left = NumeralHalf(numerals[..<middle], NumeralHalf.Shape(numerals: middle, radix: radix))
            right = NumeralHalf(numerals[middle...], shape)
            numberBytes = NumeralHalf.largest(shape).words.byteCount
            codeWords = (numberBytes + 3) / 4 + 1
            var setup = Block(
                1, 2, 1, 0, UInt8(radix >> 8), UInt8(radix & 255), 10, UInt8(middle), 0, 0, 0, 0, 0, 0, 0, 0)
            setup[11] = UInt8(length)
            for place in 0..<4 { setup[12 + place] = UInt8(truncatingIfNeeded: tweak.count >> (24 - 8 * place)) }
            guard let first = ff1.encrypted(setup) else { return nil }
            self.first = first
            input = tweak
            let blocks = (tweak.count + 1 + numberBytes + FF1.blockBytes - 1) / FF1.blockBytes
            input += repeatElement(0, count: blocks * FF1.blockBytes - tweak.count)
        }

        var numerals: [UInt8] {
            var out: [UInt8] = []
            out.reserveCapacity(FF1.maximumLength)
            left.append(to: &out)
            right.append(to: &out)
            return out
        }
    }

    typealias Block = SIMD16<UInt8>

    /// Steps 6i to 6iii: the pseudo-random number that one half gives for the other.
    private func code(_ round: Int, _ half: NumeralHalf, _ work: inout Work) -> NumeralHalf.Words? {
        let words = half.words
        let last = work.input.count - 1
        for place in 0..<work.numberBytes { work.input[last - place] = words.byte(place) }
        work.input[last - work.numberBytes] = UInt8(round)
        var chained = work.first
        // PRF, algorithm 6: the last block of CBC.
        for start in stride(from: 0, to: work.input.count, by: FF1.blockBytes) {
            let block = work.input.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Block.self) }
            guard let next = encrypted(chained ^ block) else { return nil }
            chained = next
        }
        var code = NumeralHalf.Words(zeros: work.codeWords)
        var block = chained
        for index in 0..<work.codeWords {
            if index > 0, index & 3 == 0 {
                var input = chained
                input[15] ^= UInt8(index / 4)
                guard let next = encrypted(input) else { return nil }
                block = next
            }
            let word = unsafeBitCast(block, to: SIMD4<UInt32>.self)[index & 3]
            code[work.codeWords - 1 - index] = UInt32(bigEndian: word)
        }
        return code
    }

    /// One block of AES.
    func encrypted(_ block: Block) -> Block? {
        var input = block
        var out = Block()
        var count: Int32 = 0
        let done = withUnsafeBytes(of: &input) { input in
            withUnsafeMutableBytes(of: &out) { out in
                EVP_EncryptUpdate(
                    context, out.assumingMemoryBound(to: UInt8.self).baseAddress, &count,
                    input.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(FF1.blockBytes))
            }
        }
        return done == 1 && count == FF1.blockBytes ? out : nil
    }
}
