import COpenSSL

/// AES-SIV, encryption whose result depends on key and text alone and proves itself (RFC 5297).
final class SyntheticIV {
    /// RFC 5297, section 2.6: the vector, which stands before the encrypted text.
    static let vectorBytes = 16

    private let key: [UInt8]
    private let cipher: OpaquePointer

    /// - Parameter key: 64 bytes for AES-256, 32 for AES-128.
    init(key: [UInt8]) throws(MaskError) {
        guard key.count == 64 || key.count == 32,
            let cipher = EVP_CIPHER_fetch(nil, key.count == 64 ? "AES-256-SIV" : "AES-128-SIV", nil)
        else { throw MaskError(code: .detection, message: "AES-SIV is not available") }
        self.key = key
        self.cipher = cipher
    }

    deinit { EVP_CIPHER_free(cipher) }

    /// - Parameters:
    ///   - text: not empty.
    ///   - label: associated data.
    /// - Returns: the vector and the encrypted text; nil when OpenSSL fails.
    func seal(_ text: [UInt8], label: [UInt8]) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var out = [UInt8](repeating: 0, count: text.count)
        var vector = [UInt8](repeating: 0, count: SyntheticIV.vectorBytes)
        var count: Int32 = 0
        guard EVP_EncryptInit_ex2(context, cipher, key, nil, nil) == 1,
            EVP_EncryptUpdate(context, nil, &count, label, Int32(label.count)) == 1,
            EVP_EncryptUpdate(context, &out, &count, text, Int32(text.count)) == 1, count == text.count,
            EVP_EncryptFinal_ex(context, nil, &count) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(vector.count), &vector) == 1
        else { return nil }
        return vector + out
    }

    /// - Returns: nil when the bytes were not made by ``seal(_:label:)`` with this key and label.
    func open(_ sealed: [UInt8], label: [UInt8]) -> [UInt8]? {
        guard sealed.count > SyntheticIV.vectorBytes, let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var vector = Array(sealed[..<SyntheticIV.vectorBytes])
        let text = Array(sealed[SyntheticIV.vectorBytes...])
        var out = [UInt8](repeating: 0, count: text.count)
        var count: Int32 = 0
        guard EVP_DecryptInit_ex2(context, cipher, key, nil, nil) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(vector.count), &vector) == 1,
            EVP_DecryptUpdate(context, nil, &count, label, Int32(label.count)) == 1,
            EVP_DecryptUpdate(context, &out, &count, text, Int32(text.count)) == 1, count == text.count,
            EVP_DecryptFinal_ex(context, nil, &count) == 1
        else { return nil }
        return out
    }
}
