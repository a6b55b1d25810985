import COpenSSL

/// Keys and certificates in PEM form, by libcrypto.
enum CertificateMaker {
    private static let clockSkewAllowance = 300  // seconds before now at which the certificate begins

    /// A new P-256 private key (PKCS #8).
    static func newKeyPEM() throws(CertificateError) -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw failure("EC keys") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { throw failure("key generation") }
        defer { EVP_PKEY_free(key) }
        return try pem { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    /// A certificate for the key, signed by the key.
    static func selfSignedPEM(keyPEM: [UInt8], validDays: Int) throws(CertificateError) -> [UInt8] {
        let key = try readKey(keyPEM)
        defer { EVP_PKEY_free(key) }
        guard let certificate = X509_new() else { throw failure("certificates") }
        defer { X509_free(certificate) }

        // RFC 5280 section 4.1.2.2: positive; 63 random bits make it unique.
        let serial = SecureRandom.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 1 | 1
        let commonName = Array("sluice".utf8)
        guard X509_set_version(certificate, 2) == 1,
            ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1,
            X509_gmtime_adj(X509_getm_notBefore(certificate), -clockSkewAllowance) != nil,
            X509_gmtime_adj(X509_getm_notAfter(certificate), validDays * 86_400 - clockSkewAllowance) != nil,
            X509_set_pubkey(certificate, key) == 1,
            let name = X509_get_subject_name(certificate),
            X509_NAME_add_entry_by_txt(name, "CN", asciiString, commonName, Int32(commonName.count), -1, 0) == 1,
            X509_set_issuer_name(certificate, name) == 1
        else { throw failure("certificate fields") }

        try addExtension(certificate, NID_basic_constraints, "critical,CA:FALSE")
        try addExtension(certificate, NID_key_usage, "critical,digitalSignature")
        try addExtension(certificate, NID_ext_key_usage, "serverAuth")
        try addExtension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1")
        try addExtension(certificate, NID_subject_key_identifier, "hash")

        guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw failure("signature") }
        return try pem { PEM_write_bio_X509($0, certificate) }
    }

    /// SHA-256 over the DER form, after a check that the key is the certificate's.
    static func fingerprint(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(CertificateError) -> String {
        let key = try readKey(keyPEM)
        defer { EVP_PKEY_free(key) }
        guard let certificate = reading(certificatePEM, { PEM_read_bio_X509($0, nil, nil, nil) }) else {
            throw failure("reading the certificate")
        }
        defer { X509_free(certificate) }
        guard X509_check_private_key(certificate, key) == 1 else {
            ERR_clear_error()
            throw CertificateError("the TLS key does not belong to the certificate; remove both to have new ones made")
        }
        var digest = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        guard X509_digest(certificate, EVP_sha256(), &digest, nil) == 1 else { throw failure("fingerprint") }
        return Hexadecimal.encode(digest)
    }

    /// `MBSTRING_ASC`, a macro that Swift does not import.
    private static let asciiString: Int32 = 0x1000 | 1

    private static func addExtension(
        _ certificate: OpaquePointer, _ identifier: Int32, _ value: String
    ) throws(CertificateError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_nconf_nid(nil, &context, identifier, value) else {
            throw failure("extension \(value)")
        }
        defer { X509_EXTENSION_free(made) }
        guard X509_add_ext(certificate, made, -1) == 1 else { throw failure("extension \(value)") }
    }

    private static func readKey(_ pem: [UInt8]) throws(CertificateError) -> OpaquePointer {
        // The callback answers for encrypted keys: without one, libcrypto would ask on the terminal.
        guard let key = reading(pem, { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }) else {
            throw failure("reading the private key")
        }
        return key
    }

    private static func reading(_ bytes: [UInt8], _ body: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
        bytes.withUnsafeBytes { buffer in
            guard let source = BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count)) else { return nil }
            defer { BIO_free(source) }
            return body(source)
        }
    }

    private static func pem(_ write: (OpaquePointer?) -> Int32) throws(CertificateError) -> [UInt8] {
        guard let sink = BIO_new(BIO_s_mem()) else { throw failure("memory") }
        defer { BIO_free(sink) }
        guard write(sink) == 1 else { throw failure("PEM form") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = BIO_read(sink, &chunk, Int32(chunk.count))
            if count <= 0 { return bytes }
            bytes += chunk.prefix(Int(count))
        }
    }

    /// The error without libcrypto's own text, whose queue is emptied: it belongs to this call alone.
    private static func failure(_ step: String) -> CertificateError {
        ERR_clear_error()
        return CertificateError("libcrypto failed at: \(step)")
    }
}
