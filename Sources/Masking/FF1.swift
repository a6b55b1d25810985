import COpenSSL

/// FF1, a permutation of the numeral strings of one length and radix (NIST SP 800-38G, section 5).
final class FF1 {
    /// SP 800-38G revision 1, section 5: below so many strings one can try them all.
    static let minimumStrings = 1_000_000
    /// Ours: the work grows with the square of the length.
    static let maximumLength = 64
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
        var (left, right) = FF1.halves(numerals)
        for round in 0..<FF1.rounds {
            guard let code = code(round, right, of: numerals.count, radix, tweak) else { return nil }
            (left, right) = (right, FF1.sum(left, FF1.numerals(code, count: left.count, radix), radix))
        }
        return left + right
    }

    func decrypt(_ numerals: [UInt8], radix: Int, tweak: [UInt8]) -> [UInt8]? {
        var (left, right) = FF1.halves(numerals)
        for round in (0..<FF1.rounds).reversed() {
            guard let code = code(round, left, of: numerals.count, radix, tweak) else { return nil }
            (left, right) = (FF1.difference(right, FF1.numerals(code, count: right.count, radix), radix), left)
        }
        return left + right
    }

    private static func halves(_ numerals: [UInt8]) -> ([UInt8], [UInt8]) {
        (Array(numerals[..<(numerals.count / 2)]), Array(numerals[(numerals.count / 2)...]))
    }

    /// Steps 6i to 6iii: the pseudo-random bytes that one half gives for the other.
    private func code(_ round: Int, _ half: [UInt8], of length: Int, _ radix: Int, _ tweak: [UInt8]) -> [UInt8]? {
        let numberBytes = FF1.bytesOfLargest(count: length - length / 2, radix)
        let codeBytes = 4 * ((numberBytes + 3) / 4) + 4
        var input: [UInt8] = [1, 2, 1, 0, UInt8(radix >> 8), UInt8(radix & 255), 10, UInt8(length / 2)]
        input += FF1.bytes(length, count: 4) + FF1.bytes(tweak.count, count: 4) + tweak
        let unpadded = input.count + 1 + numberBytes
        input += repeatElement(0, count: (FF1.blockBytes - unpadded % FF1.blockBytes) % FF1.blockBytes)
        input.append(UInt8(round))
        input += FF1.number(half, bytes: numberBytes, radix)
        guard let first = chained(input) else { return nil }
        var code = first
        var block = 1
        while code.count < codeBytes {
            var next = first
            for (index, byte) in FF1.bytes(block, count: 8).enumerated() { next[8 + index] ^= byte }
            guard let more = encrypted(next) else { return nil }
            code += more
            block += 1
        }
        return Array(code[..<codeBytes])
    }

    /// PRF, algorithm 6: the last block of CBC with a zero vector.
    private func chained(_ input: [UInt8]) -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: FF1.blockBytes)
        for start in stride(from: 0, to: input.count, by: FF1.blockBytes) {
            for index in block.indices { block[index] ^= input[start + index] }
            guard let next = encrypted(block) else { return nil }
            block = next
        }
        return block
    }

    private func encrypted(_ block: [UInt8]) -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: FF1.blockBytes)
        var count: Int32 = 0
        guard EVP_EncryptUpdate(context, &out, &count, block, Int32(FF1.blockBytes)) == 1,
            count == FF1.blockBytes
        else { return nil }
        return out
    }

    private static func bytes(_ value: Int, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    /// How many bytes the largest number of so many numerals takes: b of step 3.
    private static func bytesOfLargest(count: Int, _ radix: Int) -> Int {
        let largest = number([UInt8](repeating: UInt8(radix - 1), count: count), bytes: count, radix)
        return count - (largest.firstIndex { $0 != 0 } ?? count)
    }

    /// NUM, big-endian.
    private static func number(_ numerals: [UInt8], bytes: Int, _ radix: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: bytes)
        for numeral in numerals {
            var carry = Int(numeral)
            for index in out.indices.reversed() {
                carry += Int(out[index]) * radix
                out[index] = UInt8(carry & 255)
                carry >>= 8
            }
        }
        return out
    }

    /// STR of a number modulo radix to the power of `count`.
    private static func numerals(_ number: [UInt8], count: Int, _ radix: Int) -> [UInt8] {
        var rest = number[...]
        var out = [UInt8](repeating: 0, count: count)
        for place in out.indices.reversed() {
            var remainder = 0
            for index in rest.indices {
                remainder = remainder << 8 | Int(rest[index])
                rest[index] = UInt8(remainder / radix)
                remainder %= radix
            }
            rest = rest.drop { $0 == 0 }
            out[place] = UInt8(remainder)
        }
        return out
    }

    private static func sum(_ left: [UInt8], _ right: [UInt8], _ radix: Int) -> [UInt8] {
        var out = left
        var carry = 0
        for index in out.indices.reversed() {
            carry += Int(left[index]) + Int(right[index])
            out[index] = UInt8(carry % radix)
            carry /= radix
        }
        return out
    }

    private static func difference(_ left: [UInt8], _ right: [UInt8], _ radix: Int) -> [UInt8] {
        var out = left
        var borrow = 0
        for index in out.indices.reversed() {
            let value = Int(left[index]) - Int(right[index]) - borrow
            borrow = value < 0 ? 1 : 0
            out[index] = UInt8(value + borrow * radix)
        }
        return out
    }
}
