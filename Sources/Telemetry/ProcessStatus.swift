/// What one process says about itself at `/status`: rates and percentiles over the last ten seconds.
public struct ProcessStatus: Codable, Sendable, Equatable {
    public var stage: String
    public var replica: String
    public var pid: Int32
    public var version: String
    /// Unix time, seconds.
    public var started: Double
    public var healthy: Bool
    public var ready: Bool
    public var draining: Bool
    /// Why it is not healthy or not ready.
    public var reason: String?
    /// Messages or commands a second.
    public var rate: Double
    /// Messages that it took and has not answered.
    public var queued: Int
    /// Handling time, seconds; null when nothing came.
    public var p50: Double?
    public var p99: Double?
    /// Bytes.
    public var memory: UInt64
    /// Seconds since the start.
    public var cpu: Double
    /// Hexadecimal; null for stages without a policy.
    public var policyEpoch: String?
    /// Counts since the start, by name.
    public var totals: [String: UInt64]

    private enum CodingKeys: String, CodingKey {
        case stage, replica, pid, version, started, healthy, ready, draining, reason, rate, queued
        case p50 = "p50_seconds"
        case p99 = "p99_seconds"
        case memory = "memory_bytes"
        case cpu = "cpu_seconds"
        case policyEpoch = "policy_epoch"
        case totals
    }
}
