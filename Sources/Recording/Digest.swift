import COpenSSL

/// SHA-256 over (previous chain value, header fields, payload), with one reused OpenSSL context.
final class ChainHasher {
    static let length = 32
    static let zero = [UInt8](repeating: 0, count: length)
    private let context: OpaquePointer
    private let algorithm: OpaquePointer?

    init() throws(RecordingError) {
        guard let context = EVP_MD_CTX_new() else { throw RecordingError(.unusable, "no memory for SHA-256") }
        self.context = context
        algorithm = EVP_sha256()
    }

    deinit { EVP_MD_CTX_free(context) }

    func link(
        previous: [UInt8], header: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) throws(RecordingError) -> [UInt8] {
        var value = Self.zero
        let done =
            EVP_DigestInit_ex(context, algorithm, nil) == 1
            && EVP_DigestUpdate(context, previous, previous.count) == 1
            && (header.isEmpty || EVP_DigestUpdate(context, header.baseAddress, header.count) == 1)
            && (payload.isEmpty || EVP_DigestUpdate(context, payload.baseAddress, payload.count) == 1)
            && EVP_DigestFinal_ex(context, &value, nil) == 1
        guard done else { throw RecordingError(.unusable, "SHA-256 failed") }
        return value
    }
}

extension ChainHasher {
    /// SHA-256 of bytes that follow nothing.
    func digest(_ bytes: [UInt8]) throws(RecordingError) -> [UInt8] {
        try link(previous: bytes, header: Self.nothing, payload: Self.nothing)
    }

    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

func authenticationCode(_ bytes: some Sequence<UInt8>, key: [UInt8]) throws(RecordingError) -> [UInt8] {
    var value = ChainHasher.zero
    let input = Array(bytes)
    guard HMAC(EVP_sha256(), key, Int32(key.count), input, input.count, &value, nil) != nil else {
        throw RecordingError(.unusable, "HMAC-SHA256 failed")
    }
    return value
}

func equalInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}
