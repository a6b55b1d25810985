import Logging

/// Lets what libraries and custom stages log through swift-log come out as the process's own lines do. Metadata but
/// `session` and `trace` is left out: nobody vouches that it carries no data.
public struct ProcessLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel = Logger.Level.info

    public init() {}

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: Logging.LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        ProcessLog.current.log(
            LogEntry(
                Self.level(event.level), "\(event.message)", session: all["session"].map { "\($0)" } ?? "",
                trace: all["trace"].map { "\($0)" } ?? ""))
    }

    private static func level(_ level: Logger.Level) -> LogLevel {
        switch level {
        case .trace, .debug: .debug
        case .info, .notice: .info
        case .warning: .warning
        case .error, .critical: .error
        }
    }
}
