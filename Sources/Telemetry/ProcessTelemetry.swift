import Glibc
import Synchronization

/// The metrics, health and status of one process.
public final class ProcessTelemetry: Sendable {
    /// This process's own.
    public static let current = ProcessTelemetry()

    public let registry = MetricsRegistry()
    public let health = Health()
    /// Time from taking a message until its answer is on its way, of whatever this process works on.
    public let handling: Histogram
    /// Messages taken and not answered.
    public let queued: Gauge

    private let window: RollingWindow
    private let startedAt = Double(Clock.unix()) / 1e9
    private let totals = Mutex<[(name: String, read: @Sendable () -> UInt64)]>([])
    private let policyEpoch = Mutex("")

    public init() {
        handling = registry.histogram(
            "sluice_handling_seconds", help: "Time from taking a message or command until its answer is on its way.")
        queued = registry.gauge("sluice_queued_messages", help: "Messages that were taken and are not answered.")
        window = RollingWindow(handling, now: Clock.monotonic())
        addProcessMetrics()
    }

    /// The policy that this process judges by, or that it saw last; empty: none.
    public func setPolicyEpoch(_ epoch: some Sequence<UInt8>) {
        let digits = epoch.map { Int($0) < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
        policyEpoch.withLock { $0 = digits }
    }

    /// Shows `counter` in the status under `name`.
    public func showTotal(_ name: String, _ read: @escaping @Sendable () -> UInt64) {
        totals.withLock { $0.append((name, read)) }
    }

    /// What is due each second: the window of rates, and the log's repeated lines. Called by the metrics server.
    public func tick() {
        window.tick(now: Clock.monotonic())
        ProcessLog.current.flush()
    }

    public func status(stage: String, replica: String) -> ProcessStatus {
        let now = Clock.monotonic()
        let figures = window.figures(now: now)
        let kernel = ProcessFigures.read()
        let unready = health.unreadyReason(now: now)
        let epoch = policyEpoch.withLock { $0 }
        return ProcessStatus(
            stage: stage, replica: replica, pid: getpid(), version: BuildVersion.current, started: startedAt,
            healthy: health.unhealthyReason(now: now) == nil, ready: unready == nil, draining: health.isDraining,
            reason: unready, rate: figures.rate, queued: Int(queued.value), p50: figures.p50, p99: figures.p99,
            memory: kernel.residentBytes, cpu: kernel.cpuSeconds, policyEpoch: epoch.isEmpty ? nil : epoch,
            totals: Dictionary(totals.withLock { $0 }.map { ($0.name, $0.read()) }) { $1 })
    }

    private func addProcessMetrics() {
        let started = startedAt
        registry.add("sluice_build_info", "The build that runs.", .gauge) {
            [.init(labels: [.init("version", BuildVersion.current)], .integer(1))]
        }
        registry.add("process_start_time_seconds", "Start of the process, Unix time in seconds.", .gauge) {
            [.init(.real(started))]
        }
        registry.add("process_cpu_seconds_total", "User and system CPU time, seconds.", .counter) {
            [.init(.real(ProcessFigures.read().cpuSeconds))]
        }
        registry.add("process_resident_memory_bytes", "Resident memory, bytes.", .gauge) {
            [.init(.integer(ProcessFigures.read().residentBytes))]
        }
        registry.add("process_open_fds", "Open file descriptors.", .gauge) {
            [.init(.integer(UInt64(ProcessFigures.read().openDescriptors)))]
        }
        registry.add("process_max_fds", "Most file descriptors that may be open.", .gauge) {
            [.init(.integer(ProcessFigures.read().maximumDescriptors))]
        }
        registry.add("sluice_work_loop_silence_seconds", "Time since the slowest work loop last turned.", .gauge) {
            [health] in [.init(.real(Double(health.silence()) / 1e9))]
        }
        registry.add("sluice_ready", "1 when the process takes work: /readyz.", .gauge) { [health] in
            [.init(.integer(health.unreadyReason() == nil ? 1 : 0))]
        }
        registry.add("sluice_draining", "1 while the process finishes what it has.", .gauge) { [health] in
            [.init(.integer(health.isDraining ? 1 : 0))]
        }
        registry.add("sluice_log_lines_total", "Lines written to the log, by level.", .counter) {
            LogLevel.allCases.map {
                .init(labels: [.init("level", $0.rawValue)], .integer(ProcessLog.current.lines[$0].value))
            }
        }
        registry.add(
            "sluice_log_suppressed_lines_total", "Lines left out because they repeated others, or nobody read them.",
            .counter
        ) {
            [.init(.integer(ProcessLog.current.suppressed.value))]
        }
    }
}
