import Foundation

/// Where a process serves its metrics, and the serving itself.
public enum Monitoring {
    /// Environment variable with a TCP address to serve on as well: `127.0.0.1:9464`, `[::1]:9464`.
    public static let listenVariable = "SLUICE_METRICS_LISTEN"

    /// The folder of all processes' sockets beside the bus directory.
    public static func folder(bus: String) -> String {
        bus.lastIndex(of: "/").map { String(bus[..<$0]) + "/metrics" } ?? "metrics"
    }

    /// One process's socket.
    public static func socket(folder: String, stage: String, replica: String) -> String {
        "\(folder)/\(stage).\(replica)"
    }

    /// Serves ``ProcessTelemetry/current`` on the process's Unix socket, and on the address that the environment names.
    ///
    /// A socket that cannot be had is logged, since a process that works unseen is better than none. An address that
    /// somebody asked for and cannot be had throws.
    public static func start(
        stage: String, replica: String, bus: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> MetricsServer {
        let telemetry = ProcessTelemetry.current
        let server = MetricsServer(
            tick: { telemetry.tick() },
            respond: { telemetry.response(to: $0, stage: stage, replica: replica) })
        let folder = folder(bus: bus)
        do {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw MonitoringError("cannot make \(folder): \(String(cString: strerror(errno)))")
            }
            try server.listen(path: socket(folder: folder, stage: stage, replica: replica))
        } catch {
            ProcessLog.current.log(LogEntry(.error, "no metrics socket: \(error)"))
        }
        if let address = environment[listenVariable], !address.isEmpty {
            let (host, port) = try hostAndPort(address)
            do {
                try server.listen(host: host, port: port)
            } catch {
                throw MonitoringError("cannot serve metrics on \(address): \(error)")
            }
        }
        return server
    }

    /// `host:port` or `[address]:port`, the port from 1 to 65535.
    public static func hostAndPort(_ text: String) throws(MonitoringError) -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { throw MonitoringError("“\(text)” is no address: expected host:port") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("["), !host.contains("]") else {
            throw MonitoringError("“\(text)” is no address: expected host:port")
        }
        return (String(host), port)
    }
}

/// Why metrics cannot be served.
public struct MonitoringError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

extension ProcessTelemetry {
    /// What this process answers to a monitor.
    public func response(to endpoint: MetricsEndpoint, stage: String, replica: String) -> MetricsResponse {
        switch endpoint {
        case .metrics:
            return .metrics(
                Exposition.text(
                    registry.families(), labels: [.init("stage", stage), .init("replica", replica)]))
        case .health: return .verdict(health.unhealthyReason())
        case .readiness: return .verdict(health.unreadyReason())
        case .status:
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                return .json(try encoder.encode(status(stage: stage, replica: replica)))
            } catch {
                return MetricsResponse(status: 500, body: "the status cannot be written\n")
            }
        }
    }
}
