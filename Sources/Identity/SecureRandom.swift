import COpenSSL

/// Bytes from libcrypto's seeded generator.
public enum SecureRandom {
    /// Ends the process when the generator has no entropy: nothing that depends on secrets may go on then.
    public static func bytes(_ byteCount: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            guard RAND_bytes(buffer.baseAddress, Int32(byteCount)) == 1 else {
                preconditionFailure("the random number generator failed")
            }
            count = byteCount
        }
    }
}

/// Comparison whose duration depends on the lengths only, never on where two values differ.
public enum ConstantTime {
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
