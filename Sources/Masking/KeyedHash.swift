import COpenSSL

/// HMAC-SHA256 under one key, set up once (RFC 2104).
public final class KeyedHash {
    /// Of SHA-256.
    private static let codeBytes = 32
    /// Bytes of the code that a substitute shows.
    private static let shownBytes = 8
    private static let unavailable = Array("unavailable".utf8)

    private let context: OpaquePointer

    /// - Throws: ``MaskError`` when OpenSSL has no HMAC-SHA256 (a broken provider configuration).
    public init(key: [UInt8]) throws(MaskError) {
        // An empty key would mean "the key set before" to OpenSSL.
        let key = key.isEmpty ? [0] : key
        let mac = EVP_MAC_fetch(nil, "HMAC", nil)
        defer { EVP_MAC_free(mac) }
        guard let context = EVP_MAC_CTX_new(mac) else {
            throw MaskError(code: .detection, message: "HMAC is not available")
        }
        var name = Array("SHA256".utf8CString)
        let done = name.withUnsafeMutableBufferPointer { name in
            var parameters = [
                OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, key, key.count, &parameters)
        }
        guard done == 1 else {
            EVP_MAC_CTX_free(context)
            throw MaskError(code: .detection, message: "HMAC-SHA256 is not available")
        }
        self.context = context
    }

    deinit { EVP_MAC_CTX_free(context) }

    /// The whole code of `bytes`.
    func code(_ bytes: [UInt8]) throws(MaskError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: KeyedHash.codeBytes)
        var length = 0
        guard EVP_MAC_init(context, nil, 0, nil) == 1, EVP_MAC_update(context, bytes, bytes.count) == 1,
            EVP_MAC_final(context, &code, &length, code.count) == 1, length == code.count
        else { throw MaskError(code: .detection, message: "HMAC-SHA256 failed") }
        return code
    }

    /// Appends the first 16 hexadecimal digits of the code of `bytes`.
    public func append(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        let done = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { code in
            var length = 0
            guard EVP_MAC_init(context, nil, 0, nil) == 1,
                EVP_MAC_update(context, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count) == 1,
                EVP_MAC_final(context, code.assumingMemoryBound(to: UInt8.self).baseAddress, &length, 32) == 1
            else { return false }
            for byte in code[..<KeyedHash.shownBytes] {
                out.append(KeyedHash.digit(byte >> 4))
                out.append(KeyedHash.digit(byte & 15))
            }
            return true
        }
        if !done { out.append(contentsOf: KeyedHash.unavailable) }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
