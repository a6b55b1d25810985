import CCurl

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
        try check(curl_set_long(pointer, option, value))
    }

    /// libcurl keeps a copy.
    func set(_ option: CURLoption, _ value: String) throws(ForwardError) {
        try check(curl_set_string(pointer, option, value))
    }

    func check(_ code: CURLcode) throws(ForwardError) {
        guard code == CURLE_OK else { throw Self.failure(code) }
    }

    static func failure(_ code: CURLcode) -> ForwardError {
        ForwardError(.connection, String(cString: curl_easy_strerror(code)))
    }
}
