import COpenSSL
import Glibc

/// Timestamps of an authority (RFC 3161): that some bytes were there at a time.
public enum Timestamp {
    /// Bytes of a response beyond which it is not read.
    public static let maxResponseBytes = 256 << 10
    private static let nonceBytes = 8

    /// A request for the SHA-256 of `bytes`, with a nonce, asking for the authority's certificate: DER.
    public static func request(for bytes: [UInt8]) throws(RecordingError) -> [UInt8] {
        guard let request = TS_REQ_new() else { throw cryptoFailure("asking for a timestamp") }
        defer { TS_REQ_free(request) }
        let imprint = TS_MSG_IMPRINT_new()
        defer { TS_MSG_IMPRINT_free(imprint) }
        let algorithm = X509_ALGOR_new()
        defer { X509_ALGOR_free(algorithm) }
        let nonce = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(nonce) }
        var digest = try ChainHasher().digest(bytes)
        var number: UInt64 = 0
        for byte in try randomBytes(nonceBytes) { number = number << 8 | UInt64(byte) }
        guard X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1,
            TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1,
            TS_MSG_IMPRINT_set_msg(imprint, &digest, Int32(digest.count)) == 1,
            ASN1_INTEGER_set_uint64(nonce, number) == 1,
            TS_REQ_set_version(request, 1) == 1, TS_REQ_set_msg_imprint(request, imprint) == 1,
            TS_REQ_set_nonce(request, nonce) == 1, TS_REQ_set_cert_req(request, 1) == 1
        else { throw cryptoFailure("asking for a timestamp") }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_TS_REQ(request, &encoded)
        guard count > 0, let encoded else { throw cryptoFailure("asking for a timestamp") }
        defer { CRYPTO_free(encoded, #file, #line) }
        return Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }

    /// The time that a response says `bytes` were there, Unix time in seconds.
    ///
    /// - Parameters:
    ///   - request: which it must answer; nil: one that was kept is looked at later.
    ///   - authorities: a PEM file with the certificates that may have issued the authority's.
    /// - Throws: `damaged` when it does not say that, or another one signed it.
    public static func check(
        _ response: [UInt8], of bytes: [UInt8], request: [UInt8]? = nil, authorities: String, file: String
    ) throws(RecordingError) -> Int64 {
        let parsed = response.withUnsafeBufferPointer { raw in
            var start = raw.baseAddress
            return d2i_TS_RESP(nil, &start, raw.count)
        }
        guard let parsed else { throw refused(file, "not a timestamp") }
        defer { TS_RESP_free(parsed) }
        guard let context = TS_VERIFY_CTX_new() else { throw cryptoFailure("checking a timestamp") }
        defer { TS_VERIFY_CTX_free(context) }
        TS_VERIFY_CTX_set_flags(context, Int32(TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE))
        // The context frees what it is given.
        guard let digest = CRYPTO_malloc(ChainHasher.length, #file, #line) else {
            throw cryptoFailure("checking a timestamp")
        }
        digest.copyMemory(from: try ChainHasher().digest(bytes), byteCount: ChainHasher.length)
        TS_VERIFY_CTX_set_imprint(context, digest.assumingMemoryBound(to: UInt8.self), ChainHasher.length)
        guard let store = X509_STORE_new() else { throw cryptoFailure("checking a timestamp") }
        TS_VERIFY_CTX_set_store(context, store)
        guard X509_STORE_load_file(store, authorities) == 1 else {
            ERR_clear_error()
            throw RecordingError(.invalid, file: authorities, "no certificates in PEM form")
        }
        guard TS_RESP_verify_response(context, parsed) == 1 else {
            let reason = cryptoFailure("it").detail
            throw refused(file, "the timestamp proves nothing: \(reason)")
        }
        if let request, try !answers(parsed, request) { throw refused(file, "the timestamp answers another request") }
        return try time(of: parsed, file)
    }

    /// Whether the response repeats the request's nonce.
    private static func answers(_ response: OpaquePointer, _ request: [UInt8]) throws(RecordingError) -> Bool {
        let asked = request.withUnsafeBufferPointer { raw in
            var start = raw.baseAddress
            return d2i_TS_REQ(nil, &start, raw.count)
        }
        guard let asked else { throw RecordingError(.invalid, "not a request for a timestamp") }
        defer { TS_REQ_free(asked) }
        guard let info = TS_RESP_get_tst_info(response), let nonce = TS_TST_INFO_get_nonce(info) else { return false }
        return ASN1_INTEGER_cmp(nonce, TS_REQ_get_nonce(asked)) == 0
    }

    private static func time(of response: OpaquePointer, _ file: String) throws(RecordingError) -> Int64 {
        var parts = tm()
        guard let info = TS_RESP_get_tst_info(response), let time = TS_TST_INFO_get_time(info),
            ASN1_TIME_to_tm(time, &parts) == 1
        else { throw refused(file, "a timestamp without a time") }
        return Int64(timegm(&parts))
    }

    private static func refused(_ file: String, _ reason: String) -> RecordingError {
        ERR_clear_error()
        return RecordingError(.damaged, file: file, offset: 0, reason)
    }
}
