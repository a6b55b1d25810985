import COpenSSL

/// An Ed25519 public key (RFC 8032) that a recorder signs with: what an auditor has.
public struct VerificationKey: Sendable, Hashable {
    static let length = 32
    static let signatureLength = 64

    /// 32 bytes.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) throws(RecordingError) {
        guard bytes.count == Self.length else {
            throw RecordingError(.invalid, "an Ed25519 public key has \(Self.length) bytes")
        }
        self.bytes = bytes
    }

    /// The key in 32 bytes of a structure.
    init(_ raw: UnsafeRawBufferPointer, at place: Int) { bytes = raw.bytes(place..<(place + Self.length)) }

    /// Reads a PEM file.
    ///
    /// - Throws: `invalid` when it holds no Ed25519 public key.
    public init(file: String) throws(RecordingError) {
        let text = try readFile(file, limit: KeyFile.maxBytes)
        guard let key = KeyHandle.fromPEM(text, isPrivate: false), key.type == EVP_PKEY_ED25519 else {
            throw RecordingError(.invalid, file: file, "no Ed25519 public key in PEM form: use recording.pub")
        }
        bytes = try key.rawPublic()
    }

    public func pem() throws(RecordingError) -> String {
        guard let key = KeyHandle.raw(EVP_PKEY_ED25519, public: bytes) else { throw cryptoFailure("reading a key") }
        return try key.pem(isPrivate: false)
    }

    /// 64 hexadecimal digits.
    public var hex: String { hexadecimal(bytes) }

    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureLength, let key = KeyHandle.raw(EVP_PKEY_ED25519, public: bytes),
            let context = EVP_MD_CTX_new()
        else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

enum KeyFile {
    /// Bytes of a key file in PEM form; longer ones are cut and then no key.
    static let maxBytes = 64 << 10
}
