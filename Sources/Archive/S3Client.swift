import Foundation
import Glibc

/// The requests that an archive needs, each tried again a few times. Not for use by several threads at once.
public final class S3Client {
    /// Of one request.
    static let attempts = 4
    /// Before the second attempt; each further one waits twice as long.
    static let firstPause: Duration = .milliseconds(250)
    /// Between two looks whether to go on.
    static let pauseSlice: Duration = .milliseconds(50)

    /// What the store says about an object.
    struct Stored {
        var size: Int64
        var version: String?
        /// The store's own SHA-256; nil when it keeps none.
        var checksum: String?
        /// What was said at upload.
        var claimedSHA256: String?
        var lockMode: String?
        var lockedUntil: String?
    }

    let settings: S3Settings
    let goesOn: () -> Bool
    private let http: HTTPClient

    /// - Parameter goesOn: asked at least once a second while anything is waited for; false makes it throw `cancelled`.
    public init(_ settings: S3Settings, goesOn: @escaping () -> Bool = { true }) throws(S3Error) {
        self.settings = settings
        self.goesOn = goesOn
        http = try HTTPClient(settings, goesOn: goesOn)
    }

    // MARK: - Objects

    /// Returns the version, when the store keeps any.
    func put(_ key: String, _ body: HTTPRequest.Body, digest: [UInt8], headers: [(String, String)]) throws(S3Error)
        -> String?
    {
        let checksum = ("x-amz-checksum-sha256", base64(digest))
        let response = try perform(
            .put, key, headers: headers + [checksum], body: body, digest: digest, "upload \(key)")
        return version(response)
    }

    /// Nil when there is no such object.
    func head(_ key: String, version: String?) throws(S3Error) -> Stored? {
        let headers = [("x-amz-checksum-mode", "ENABLED")]
        do throws(S3Error) {
            let response = try perform(.head, key, query(version), headers: headers, "look at \(key)")
            guard let size = response.headers["content-length"].flatMap({ Int64($0) }) else {
                throw S3Error(.refused, "look at \(key): the store does not say how large it is")
            }
            return Stored(
                size: size, version: self.version(response), checksum: response.headers["x-amz-checksum-sha256"],
                claimedSHA256: response.headers["x-amz-meta-sha256"],
                lockMode: response.headers["x-amz-object-lock-mode"],
                lockedUntil: response.headers["x-amz-object-lock-retain-until-date"])
        } catch {
            guard error.code == .missing else { throw error }
            return nil
        }
    }

    /// Hands over an object's bytes in order. `start` comes before the first of each attempt.
    func get(
        _ key: String, version: String?, start: () throws(S3Error) -> Void,
        _ consumer: @escaping (UnsafeRawBufferPointer) -> Bool
    ) throws(S3Error) {
        try retrying { () throws(S3Error) in
            try start()
            _ = try once(.get, key, query(version), consumer: consumer, "read \(key)")
        }
    }

    func delete(_ key: String, version: String?) throws(S3Error) {
        _ = try perform(.delete, key, query(version), "delete \(key)")
    }

    // MARK: - Multipart uploads

    func beginUpload(_ key: String, headers: [(String, String)]) throws(S3Error) -> String {
        let algorithm = ("x-amz-checksum-algorithm", "SHA256")
        let response = try perform(
            .post, key, [("uploads", "")], headers: headers + [algorithm], "begin the upload of \(key)")
        guard let upload = XMLText.first("UploadId", in: response.body), !upload.isEmpty else {
            throw S3Error(.refused, "begin the upload of \(key): the store gives it no name")
        }
        return upload
    }

    /// Returns the part's entity tag.
    func putPart(
        _ key: String, upload: String, number: Int, _ body: HTTPRequest.Body, digest: [UInt8]
    ) throws(S3Error) -> String {
        let response = try perform(
            .put, key, [("partNumber", "\(number)"), ("uploadId", upload)],
            headers: [("x-amz-checksum-sha256", base64(digest))], body: body, digest: digest,
            "upload part \(number) of \(key)")
        guard let tag = response.headers["etag"], !tag.isEmpty else {
            throw S3Error(.refused, "upload part \(number) of \(key): the store gives it no tag")
        }
        return tag
    }

