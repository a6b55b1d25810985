import CCurl
import Foundation

/// One connection to the store by libcurl, which signs each request (AWS Signature Version 4). Not for use by several
/// threads at once.
///
/// Bounds: 10 s to connect; a transfer that moves less than 1 KiB/s for 30 s ends, and one with nothing to move too.
final class HTTPClient {
    static let connectSeconds = 10
    static let slowestBytesPerSecond = 1024
    static let slowSeconds = 30
    /// Of answers that are kept in memory; larger ones are refused.
    static let maxBodyBytes = 4 << 20
    static let maxHeaderBytes = 64 << 10

    private static let isStarted: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let settings: S3Settings
    private let handle: UnsafeMutableRawPointer
    private let goesOn: () -> Bool
    /// The first setting of the request under way that libcurl did not take: it may be what makes it check certificates.
    private var untaken = CURLE_OK

    /// - Parameter goesOn: asked about once a second while a transfer is under way; false ends it.
    init(_ settings: S3Settings, goesOn: @escaping () -> Bool) throws(S3Error) {
        guard Self.isStarted, let handle = curl_easy_init() else { throw S3Error(.local, "libcurl cannot start") }
        self.settings = settings
        self.handle = handle
        self.goesOn = goesOn
    }

    deinit { curl_easy_cleanup(handle) }

    /// Sends a request and reads its answer, whatever its status is.
    ///
    /// - Throws: `unavailable` without a whole answer, `cancelled` when ``goesOn`` or the request's consumer ends it.
    func send(_ request: HTTPRequest, _ what: String) throws(S3Error) -> HTTPResponse {
        let transfer = Transfer(request, goesOn: goesOn)
        // Keeps the connection, and nothing of the request before.
        curl_easy_reset(handle)
        var problem = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let headers = Self.list(request)
        defer { curl_slist_free_all(headers) }
        let code = problem.withUnsafeMutableBufferPointer { buffer in
            withExtendedLifetime(transfer) { () -> CURLcode in
                untaken = CURLE_OK
                note(sluice_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, buffer.baseAddress))
                setUp(request, transfer)
                note(sluice_curl_set_headers(handle, headers))
                let code = untaken == CURLE_OK ? curl_easy_perform(handle) : untaken
                sluice_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, nil)
                return code
            }
        }
        guard untaken == CURLE_OK else {
            throw S3Error(.local, "libcurl cannot do what is needed: \(String(cString: curl_easy_strerror(untaken)))")
        }
        if transfer.isCancelled { throw .cancelled }
        if transfer.isTooLarge { throw S3Error(.refused, "\(what): the answer is larger than any that is known") }
        guard code == CURLE_OK else {
            let text = String(decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
            throw S3Error(.unavailable, "\(what): \(settings.endpoint) cannot be reached: \(reason)")
        }
        var status = 0
        sluice_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        transfer.response.status = status
        return transfer.response
    }

    private static func list(_ request: HTTPRequest) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        let digest = ("x-amz-content-sha256", hexadecimal(request.bodyDigest))
        for (name, value) in request.headers + [digest] { list = curl_slist_append(list, "\(name): \(value)") }
        return list
    }

    private func setUp(_ request: HTTPRequest, _ transfer: Transfer) {
        text(CURLOPT_URL, request.url)
        text(CURLOPT_PROTOCOLS_STR, settings.endpoint.hasPrefix("https://") ? "https" : "http")
        text(CURLOPT_AWS_SIGV4, "aws:amz:\(settings.region):s3")
        text(CURLOPT_USERNAME, settings.credentials.accessKey)
        text(CURLOPT_PASSWORD, settings.credentials.secretKey)
        if let authority = settings.certificateAuthority {
            text(CURLOPT_CAINFO, authority)
            note(sluice_curl_set_pointer(handle, CURLOPT_CAPATH, nil))
        }
        // Unencrypted is loopback alone, which no proxy reaches.
        if !settings.endpoint.hasPrefix("https://") { text(CURLOPT_NOPROXY, "*") }
        for (option, value) in [
            (CURLOPT_SSL_VERIFYPEER, 1), (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)), (CURLOPT_CONNECTTIMEOUT, Self.connectSeconds),
            (CURLOPT_LOW_SPEED_LIMIT, Self.slowestBytesPerSecond), (CURLOPT_LOW_SPEED_TIME, Self.slowSeconds),
            (CURLOPT_NOPROGRESS, 0), (CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
        ] as [(CURLoption, Int)] {
            note(sluice_curl_set_long(handle, option, value))
        }
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_XFERINFODATA, CURLOPT_SEEKDATA]
        {
            note(sluice_curl_set_pointer(handle, option, context))
        }
        let take: sluice_curl_transfer = { Transfer.from($3)?.take($0, $1 * $2) ?? 0 }
        let takeHeader: sluice_curl_transfer = { Transfer.from($3)?.takeHeader($0, $1 * $2) ?? 0 }
        let give: sluice_curl_transfer = { Transfer.from($3)?.give($0, $1 * $2) ?? Int(CURL_READFUNC_ABORT) }
        note(sluice_curl_set_transfer(handle, CURLOPT_WRITEFUNCTION, take))
        note(sluice_curl_set_transfer(handle, CURLOPT_HEADERFUNCTION, takeHeader))
        note(sluice_curl_set_transfer(handle, CURLOPT_READFUNCTION, give))
        note(sluice_curl_set_seek(handle) { Transfer.from($0)?.seek(Int64($1), $2) ?? CURL_SEEKFUNC_FAIL })
        note(sluice_curl_set_progress(handle) { context, _, _, _, _ in Transfer.from(context)?.progress() ?? 1 })
        switch request.method {
        case .get: note(sluice_curl_set_long(handle, CURLOPT_HTTPGET, 1))
        case .head: note(sluice_curl_set_long(handle, CURLOPT_NOBODY, 1))
        case .delete: text(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        case .put:
            note(sluice_curl_set_long(handle, CURLOPT_UPLOAD, 1))
            note(sluice_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(transfer.bodyLength)))
        case .post:
            note(sluice_curl_set_long(handle, CURLOPT_POST, 1))
            note(sluice_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(transfer.bodyLength)))
        }
    }

    private func text(_ option: CURLoption, _ value: String) { note(sluice_curl_set_string(handle, option, value)) }

    private func note(_ code: CURLcode) { if untaken == CURLE_OK { untaken = code } }
}
