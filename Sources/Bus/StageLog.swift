import Foundation
import Logging
import Telemetry

/// The process log: one line an event on standard error, with the session where there is one. Never data or secrets.
public enum StageLog {
    /// Environment variable with the lines' form: `text` or `json`.
    public static let formatVariable = "SLUICE_LOG"

    /// Names the process in its lines, and sends what libraries log through swift-log the same way. Call once. Throws
    /// when the environment asks for an unknown form.
    public static func bootstrap(_ environment: StageEnvironment) throws(BusError) {
        let asked = ProcessInfo.processInfo.environment[formatVariable] ?? ""
        guard let format = asked.isEmpty ? .text : LogFormat(rawValue: asked) else {
            throw BusError(.environment, "\(formatVariable) is “\(asked)”: it may be text or json")
        }
        ProcessLog.current.use(format, stage: environment.stage, replica: environment.replica)
        LoggingSystem.bootstrap { _ in ProcessLogHandler() }
    }

    /// `traceparent`: the header's, or empty.
    public static func error(_ message: @autoclosure () -> String, session: String = "", traceparent: String = "") {
        log(.error, message(), session, traceparent)
    }

    public static func info(_ message: @autoclosure () -> String, session: String = "", traceparent: String = "") {
        log(.info, message(), session, traceparent)
    }

    private static func log(_ level: LogLevel, _ message: String, _ session: String, _ traceparent: String) {
        let trace = traceparent.isEmpty ? "" : TraceContext.traceID(of: traceparent)
        ProcessLog.current.log(LogEntry(level, message, session: session, trace: trace))
    }
}
