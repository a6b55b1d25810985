/// What a monitor may ask.
public enum MetricsEndpoint: String, Sendable, CaseIterable {
    case metrics = "/metrics"
    /// 200 while the work loops turn.
    case health = "/healthz"
    /// 200 while the process should get work.
    case readiness = "/readyz"
    case status = "/status"
}

/// An answer to a monitor.
public struct MetricsResponse: Sendable, Equatable {
    public var status: Int
    public var contentType: String
    public var body: String

    public init(status: Int, contentType: String = "text/plain; charset=utf-8", body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// `reason` nil: 200 “ok”, else 503 with the reason.
    public static func verdict(_ reason: String?) -> MetricsResponse {
        MetricsResponse(status: reason == nil ? 200 : 503, body: (reason ?? "ok") + "\n")
    }

    public static func metrics(_ text: String) -> MetricsResponse {
        MetricsResponse(status: 200, contentType: Exposition.contentType, body: text)
    }

    public static func json(_ bytes: some Sequence<UInt8>) -> MetricsResponse {
        MetricsResponse(
            status: 200, contentType: "application/json", body: String(decoding: Array(bytes), as: UTF8.self) + "\n")
    }
}
