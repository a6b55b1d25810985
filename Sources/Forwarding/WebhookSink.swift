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
        try handle.post(
            body,
            headers: [
                "content-type: " + Self.contentType(settings.format), "webhook-id: \(id)", "webhook-timestamp: \(now)",
                "webhook-signature: \(signature.header(id: id, timestamp: now, body: body))", "expect:",
            ])
        try handle.judge()
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
        try handle.preparePost(
            settings.url, authorities: settings.certificateAuthority, seconds: settings.timeoutSeconds,
            agent: "sluice-forwarder")
        // What the receiver says beside its status is dropped.
        try handle.give(to: nil) { _, size, count, _ in size * count }
        return handle
    }
}
