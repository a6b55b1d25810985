/// Where the store is and how it is spoken to.
public struct S3Settings: Sendable {
    /// How long an uploaded segment cannot be deleted.
    public struct Lock: Sendable, Equatable {
        /// `GOVERNANCE` or `COMPLIANCE`, as S3 spells it.
        public var mode: String
        public var days: Int

        public init(mode: String, days: Int) {
            self.mode = mode
            self.days = days
        }
    }

    /// `https://host:port`
    public var endpoint: String
    public var bucket: String
    public var region: String
    /// The bucket stands in the path; otherwise before the host's name.
    public var isPathStyle: Bool
    public var credentials: S3Credentials
    /// A PEM file of authorities; nil: the system's.
    public var certificateAuthority: String?
    /// A file above this many bytes is uploaded in parts of this size.
    public var partBytes: Int
    public var lock: Lock?

    public init(
        endpoint: String, bucket: String, region: String = "us-east-1", isPathStyle: Bool = true,
        credentials: S3Credentials, certificateAuthority: String? = nil, partBytes: Int = 16 << 20, lock: Lock? = nil
    ) {
        self.endpoint = endpoint
        self.bucket = bucket
        self.region = region
        self.isPathStyle = isPathStyle
        self.credentials = credentials
        self.certificateAuthority = certificateAuthority
        self.partBytes = partBytes
        self.lock = lock
    }

    /// Of an object, or of the bucket when `key` is empty. Keys have no characters that would have to be escaped.
    func url(_ key: String, _ query: [(String, String)]) -> String {
        let base: String
        if isPathStyle {
            base = "\(endpoint)/\(bucket)" + (key.isEmpty ? "" : "/" + key)
        } else {
            let scheme = endpoint.hasPrefix("https://") ? "https://" : "http://"
            base = "\(scheme)\(bucket).\(endpoint.dropFirst(scheme.count))/\(key)"
        }
        return query.isEmpty ? base : base + "?" + Self.canonical(query)
    }

    /// In the form that is signed (Amazon S3 API Reference, "canonical query string"): sorted, each name with `=`. libcurl
    /// before 8 signs a query just as it stands in the URL.
    static func canonical(_ query: [(String, String)]) -> String {
        query.map { (escaped($0), escaped($1)) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0)=\($1)" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}

/// An access key and its secret. No description shows either.
public struct S3Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let accessKey: String
    let secretKey: String

    public init(accessKey: String, secretKey: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    public var description: String { "S3Credentials" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
