import COpenSSL

/// A SHA-256 digest of bytes that come one after the other.
public final class RunningDigest {
    private let context: OpaquePointer

    public init() { context = Self.context() }

    deinit { EVP_MD_CTX_free(context) }

    private static func context() -> OpaquePointer {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto offers no SHA-256")
        }
        return context
    }

    /// Adds `bytes`, which are only read during the call.
    public func add(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.isEmpty || EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            preconditionFailure("libcrypto cannot go on with SHA-256")
        }
    }

    /// The digest of all that was added so far.
    public var value: [UInt8] {
        let copy = Self.context()
        defer { EVP_MD_CTX_free(copy) }
        return [UInt8](unsafeUninitializedCapacity: SHA256Digest.byteCount) { buffer, count in
            guard EVP_MD_CTX_copy_ex(copy, context) == 1, EVP_DigestFinal_ex(copy, buffer.baseAddress, nil) == 1 else {
                preconditionFailure("libcrypto cannot finish SHA-256")
            }
            count = SHA256Digest.byteCount
        }
    }
}
