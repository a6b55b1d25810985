import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with nonces of 12 and tags of 16 bytes, with one reused OpenSSL context.
final class AesGcm {
    static let keyLength = 32
    static let nonceLength = 12
    static let tagLength = 16

    private let context: OpaquePointer
    private let algorithm: OpaquePointer?
    private let key: UnsafeMutablePointer<UInt8>

    init(key: [UInt8]) throws(RecordingError) {
        precondition(key.count == Self.keyLength)
        guard let context = EVP_CIPHER_CTX_new() else { throw cryptoFailure("AES-256-GCM") }
        self.context = context
        self.key = .allocate(capacity: Self.keyLength)
        self.key.initialize(from: key, count: Self.keyLength)
        algorithm = EVP_aes_256_gcm()
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
        OPENSSL_cleanse(key, Self.keyLength)
        key.deallocate()
    }

    /// Encrypts in place. Returns the tag.
    func seal(
        _ bytes: UnsafeMutableRawBufferPointer, nonce: [UInt8], authenticated: UnsafeRawBufferPointer
    ) throws(RecordingError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        var count: Int32 = 0
        var end = [UInt8](repeating: 0, count: Self.tagLength)
        guard EVP_EncryptInit_ex(context, algorithm, nil, key, nonce) == 1,
            authenticated.isEmpty
                || EVP_EncryptUpdate(
                    context, nil, &count, authenticated.bytesPointer, Int32(authenticated.count)) == 1,
            bytes.isEmpty
                || EVP_EncryptUpdate(
                    context, bytes.bytesPointer, &count, bytes.bytesPointer, Int32(bytes.count)) == 1,
            EVP_EncryptFinal_ex(context, &end, &count) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), &tag) == 1
        else { throw cryptoFailure("AES-256-GCM") }
        return tag
    }

    /// Decrypts in place; false when the bytes, what they are bound to, or the key are others. `bytes` are then void.
    func open(
        _ bytes: UnsafeMutableRawBufferPointer, tag: [UInt8], nonce: [UInt8], authenticated: UnsafeRawBufferPointer
    ) -> Bool {
        var tag = tag
        var count: Int32 = 0
        var end = [UInt8](repeating: 0, count: Self.tagLength)
        defer { ERR_clear_error() }
        return EVP_DecryptInit_ex(context, algorithm, nil, key, nonce) == 1
            && (authenticated.isEmpty
                || EVP_DecryptUpdate(
                    context, nil, &count, authenticated.bytesPointer, Int32(authenticated.count)) == 1)
            && (bytes.isEmpty
                || EVP_DecryptUpdate(
                    context, bytes.bytesPointer, &count, bytes.bytesPointer, Int32(bytes.count)) == 1)
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), &tag) == 1
            && EVP_DecryptFinal_ex(context, &end, &count) == 1
    }

    /// Ciphertext and tag of one message under a key of its own.
    static func seal(
        _ plain: [UInt8], key: [UInt8], nonce: [UInt8], authenticated: [UInt8]
    ) throws(RecordingError) -> [UInt8] {
        let cipher = try AesGcm(key: key)
        let text = ReusedMemory(plain.count)
        text.bytes.copyBytes(from: plain)
        let used = UnsafeMutableRawBufferPointer(rebasing: text.bytes[..<plain.count])
        let memory = ReusedMemory(authenticated.count)
        memory.bytes.copyBytes(from: authenticated)
        let tag = try cipher.seal(
            used, nonce: nonce,
            authenticated: UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(memory.bytes)[..<authenticated.count]))
        return Array(used) + tag
    }

    static func open(
        _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], authenticated: [UInt8]
    ) throws(RecordingError) -> [UInt8]? {
        guard sealed.count >= tagLength else { return nil }
        let cipher = try AesGcm(key: key)
        let length = sealed.count - tagLength
        let text = ReusedMemory(length)
        text.bytes.copyBytes(from: sealed[..<length])
        let used = UnsafeMutableRawBufferPointer(rebasing: text.bytes[..<length])
        let memory = ReusedMemory(authenticated.count)
        memory.bytes.copyBytes(from: authenticated)
        let opened = cipher.open(
            used, tag: Array(sealed[length...]), nonce: nonce,
            authenticated: UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(memory.bytes)[..<authenticated.count]))
        return opened ? Array(used) : nil
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var bytesPointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var bytesPointer: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
