import COpenSSL
import Foundation

/// Standard Webhooks (standardwebhooks.com, specification 1.0.0): symmetric signatures, `v1`.
struct WebhookSignature {
    static let prefix = "whsec_"
    /// Bytes of a key.
    static let keySizes = 24...64

    private let key: [UInt8]

    /// - Parameter secret: `whsec_` and the key in base64.
    init(secret: String) throws(ForwardError) {
        guard secret.hasPrefix(Self.prefix), let key = Data(base64Encoded: String(secret.dropFirst(Self.prefix.count))),
            Self.keySizes.contains(key.count)
        else {
            throw ForwardError(
                .settings,
                "a webhook's secret is \(Self.prefix) and \(Self.keySizes.lowerBound) to \(Self.keySizes.upperBound) bytes "
                    + "in base64")
        }
        self.key = [UInt8](key)
    }

    /// The header `webhook-signature`.
    ///
    /// - Parameter timestamp: Unix time, seconds.
    func header(id: String, timestamp: Int, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let made = HMAC(EVP_sha256(), key, Int32(key.count), signed, signed.count, &code, &length)
        precondition(made != nil, "HMAC-SHA-256 needs memory alone")
        return "v1," + Data(code.prefix(Int(length))).base64EncodedString()
    }

    /// An id for a request with these events: the same whenever they are sent together.
    static func id(of events: [ForwardedEvent]) -> String {
        let text = Array(events.map(\.id).joined(separator: "\n").utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(text, text.count, &digest)
        return "msg_"
            + Data(digest.prefix(18)).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
    }
}
