import COpenSSL
import Foundation

/// A public key that data keys are wrapped to, so that its owner can read what is recorded: X25519, or RSA of 2048 bits and
/// more.
public struct Recipient: Sendable {
    /// How a data key is wrapped, as sidecars name it.
    enum Scheme: String {
        /// HPKE (RFC 9180): ``Hpke``.
        case x25519
        /// RSAES-OAEP with SHA-256 and MGF1-SHA-256, no label (RFC 8017).
        case rsa = "rsa-oaep-sha256"
    }

    static let minRSABits: Int32 = 2048
    /// What HPKE binds a data key to, beside the segment.
    static let info = Array("sluice recording 2".utf8)

    /// SHA-256 of the key as a DER SubjectPublicKeyInfo, in hexadecimal.
    public let fingerprint: String
    let scheme: Scheme
    private let key: KeyHandle

    /// Reads a PEM file.
    ///
    /// - Throws: `invalid` when it holds no public key of these kinds.
    public init(file: String) throws(RecordingError) {
        let text = try readFile(file, limit: KeyFile.maxBytes)
        guard let key = KeyHandle.fromPEM(text, isPrivate: false), let scheme = Self.scheme(key) else {
            throw RecordingError(
                .invalid, file: file,
                "no public key to encrypt for: needs X25519, or RSA of \(Self.minRSABits) bits and more, in PEM form, as "
                    + "`openssl pkey -in private.pem -pubout` writes it")
        }
        self.key = key
        self.scheme = scheme
        fingerprint = try Self.fingerprint(key)
    }

    static func scheme(_ key: KeyHandle) -> Scheme? {
        if key.type == EVP_PKEY_X25519 { return .x25519 }
        guard key.type == EVP_PKEY_RSA, EVP_PKEY_get_bits(key.pointer) >= minRSABits else { return nil }
        return .rsa
    }

    static func fingerprint(_ key: KeyHandle) throws(RecordingError) -> String {
        hexadecimal(try ChainHasher().digest(try key.publicDER()))
    }

    func wrap(_ dataKey: [UInt8], for segment: SegmentName) throws(RecordingError) -> [UInt8] {
        switch scheme {
        case .x25519:
            return try Hpke.seal(dataKey, to: key, info: Self.info, authenticated: segment.bytes)
        case .rsa:
            guard let context = EVP_PKEY_CTX_new(key.pointer, nil) else { throw cryptoFailure("RSA") }
            defer { EVP_PKEY_CTX_free(context) }
            var count = 0
            guard EVP_PKEY_encrypt_init(context) == 1, OAEP.choose(context),
                EVP_PKEY_encrypt(context, nil, &count, dataKey, dataKey.count) == 1
            else { throw cryptoFailure("RSA") }
            var wrapped = [UInt8](repeating: 0, count: count)
            guard EVP_PKEY_encrypt(context, &wrapped, &count, dataKey, dataKey.count) == 1 else {
                throw cryptoFailure("RSA")
            }
            return Array(wrapped[..<count])
        }
    }
}

/// A segment of a replica, as wrapped keys are bound to it.
struct SegmentName: Equatable {
    let replica: String
    let number: UInt64

    /// `<replica>/<number>` in ASCII.
    var bytes: [UInt8] { Array("\(replica)/\(number)".utf8) }
}

private enum OAEP {
    static func choose(_ context: OpaquePointer) -> Bool {
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1
            && EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1
    }
}

/// Private keys with which encrypted recordings are read.
public struct DecryptionKeys: Sendable {
    private struct Key: Sendable {
        let fingerprint: String
        let scheme: Recipient.Scheme
        let handle: KeyHandle
    }

    private let keys: [Key]

    /// Reads PEM files, each with one unencrypted X25519 or RSA private key.
    ///
    /// - Throws: `invalid` when one is something else.
    public init(files: [String]) throws(RecordingError) {
        var keys: [Key] = []
        for file in files {
            let text = try readFile(file, limit: KeyFile.maxBytes)
            guard let handle = KeyHandle.fromPEM(text, isPrivate: true), let scheme = Recipient.scheme(handle) else {
                throw RecordingError(
                    .invalid, file: file, "no X25519 or RSA private key in PEM form without a password")
            }
            keys.append(Key(fingerprint: try Recipient.fingerprint(handle), scheme: scheme, handle: handle))
        }
        self.keys = keys
    }

    /// Whether one of these keys is the wrapped key's recipient's.
    func isRecipient(_ entry: KeySidecar.Entry) -> Bool {
        keys.contains { $0.fingerprint == entry.fingerprint && $0.scheme.rawValue == entry.scheme }
    }

    /// A wrapped key, unwrapped; nil when none of these keys is its recipient's.
    func unwrap(_ wrapped: KeySidecar.Entry, of segment: SegmentName) throws(RecordingError) -> [UInt8]? {
        for key in keys where key.fingerprint == wrapped.fingerprint && key.scheme.rawValue == wrapped.scheme {
            switch key.scheme {
            case .x25519:
                return try Hpke.open(
                    wrapped.bytes, with: key.handle, info: Recipient.info, authenticated: segment.bytes)
            case .rsa: return Self.unwrapRSA(wrapped.bytes, key.handle)
            }
        }
        return nil
    }

    private static func unwrapRSA(_ wrapped: [UInt8], _ key: KeyHandle) -> [UInt8]? {
        guard let context = EVP_PKEY_CTX_new(key.pointer, nil) else { return nil }
        defer {
            EVP_PKEY_CTX_free(context)
            ERR_clear_error()
        }
        var count = 0
        guard EVP_PKEY_decrypt_init(context) == 1, OAEP.choose(context),
            EVP_PKEY_decrypt(context, nil, &count, wrapped, wrapped.count) == 1
        else { return nil }
        var plain = [UInt8](repeating: 0, count: count)
        guard EVP_PKEY_decrypt(context, &plain, &count, wrapped, wrapped.count) == 1 else { return nil }
        return Array(plain[..<count])
    }
}
