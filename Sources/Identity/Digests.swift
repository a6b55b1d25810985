import COpenSSL

/// A SHA-256 digest (FIPS 180-4): always 32 bytes.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 32
    public let bytes: [UInt8]

    /// The digest of `data`.
    public init(of data: [UInt8]) {
        self = data.withUnsafeBytes { SHA256Digest(of: $0) }
    }

    /// The digest of `data`, which is only read during the call.
    public init(of data: UnsafeRawBufferPointer) {
        bytes = Self.digest(data, EVP_sha256(), byteCount: Self.byteCount)
    }

    /// Lower-case hexadecimal, 64 characters.
    public var hex: String { Hexadecimal.encode(bytes) }
    public var description: String { hex }

    private static func digest(_ data: UnsafeRawBufferPointer, _ type: OpaquePointer?, byteCount: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            guard EVP_Digest(data.baseAddress, data.count, buffer.baseAddress, nil, type, nil) == 1 else {
                preconditionFailure("libcrypto offers no SHA-256")
            }
            count = byteCount
        }
    }
}

/// HMAC-SHA256 (RFC 2104).
public enum HMACSHA256 {
    public static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256Digest.byteCount) { buffer, count in
            guard HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, buffer.baseAddress, nil) != nil
            else {
                preconditionFailure("libcrypto offers no HMAC-SHA256")
            }
            count = SHA256Digest.byteCount
        }
    }
}

/// MD5 (RFC 1321), only for the `md5` password method of old PostgreSQL targets.
public enum MD5Digest {
    public static let byteCount = 16

    /// - Throws: ``AuthenticationError`` with code `unsupported` where libcrypto refuses MD5 (FIPS mode).
    public static func digest(_ data: [UInt8]) throws(AuthenticationError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: byteCount)
        guard EVP_Digest(data, data.count, &output, nil, EVP_md5(), nil) == 1 else {
            throw AuthenticationError(.unsupported, "MD5 is not available in this libcrypto (FIPS mode?)")
        }
        return output
    }

    /// Lower-case hexadecimal of the digest, 32 characters.
    public static func hex(_ data: [UInt8]) throws(AuthenticationError) -> String {
        Hexadecimal.encode(try digest(data))
    }
}

/// PBKDF2 with HMAC-SHA256 (RFC 8018), which SCRAM calls `Hi`.
public enum PBKDF2 {
    /// - Parameters:
    ///   - iterations: at least 1; the caller bounds it.
    ///   - byteCount: length of the derived key.
    public static func deriveKey(
        password: [UInt8], salt: [UInt8], iterations: Int, byteCount: Int = SHA256Digest.byteCount
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let made = password.withUnsafeBytes { password in
                PKCS5_PBKDF2_HMAC(
                    password.bindMemory(to: CChar.self).baseAddress, Int32(password.count),
                    salt, Int32(salt.count), Int32(iterations), EVP_sha256(), Int32(byteCount), buffer.baseAddress)
            }
            guard made == 1 else { preconditionFailure("PBKDF2 refused its arguments") }
            count = byteCount
        }
    }
}
