import COpenSSL

extension Scope {
    private static let base58Digits: [UInt8] = {
        var digits = [UInt8](repeating: 0xff, count: 256)
        let alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        for (index, byte) in alphabet.utf8.enumerated() { digits[Int(byte)] = UInt8(index) }
        return digits
    }()
    private static let bech32Digits: [UInt8] = {
        var digits = [UInt8](repeating: 0xff, count: 256)
        for (index, byte) in "qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8.enumerated() {
            digits[Int(byte)] = UInt8(index)
            if byte.isLetter { digits[Int(byte & 0xdf)] = UInt8(index) }
        }
        return digits
    }()

    /// An address of version 0 or 5 in Base58Check, which begins at `start`: 26 to 35 digits.
    func bitcoinBase58(start: Int) -> Range<Int>? {
        guard start >= lower, !isJoined(before: start) else { return nil }
        var end = start
        while end < upper, end - start <= 35, Scope.base58Digits[Int(self[end])] != 0xff { end += 1 }
        let range = start..<end
        guard (26...35).contains(range.count), isWord(range) else { return nil }
        var decoded = [UInt8](repeating: 0, count: 25)
        for index in range {
            var carry = Int(Scope.base58Digits[Int(self[index])])
            for place in (0..<25).reversed() {
                carry += Int(decoded[place]) * 58
                decoded[place] = UInt8(carry & 0xff)
                carry >>= 8
            }
            guard carry == 0 else { return nil }
        }
        guard decoded[0] == 0 || decoded[0] == 5 else { return nil }
        let check = Scope.sha256(Scope.sha256(Array(decoded[..<21])))
        return decoded[21...].elementsEqual(check[..<4]) ? range : nil
    }

    private static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(message, message.count, &digest)
        return digest
    }

    /// BIP 173 and BIP 350: `bc1`, a witness version and program, six symbols of checksum; one case throughout.
    func bitcoinBech32(start: Int) -> Range<Int>? {
        guard start >= lower, !isJoined(before: start) else { return nil }
        var end = start + 3
        while end < upper, end - start <= 90, Scope.bech32Digits[Int(self[end])] != 0xff { end += 1 }
        let range = start..<end
        guard (14...90).contains(range.count), isWord(range),
            !(range.contains(where: { self[$0].isUpper }) && range.contains(where: { self[$0].isLower }))
        else { return nil }
        var check: UInt32 = 1
        // The prefix `bc`, its high bits and low bits apart.
        for value: UInt8 in [3, 3, 0, 2, 3] { Scope.mix(&check, value) }
        for index in start + 3..<end { Scope.mix(&check, Scope.bech32Digits[Int(self[index])]) }
        let version = Scope.bech32Digits[Int(self[start + 3])]
        return check == (version == 0 ? 1 : 0x2bc8_30a3) && version <= 16 ? range : nil
    }

    private static func mix(_ check: inout UInt32, _ value: UInt8) {
        let top = check >> 25
        check = (check & 0x1ff_ffff) << 5 ^ UInt32(value)
        for (bit, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].enumerated()
        where top >> UInt32(bit) & 1 == 1 {
            check ^= UInt32(generator)
        }
    }

    /// `0x` and 40 hexadecimal digits. In mixed case the letters' case is the checksum of EIP-55.
    func ethereum(end: Int, isSure: inout Bool) -> Range<Int>? {
        let range = end - 42..<end
        guard range.lowerBound >= lower, end <= upper, isWord(range) else { return nil }
        let digits = range.lowerBound + 2..<end
        let upper = digits.contains(where: { self[$0].isUpper })
        guard upper && digits.contains(where: { self[$0].isLower }) else {
            // All zeros or one repeated digit is a placeholder.
            return distinctBytes(digits, enough: 4) >= 4 ? range : nil
        }
        let hash = Keccak.hash256(digits.map { self[$0].isUpper ? self[$0] | 0x20 : self[$0] })
        for (place, index) in digits.enumerated() where self[index].isLetter {
            let nibble = place % 2 == 0 ? hash[place / 2] >> 4 : hash[place / 2] & 15
            guard (nibble >= 8) == self[index].isUpper else { return nil }
        }
        isSure = true
        return range
    }
}
