import Foundation
import Recording

/// Why the archive could not do what was asked. Never holds a credential, a signature or what the server wrote about them.
public struct S3Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is; may grow.
    public struct Code: Sendable, Hashable {
        let name: String
        /// No answer, or one that says to come again.
        public static let unavailable = Code(name: "unavailable")
        /// The credentials, or what they may do.
        public static let denied = Code(name: "denied")
        /// No such object, bucket or upload.
        public static let missing = Code(name: "missing")
        /// The server would not take the request as it is.
        public static let refused = Code(name: "refused")
        /// What the store has is not what it was given.
        public static let notProven = Code(name: "notProven")
        /// A file here could not be read or written.
        public static let local = Code(name: "local")
        /// This process is told to end.
        public static let cancelled = Code(name: "cancelled")
    }

    public let code: Code
    /// The name that the server gave it, such as `NoSuchBucket`; empty without.
    public let serverCode: String
    /// For the operator.
    public let detail: String

    public init(_ code: Code, server: String = "", _ detail: String) {
        self.code = code
        serverCode = server
        self.detail = detail
    }

    public var description: String { detail }

    static let cancelled = S3Error(.cancelled, "cancelled")

    static func local(_ error: RecordingError) -> S3Error { S3Error(.local, "\(error)") }
}

extension S3Error {
    private static let maxServerCode = 64

    /// What a response of status 300 or more says. Of its body only the error's name is taken: S3 servers repeat keys and
    /// what was to be signed in the rest.
    init(status: Int, body: [UInt8], what: String) {
        let named = XMLText.first("Code", in: body) ?? ""
        let isName =
            named.utf8.count <= Self.maxServerCode
            && named.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0 & 0xdf) }
        let server = isName ? named : ""
        let code: Code
        switch status {
        case 404: code = .missing
        case 401, 403: code = Self.isAboutNow(server) ? .unavailable : .denied
        case 408, 429, 500...: code = .unavailable
        default: code = Self.isAboutNow(server) ? .unavailable : .refused
        }
        let name = server.isEmpty ? "HTTP status \(status)" : "HTTP status \(status), \(server)"
        let advice = Self.advice(server).map { ": \($0)" } ?? ""
        self.init(code, server: server, "\(what): the store answers \(name)\(advice)")
    }

    private static func isAboutNow(_ server: String) -> Bool {
        ["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"].contains(server)
    }

    private static func advice(_ server: String) -> String? {
        switch server {
        case "SignatureDoesNotMatch": "secret_key is not this access key's, or region is another"
        case "InvalidAccessKeyId": "there is no such access_key"
        case "AccessDenied": "this access key may not do that"
        case "NoSuchBucket": "there is no such bucket"
        case "RequestTimeTooSkewed": "this host's clock is wrong"
        case "BadDigest", "XAmzContentSHA256Mismatch": "what arrived is not what was sent"
        default: nil
        }
    }
}

/// The text of elements in the flat answers of S3, which have no attributes where it matters, no comments and no CDATA.
enum XMLText {
    static func first(_ name: String, in body: [UInt8]) -> String? { all(name, in: body).first }

    /// The text of every element of that name, in order.
    static func all(_ name: String, in body: [UInt8]) -> [String] {
        let text = String(decoding: body, as: UTF8.self)
        var found: [String] = []
        var rest = text[...]
        while let begin = rest.range(of: "<\(name)>"), let end = rest[begin.upperBound...].range(of: "</\(name)>") {
            found.append(unescaped(rest[begin.upperBound..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }

    private static func unescaped(_ text: Substring) -> String {
        let entities = [
            ("&quot;", "\""), ("&#34;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&amp;", "&"),
        ]
        return entities.reduce(String(text)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}
