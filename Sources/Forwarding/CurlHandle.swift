import CCurl
import Configuration

/// One easy handle of libcurl. Used by one thread at a time.
final class CurlHandle {
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    let raw: OpaquePointer

    init() throws(ForwardError) {
        guard Self.isReady, let handle = curl_easy_init() else {
            throw ForwardError(.connection, "libcurl cannot be used")
        }
        raw = OpaquePointer(handle)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
    }

    deinit { curl_easy_cleanup(pointer) }

    var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(raw) }

    func set(_ option: CURLoption, _ value: Int) throws(ForwardError) {
        try check(sluice_curl_set_long(pointer, option, value))
    }

    /// libcurl keeps a copy.
    func set(_ option: CURLoption, _ value: String) throws(ForwardError) {
        try check(sluice_curl_set_string(pointer, option, value))
    }

    func check(_ code: CURLcode) throws(ForwardError) {
        guard code == CURLE_OK else { throw Self.failure(code) }
    }

    /// Gives what is received to `function`, as CURLOPT_WRITEFUNCTION wants it.
    func give(
        to context: UnsafeMutableRawPointer?, _ function: @escaping sluice_curl_transfer
    ) throws(ForwardError) {
        try check(sluice_curl_set_transfer(pointer, CURLOPT_WRITEFUNCTION, function))
        try check(sluice_curl_set_pointer(pointer, CURLOPT_WRITEDATA, context))
    }

    /// Makes it one that posts to an address, and no other.
    ///
    /// - Parameter authorities: a PEM file, instead of the system's.
    func preparePost(
        _ url: String, authorities: String?, seconds: Int, agent: String
    ) throws(ForwardError) {
        try set(CURLOPT_URL, url)
        try set(CURLOPT_PROTOCOLS_STR, url.hasPrefix("https:") ? "https" : "http")
        try set(CURLOPT_POST, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_TIMEOUT, seconds)
        try set(CURLOPT_USERAGENT, agent)
        if PostAddress.isPlainLoopback(url) { try set(CURLOPT_NOPROXY, "*") }
        if let authorities {
            try set(CURLOPT_CAINFO, authorities)
            try check(sluice_curl_set_pointer(pointer, CURLOPT_CAPATH, nil))
        }
    }

    /// Posts, and waits for the answer, whatever it is.
    func post(_ body: [UInt8], headers lines: [String]) throws(ForwardError) {
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        for line in lines { headers = curl_slist_append(headers, line) }
        try check(sluice_curl_set_pointer(pointer, CURLOPT_HTTPHEADER, headers))
        try set(CURLOPT_POSTFIELDSIZE, body.count)
        let code = try body.withUnsafeBufferPointer { bytes throws(ForwardError) in
            try check(
                sluice_curl_set_pointer(
                    pointer, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress)))
            return curl_easy_perform(pointer)
        }
        try check(code)
    }

    /// - Throws: `refused` when the answer is none of 2xx.
    func judge() throws(ForwardError) {
        var status = 0
        try check(sluice_curl_get_long(pointer, CURLINFO_RESPONSE_CODE, &status))
        guard !(200..<300).contains(status) else { return }
        var asked: curl_off_t = 0
        try check(sluice_curl_get_offset(pointer, CURLINFO_RETRY_AFTER, &asked))
        throw ForwardError(.refused, "the receiver answered \(status)", retryAfter: asked > 0 ? Int(asked) : nil)
    }

    static func failure(_ code: CURLcode) -> ForwardError {
        ForwardError(.connection, String(cString: curl_easy_strerror(code)))
    }
}