    func completeUpload(_ key: String, upload: String, parts: [(tag: String, digest: [UInt8])]) throws(S3Error) {
        var xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, part) in parts.enumerated() {
            xml += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(Self.escaped(part.tag))</ETag>"
            xml += "<ChecksumSHA256>\(base64(part.digest))</ChecksumSHA256></Part>"
        }
        let body = Array((xml + "</CompleteMultipartUpload>").utf8)
        try retrying { () throws(S3Error) in
            let what = "complete the upload of \(key)"
            let response = try once(
                .post, key, [("uploadId", upload)], headers: [("content-type", "application/xml")], body: .bytes(body),
                digest: SHA256Hasher.digest(body), what)
            // A success's headers may come before it fails (Amazon S3 API Reference, CompleteMultipartUpload).
            if XMLText.first("Code", in: response.body) != nil {
                throw S3Error(status: 500, body: response.body, what: what)
            }
        }
    }

    func abortUpload(_ key: String, upload: String) throws(S3Error) {
        do throws(S3Error) {
            _ = try perform(.delete, key, [("uploadId", upload)], "give up the upload of \(key)")
        } catch {
            // It was completed or given up before.
            guard error.code == .missing else { throw error }
        }
    }

    /// Uploads under way whose keys begin so: of a process that was killed.
    func uploads(prefix: String) throws(S3Error) -> [(key: String, upload: String)] {
        var found: [(String, String)] = []
        var marker: (key: String, upload: String)?
        repeat {
            var query = [("uploads", ""), ("prefix", prefix)]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.upload)] }
            let body = try perform(.get, "", query, "list the uploads of \(prefix)").body
            let page = Array(zip(XMLText.all("Key", in: body), XMLText.all("UploadId", in: body)))
            found += page
            let isCut = XMLText.first("IsTruncated", in: body) == "true"
            marker = isCut ? page.last.map { (key: $0.0, upload: $0.1) } : nil
        } while marker != nil
        return found.map { (key: $0.0, upload: $0.1) }
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }

    // MARK: - Sending

    private func query(_ version: String?) -> [(String, String)] { version.map { [("versionId", $0)] } ?? [] }

    /// Of characters that may stand in a list of words; a bucket whose versions are suspended says `null`.
    private func version(_ response: HTTPResponse) -> String? {
        guard let version = response.headers["x-amz-version-id"], !version.isEmpty,
            version.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return nil }
        return version
    }

    private func perform(
        _ method: HTTPRequest.Method, _ key: String, _ query: [(String, String)] = [],
        headers: [(String, String)] = [], body: HTTPRequest.Body = .none, digest: [UInt8]? = nil, _ what: String
    ) throws(S3Error) -> HTTPResponse {
        try retrying { () throws(S3Error) in
            try once(method, key, query, headers: headers, body: body, digest: digest, what)
        }
    }

    private func once(
        _ method: HTTPRequest.Method, _ key: String, _ query: [(String, String)], headers: [(String, String)] = [],
        body: HTTPRequest.Body = .none, digest: [UInt8]? = nil, consumer: ((UnsafeRawBufferPointer) -> Bool)? = nil,
        _ what: String
    ) throws(S3Error) -> HTTPResponse {
        let request = HTTPRequest(
            method: method, url: settings.url(key, query), headers: headers.map { (name: $0.0, value: $0.1) },
            body: body,
            bodyDigest: digest ?? SHA256Hasher.digest([]), consumer: consumer)
        let response = try http.send(request, what)
        guard response.isSuccess else { throw S3Error(status: response.status, body: response.body, what: what) }
        return response
    }

    private func retrying<Value>(_ body: () throws(S3Error) -> Value) throws(S3Error) -> Value {
        var pause = Self.firstPause
        for _ in 1..<Self.attempts {
            do throws(S3Error) {
                return try body()
            } catch {
                guard error.code == .unavailable else { throw error }
            }
            // Several processes that failed together do not come again together.
            try wait(pause * Double.random(in: 0.5...1.5))
            pause *= 2
        }
        return try body()
    }

    private func wait(_ duration: Duration) throws(S3Error) {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            guard goesOn() else { throw .cancelled }
            usleep(UInt32(Self.pauseSlice / .microseconds(1)))
        }
    }
}
