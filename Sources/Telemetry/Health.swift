import Synchronization

/// Whether a process works and whether it should get work; answered without asking the threads that work.
public final class Health: Sendable {
    /// Longest time between two turns of a work loop before the process counts as stuck, nanoseconds.
    public static let patience: UInt64 = 5_000_000_000

    private let heartbeats = Mutex<[Heartbeat]>([])
    private let conditions = Mutex<[@Sendable () -> String?]>([])
    private let ready = Atomic(false)
    private let draining = Atomic(false)

    public init() {}

    /// Adds a work loop; it counts from now on.
    public func addLoop(_ name: String) -> Heartbeat {
        let heartbeat = Heartbeat(name: name)
        heartbeats.withLock { $0.append(heartbeat) }
        return heartbeat
    }

    /// Adds a condition of readiness: nil, or why the process is not ready. Must not wait.
    public func require(_ condition: @escaping @Sendable () -> String?) {
        conditions.withLock { $0.append(condition) }
    }

    public var isReady: Bool { ready.load(ordering: .relaxed) }
    public var isDraining: Bool { draining.load(ordering: .relaxed) }
    public func becameReady() { ready.store(true, ordering: .relaxed) }
    public func beganDraining() { draining.store(true, ordering: .relaxed) }

    /// Nanoseconds since the slowest loop's last turn; 0 without loops.
    public func silence(now: UInt64 = Clock.monotonic()) -> UInt64 {
        heartbeats.withLock { $0.map { $0.silence(now: now) }.max() ?? 0 }
    }

    /// Why the process is stuck; nil while it works.
    public func unhealthyReason(now: UInt64 = Clock.monotonic()) -> String? {
        let stuck = heartbeats.withLock { loops in loops.first { $0.silence(now: now) > Self.patience } }
        return stuck.map { "\($0.name) made no turn for \($0.silence(now: now) / 1_000_000_000) s" }
    }

    /// Why the process should get no new work; nil when it should.
    public func unreadyReason(now: UInt64 = Clock.monotonic()) -> String? {
        if isDraining { return "draining" }
        if !isReady { return "starting" }
        if let reason = unhealthyReason(now: now) { return reason }
        for condition in conditions.withLock({ $0 }) {
            if let reason = condition() { return reason }
        }
        return nil
    }
}

/// When a work loop last turned. Beating costs one store.
public final class Heartbeat: Sendable {
    let name: String
    private let last: Atomic<UInt64>

    init(name: String) {
        self.name = name
        last = Atomic(Clock.monotonic())
    }

    /// `now`: monotonic nanoseconds.
    public func beat(now: UInt64) { last.store(now, ordering: .relaxed) }

    func silence(now: UInt64) -> UInt64 {
        let last = last.load(ordering: .relaxed)
        return now > last ? now - last : 0
    }
}
