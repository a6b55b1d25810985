import StrictYAML

/// How log lines look.
public enum LogStyle: String, Sendable, CaseIterable {
    case text, json
}

/// Where `sluice up` serves the metrics of all its processes over HTTP.
public struct MetricsListener: Sendable, Equatable {
    /// `127.0.0.1`, `::1` or `localhost`.
    public let host: String
    public let port: Int

    static let loopback = ["127.0.0.1", "::1", "localhost"]

    init(_ node: StrictNode) throws(ConfigurationError) {
        var keys = try node.mapping()
        let listen = try keys.required("listen")
        try keys.finish()
        guard let (host, port) = Endpoint.hostAndPort(try listen.string()) else {
            throw listen.error("expected host:port, such as 127.0.0.1:9464")
        }
        guard Self.loopback.contains(host) else {
            throw listen.error(
                "metrics have no authentication: listen on 127.0.0.1, \"[::1]\" or localhost, and let what guards "
                    + "this host pass them on")
        }
        self.host = host
        self.port = port
    }
}
