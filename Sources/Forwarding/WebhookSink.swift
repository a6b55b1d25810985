import CCurl
import Configuration
import Foundation
import Glibc

/// POST of some events at a time; any answer of 2xx accepts them all.
final class WebhookSink: Sink {
    let batch: Int
    private let settings: WebhookSettings
    private let signature: WebhookSignature
    private var handle: CurlHandle?
    private var sent = 0

    init(_ settings: WebhookSettings) throws(ForwardError) {
        let secret: String
        do throws(SecretError) {
            secret = try settings.secret.resolve()
        } catch {
            throw ForwardError(.settings, "the secret of \(settings.url): \(error.message)")
        }
        signature = try WebhookSignature(secret: secret)
        if let path = settings.certificateAuthority, access(path, R_OK) != 0 {
            throw ForwardError(.settings, "\(path): \(String(cString: strerror(errno)))")
        }
        self.settings = settings
        batch = settings.batch
    }

    func send(_ events: [ForwardedEvent]) throws(ForwardError) {
        let body = Self.body(events, settings.format)
        let handle: CurlHandle
        if let open = self.handle { handle = open } else { handle = try open() }
        self.handle = handle
        let id = WebhookSignature.id(of: events)
        let now = time(nil)
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        for line in [
            "content-type: " + Self.contentType(settings.format), "webhook-id: \(id)", "webhook-timestamp: \(now)",
            "webhook-signature: \(signature.header(id: id, timestamp: now, body: body))", "expect:",
        ] {
            headers = curl_slist_append(headers, line)
        }
        try handle.check(curl_set_pointer(handle.pointer, CURLOPT_HTTPHEADER, headers))
        try handle.set(CURLOPT_POSTFIELDSIZE, body.count)
        let code = try body.withUnsafeBufferPointer { bytes throws(ForwardError) in
            try handle.check(
                curl_set_pointer(
                    handle.pointer, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress)))
            return curl_easy_perform(handle.pointer)
        }
        try handle.check(code)
        try Self.judge(handle)
        sent += 1
    }

    func accepted() -> Int {
        defer { sent = 0 }
        return sent
    }

    func reset() {
        handle = nil
        sent = 0
    }

    /// The events as they are posted.
    static func body(_ events: [ForwardedEvent], _ format: WebhookSettings.Format) -> [UInt8] {
        switch format {
        case .array: Array("[".utf8) + events.map(\.json).joined(separator: Array(",\n".utf8)) + Array("]".utf8)
        case .lines: events.flatMap { $0.json + [UInt8(ascii: "\n")] }
        }
    }

    private static func contentType(_ format: WebhookSettings.Format) -> String {
        switch format {
        case .array: "application/json"
        case .lines: "application/x-ndjson"
        }
    }

    private func open() throws(ForwardError) -> CurlHandle {
        let handle = try CurlHandle()
        try handle.set(CURLOPT_URL, settings.url)
        try handle.set(CURLOPT_PROTOCOLS_STR, settings.url.hasPrefix("https:") ? "https" : "http")
        try handle.set(CURLOPT_POST, 1)
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_TIMEOUT, settings.timeoutSeconds)
        try handle.set(CURLOPT_USERAGENT, "sluice-forwarder")
        if let path = settings.certificateAuthority { try handle.set(CURLOPT_CAINFO, path) }
        // What the receiver says beside its status is dropped.
        try handle.check(curl_set_write(handle.pointer, { _, size, count, _ in size * count }, nil))
        return handle
    }

    private static func judge(_ handle: CurlHandle) throws(ForwardError) {
        var status = 0
        try handle.check(curl_get_long(handle.pointer, CURLINFO_RESPONSE_CODE, &status))
        guard !(200..<300).contains(status) else { return }
        var asked: curl_off_t = 0
        try handle.check(curl_get_offset(handle.pointer, CURLINFO_RETRY_AFTER, &asked))
        throw ForwardError(.refused, "the receiver answered \(status)", retryAfter: asked > 0 ? Int(asked) : nil)
    }
}
