/// Keccak-256 with the padding of the original submission, as Ethereum uses it; SHA3-256 of FIPS 202 pads differently.
enum Keccak {
    private static let rounds: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
    /// Lane and rotation of each step of ρ and π.
    private static let lanes = [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ]
    private static let rotations: [UInt64] = [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ]
    /// Bytes of one block at a capacity of 512 bits.
    private static let rate = 136

    /// - Parameter message: less than one block.
    static func hash256(_ message: [UInt8]) -> [UInt8] {
        precondition(message.count < rate, "longer messages are not needed here")
        var block = message + Array(repeating: 0, count: rate - message.count)
        block[message.count] ^= 0x01
        block[rate - 1] ^= 0x80
        var state = [UInt64](repeating: 0, count: 25)
        for index in 0..<rate { state[index / 8] |= UInt64(block[index]) << UInt64(index % 8 * 8) }
        permute(&state)
        return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> UInt64($0 % 8 * 8)) }
    }

    private static func permute(_ state: inout [UInt64]) {
        var columns = [UInt64](repeating: 0, count: 5)
        for constant in rounds {
            for x in 0..<5 { columns[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] }
            for x in 0..<5 {
                let mixed = columns[(x + 4) % 5] ^ rotated(columns[(x + 1) % 5], 1)
                for y in stride(from: x, to: 25, by: 5) { state[y] ^= mixed }
            }
            var carried = state[1]
            for step in 0..<24 {
                let next = state[lanes[step]]
                state[lanes[step]] = rotated(carried, rotations[step])
                carried = next
            }
            for row in stride(from: 0, to: 25, by: 5) {
                for x in 0..<5 { columns[x] = state[row + x] }
                for x in 0..<5 { state[row + x] = columns[x] ^ (~columns[(x + 1) % 5] & columns[(x + 2) % 5]) }
            }
            state[0] ^= constant
        }
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }
}
