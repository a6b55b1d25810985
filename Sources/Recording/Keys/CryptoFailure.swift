import COpenSSL

/// What OpenSSL says of its last failure, as an error; clears OpenSSL's list of errors.
func cryptoFailure(_ what: String) -> RecordingError {
    let number = ERR_get_error()
    ERR_clear_error()
    guard number != 0 else { return RecordingError(.unusable, "\(what) failed") }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(number, &text, text.count)
    let described = text.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return RecordingError(.unusable, "\(what) failed: \(described)")
}

/// Random bytes for keys.
func randomBytes(_ count: Int) throws(RecordingError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_priv_bytes(&bytes, Int32(count)) == 1 else { throw cryptoFailure("making a random key") }
    return bytes
}

/// An OpenSSL key, freed with the last reference. Never changed after it was made, so threads may share it.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { EVP_PKEY_free(pointer) }

    /// Reads a PEM text with `read`, one of OpenSSL's PEM functions.
    ///
    /// - Returns: nil when it holds no such key.
    static func fromPEM(_ text: [UInt8], isPrivate: Bool) -> KeyHandle? {
        let file = text.withUnsafeBytes { BIO_new_mem_buf($0.baseAddress, Int32(clamping: $0.count)) }
        guard let file else { return nil }
        defer { BIO_free(file) }
        // An empty password: an encrypted key is refused instead of asking on the terminal.
        var none: CChar = 0
        let key =
            isPrivate
            ? PEM_read_bio_PrivateKey(file, nil, nil, &none) : PEM_read_bio_PUBKEY(file, nil, nil, &none)
        ERR_clear_error()
        return key.map(KeyHandle.init)
    }

    static func raw(_ type: Int32, private bytes: [UInt8]) -> KeyHandle? {
        EVP_PKEY_new_raw_private_key(type, nil, bytes, bytes.count).map(KeyHandle.init)
    }

    static func raw(_ type: Int32, public bytes: [UInt8]) -> KeyHandle? {
        EVP_PKEY_new_raw_public_key(type, nil, bytes, bytes.count).map(KeyHandle.init)
    }

    var type: Int32 { EVP_PKEY_get_base_id(pointer) }

    /// The 32 bytes of an X25519 or Ed25519 public key.
    func rawPublic() throws(RecordingError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        guard EVP_PKEY_get_raw_public_key(pointer, &bytes, &count) == 1, count == bytes.count else {
            throw cryptoFailure("reading a public key")
        }
        return bytes
    }

    /// The public key as a DER SubjectPublicKeyInfo (RFC 5280).
    func publicDER() throws(RecordingError) -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(pointer, &bytes)
        guard count > 0, let bytes else { throw cryptoFailure("encoding a public key") }
        defer { CRYPTO_free(bytes, #file, #line) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    /// A PEM text of the public or private key (RFC 7468).
    func pem(isPrivate: Bool) throws(RecordingError) -> String {
        guard let file = BIO_new(BIO_s_mem()) else { throw cryptoFailure("encoding a key") }
        defer { BIO_free(file) }
        let written =
            isPrivate
            ? PEM_write_bio_PrivateKey(file, pointer, nil, nil, 0, nil, nil) : PEM_write_bio_PUBKEY(file, pointer)
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = BIO_read(file, &bytes, Int32(bytes.count))
        guard written == 1, count > 0 else { throw cryptoFailure("encoding a key") }
        return String(decoding: bytes[..<Int(count)], as: UTF8.self)
    }
}
