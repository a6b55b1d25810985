@testable import Masking

/// FF1 step by step as SP 800-38G writes it, with numbers as rows of bytes: slow, and easily compared with the text.
struct SchoolbookFF1 {
    let ff1: FF1
    let radix: Int
    let tweak: [UInt8]

    func encrypt(_ numerals: [UInt8]) -> [UInt8]? {
        let middle = numerals.count / 2
        var (left, right) = (Array(numerals[..<middle]), Array(numerals[middle...]))
        for round in 0..<10 {
            guard let code = code(round, right, of: numerals.count) else { return nil }
            (left, right) = (right, sum(left, string(code, count: left.count)))
        }
        return left + right
    }

    private func code(_ round: Int, _ half: [UInt8], of length: Int) -> [UInt8]? {
        let numeralsOfHalf = length - length / 2
        let largest = number([UInt8](repeating: UInt8(radix - 1), count: numeralsOfHalf))
        let numberBytes = largest.count
        let codeBytes = 4 * ((numberBytes + 3) / 4) + 4
        var input: [UInt8] = [1, 2, 1] + bytes(radix, count: 3) + [10, UInt8(length / 2)]
        input += bytes(length, count: 4) + bytes(tweak.count, count: 4) + tweak
        while (input.count + 1 + numberBytes) % 16 != 0 { input.append(0) }
        let half = number(half)
        input += [UInt8(round)] + [UInt8](repeating: 0, count: numberBytes - half.count) + half
        var chained = FF1.Block()
        for start in stride(from: 0, to: input.count, by: 16) {
            guard let next = ff1.encrypted(chained ^ FF1.Block(input[start..<start + 16])) else { return nil }
            chained = next
        }
        var code = chained.bytes
        while code.count < codeBytes {
            let counter = FF1.Block([UInt8](repeating: 0, count: 8) + bytes(code.count / 16, count: 8))
            guard let next = ff1.encrypted(chained ^ counter) else { return nil }
            code += next.bytes
        }
        return Array(code[..<codeBytes])
    }

    private func bytes(_ value: Int, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    /// Big-endian, without leading zeros.
    private func number(_ numerals: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for numeral in numerals {
            var carry = Int(numeral)
            for index in out.indices.reversed() {
                carry += Int(out[index]) * radix
                out[index] = UInt8(carry & 255)
                carry >>= 8
            }
            if carry > 0 { out.insert(UInt8(carry), at: 0) }
        }
        return out
    }

    private func string(_ number: [UInt8], count: Int) -> [UInt8] {
        var rest = number
        return (0..<count).map { _ in
            var remainder = 0
            for index in rest.indices {
                remainder = remainder << 8 | Int(rest[index])
                rest[index] = UInt8(remainder / radix)
                remainder %= radix
            }
            return UInt8(remainder)
        }.reversed()
    }

    private func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var carry = 0
        return zip(left, right).reversed().map { left, right in
            carry += Int(left) + Int(right)
            defer { carry /= radix }
            return UInt8(carry % radix)
        }.reversed()
    }
}

extension SIMD16<UInt8> {
    fileprivate var bytes: [UInt8] { indices.map { self[$0] } }
}
