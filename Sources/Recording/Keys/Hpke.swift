import COpenSSL

/// HPKE in base mode for one message (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
enum Hpke {
    static let encapsulatedLength = 32
    private static let kem: [UInt8] = [0x00, 0x20]
    private static let kdf: [UInt8] = [0x00, 0x01]
    private static let aead: [UInt8] = [0x00, 0x02]
    private static let keyLength = 32
    private static let nonceLength = 12

    /// Encapsulated key, 32 bytes, then ciphertext and tag.
    static func seal(
        _ plain: [UInt8], to recipient: KeyHandle, info: [UInt8], authenticated: [UInt8]
    ) throws(RecordingError) -> [UInt8] {
        guard let ephemeral = KeyHandle.raw(EVP_PKEY_X25519, private: try randomBytes(32)) else {
            throw cryptoFailure("making an X25519 key")
        }
        let encapsulated = try ephemeral.rawPublic()
        let secret = try shared(
            try agreement(ephemeral, recipient), encapsulated: encapsulated, recipient: try recipient.rawPublic())
        let (key, nonce) = try schedule(secret, info)
        return encapsulated + (try AesGcm.seal(plain, key: key, nonce: nonce, authenticated: authenticated))
    }

    /// The message; nil when it is not for this key, or was changed.
    static func open(
        _ sealed: [UInt8], with recipient: KeyHandle, info: [UInt8], authenticated: [UInt8]
    ) throws(RecordingError) -> [UInt8]? {
        guard sealed.count > encapsulatedLength else { return nil }
        let encapsulated = Array(sealed[..<encapsulatedLength])
        guard let ephemeral = KeyHandle.raw(EVP_PKEY_X25519, public: encapsulated) else { return nil }
        let agreed: [UInt8]
        do throws(RecordingError) {
            agreed = try agreement(recipient, ephemeral)
        } catch {
            // A point of small order: nobody who means to be read sends one.
            return nil
        }
        let secret = try shared(agreed, encapsulated: encapsulated, recipient: try recipient.rawPublic())
        let (key, nonce) = try schedule(secret, info)
        return try AesGcm.open(
            Array(sealed[encapsulatedLength...]), key: key, nonce: nonce, authenticated: authenticated)
    }

    private static func agreement(_ own: KeyHandle, _ other: KeyHandle) throws(RecordingError) -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new(own.pointer, nil) else { throw cryptoFailure("X25519") }
        defer { EVP_PKEY_CTX_free(context) }
        var secret = [UInt8](repeating: 0, count: 32)
        var count = secret.count
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, other.pointer) == 1,
            EVP_PKEY_derive(context, &secret, &count) == 1, count == secret.count
        else { throw cryptoFailure("X25519") }
        return secret
    }

    /// ExtractAndExpand of section 4.1.
    private static func shared(
        _ agreed: [UInt8], encapsulated: [UInt8], recipient: [UInt8]
    ) throws(RecordingError) -> [UInt8] {
        let suite = Array("KEM".utf8) + kem
        let extracted = try extract([], "eae_prk", agreed, suite)
        return try expand(extracted, "shared_secret", encapsulated + recipient, 32, suite)
    }

    /// KeySchedule of section 5.1, mode_base.
    private static func schedule(
        _ secret: [UInt8], _ info: [UInt8]
    ) throws(RecordingError) -> (key: [UInt8], nonce: [UInt8]) {
        let suite = Array("HPKE".utf8) + kem + kdf + aead
        let context =
            [0] + (try extract([], "psk_id_hash", [], suite)) + (try extract([], "info_hash", info, suite))
        let extracted = try extract(secret, "secret", [], suite)
        return (
            try expand(extracted, "key", context, keyLength, suite),
            try expand(extracted, "base_nonce", context, nonceLength, suite)
        )
    }

    private static func extract(
        _ salt: [UInt8], _ label: String, _ material: [UInt8], _ suite: [UInt8]
    ) throws(RecordingError) -> [UInt8] {
        try authenticationCode(Array("HPKE-v1".utf8) + suite + Array(label.utf8) + material, key: salt)
    }

    /// At most one hash's length.
    private static func expand(
        _ secret: [UInt8], _ label: String, _ info: [UInt8], _ length: Int, _ suite: [UInt8]
    ) throws(RecordingError) -> [UInt8] {
        let labelled = [0, UInt8(length)] + Array("HPKE-v1".utf8) + suite + Array(label.utf8) + info
        return Array(try authenticationCode(labelled + [1], key: secret).prefix(length))
    }
}
