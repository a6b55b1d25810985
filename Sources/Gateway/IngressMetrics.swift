import Telemetry

/// What Ingress does for clients, over all its event loops.
public final class IngressMetrics: Sendable {
    /// This process's own.
    public static let current = IngressMetrics(ProcessTelemetry.current)

    /// Time from reading a command until it went to its target: judged and recorded.
    public let handling: Histogram
    public let connections: Gauge
    public let connectionsAccepted: Counter
    public let connectionsTurnedAway: Counter
    public let sessions: Gauge
    public let sessionsOpened: Counter
    public let commandsAllowed: Counter
    public let commandsRefused: Counter
    public let commandsHeld: Counter
    public let commandsUnavailable: Counter
    /// Commands that were allowed and did not run, since their record was not acknowledged.
    public let commandsUnrecorded: Counter
    /// Logins that were refused since no stage could judge or record them.
    public let sessionsUnavailable: Counter
    /// Commands that an earlier decision covered.
    public let commandsRemembered: Counter
    /// Commands that wait for reviewers now.
    public let holds: Gauge
    /// Time that commands waited for their record (invariant I2).
    public let auditWait: Histogram
    public let clientReceivedBytes: Counter
    public let clientSentBytes: Counter
    private let errors: [Counter]

    init(_ telemetry: ProcessTelemetry) {
        let registry = telemetry.registry
        handling = telemetry.handling
        connections = registry.gauge("sluice_connections", help: "Client connections open.")
        connectionsAccepted = registry.counter("sluice_connections_accepted_total", help: "Client connections taken.")
        connectionsTurnedAway = registry.counter(
            "sluice_connections_refused_total",
            help: "Client connections turned away: too many, or the process drains.")
        sessions = registry.gauge("sluice_sessions", help: "Sessions open: logged in, with a target.")
        sessionsOpened = registry.counter("sluice_sessions_opened_total", help: "Sessions that got their target.")
        func commands(_ verdict: String) -> Counter {
            registry.counter(
                "sluice_commands_total",
                help: "Commands by verdict; unavailable: no decision could be had, so it was refused.",
                labels: [.init("verdict", verdict)])
        }
        commandsAllowed = commands("allow")
        commandsRefused = commands("refuse")
        commandsHeld = commands("hold")
        commandsUnavailable = commands("unavailable")
        commandsUnrecorded = registry.counter(
            "sluice_commands_unrecorded_total",
            help: "Commands that were allowed and then refused, since their record was not acknowledged.")
        sessionsUnavailable = registry.counter(
            "sluice_sessions_unavailable_total",
            help: "Logins that were refused since they could not be judged or recorded.")
        commandsRemembered = registry.counter(
            "sluice_commands_remembered_total", help: "Commands that an earlier decision covered.")
        holds = registry.gauge("sluice_commands_held", help: "Commands that wait for reviewers.")
        auditWait = registry.histogram(
            "sluice_audit_wait_seconds", help: "Time that judged commands waited until their record was acknowledged.")
        func bytes(_ direction: String) -> Counter {
            registry.counter(
                "sluice_client_bytes_total", help: "Protocol bytes from and to clients.",
                labels: [.init("direction", direction)])
        }
        clientReceivedBytes = bytes("in")
        clientSentBytes = bytes("out")
        errors = SQLStateClass.names.map {
            registry.counter(
                "sluice_client_errors_total", help: "Errors that clients got, by SQLSTATE class.",
                labels: [.init("class", $0)])
        }
        let counted = [commandsAllowed, commandsRefused, commandsHeld, commandsUnavailable]
        telemetry.showTotal("commands") { counted.reduce(0) { $0 + $1.value } }
        telemetry.showTotal("refused") { [commandsRefused] in commandsRefused.value }
        let unavailable = [commandsUnavailable, commandsUnrecorded, sessionsUnavailable]
        telemetry.showTotal("unavailable") { unavailable.reduce(0) { $0 + $1.value } }
        telemetry.showTotal("sessions") { [sessions] in UInt64(max(0, sessions.value)) }
    }

    /// A client got an error with this SQLSTATE.
    public func error(sqlState: String) { errors[SQLStateClass.index(of: sqlState)].add() }
}

/// The classes of SQLSTATE that PostgreSQL knows (PostgreSQL 17, Appendix A); a target may send anything.
enum SQLStateClass {
    static let names = [
        "other", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22", "23", "24", "25", "26", "27",
        "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53", "54", "55", "57", "58",
        "72", "F0", "HV", "P0", "XX",
    ]

    static func index(of sqlState: String) -> Int {
        names.dropFirst().firstIndex { sqlState.utf8.prefix(2).elementsEqual($0.utf8) } ?? 0
    }
}
