import Foundation
import TestKit

/// Does what a plan says, each fault at its time, whatever the others are at, and looks whether it happened.
struct FaultInjector: Sendable {
    /// Longest that `sluice restart` or `sluice scale` may take while faults keep new processes from becoming ready.
    static let commandDeadline = Duration.seconds(180)
    /// How often an operator tries again what failed because of another fault.
    static let tries = 3
    /// Longest that a stage may have no process at all, or that one may take to die.
    static let patience = Duration.seconds(60)
    /// Longest that the disk stays full for want of somebody who writes.
    static let furtherFullDisk = Duration.seconds(10)
    /// What a recorder logs of a write that failed.
    static let failedWrite = "cannot record: "

    let rig: ChaosRig

    /// Returns when all faults have come and gone: how many of each kind happened.
    func run(_ plan: FaultPlan) async throws -> [Fault.Kind: Int] {
        let clock = ContinuousClock()
        let start = clock.now
        return try await withThrowingTaskGroup(of: (Fault.Kind, Bool).self) { group in
            for entry in plan.entries {
                group.addTask {
                    try await clock.sleep(until: start + .milliseconds(entry.at))
                    return (entry.fault.kind, try await perform(entry.fault))
                }
            }
            return try await group.reduce(into: [:]) { counts, done in counts[done.0, default: 0] += done.1 ? 1 : 0 }
        }
    }

    /// True: it happened, as far as the process, the disk or the command that it was for shows.
    private func perform(_ fault: Fault) async throws -> Bool {
        switch fault {
        case .kill(let victim): try await end(victim, by: SIGKILL)
        case .killIngress: try await end(Fault.Victim(stage: "ingress", place: 0), by: SIGKILL)
        case .terminate(let victim): try await end(victim, by: SIGTERM)
        case .pause(let victims, let milliseconds): try await pause(victims, milliseconds)
        case .fullDisk(let milliseconds):
            // Two at a time would share one file, and the first to end would end both.
            try await rig.filling.exclusively { try await fillDisk(milliseconds) }
        case .restart(let stage): try await command { ["restart", stage] }
        case .scale(let stage, let count):
            try await command {
                let running = try await rig.gateway.stages().count { $0.stage == stage }
                return ["scale", stage, "\(running == count ? count + 1 : count)"]
            }
        case .restartTarget(let immediate):
            // One after the other: a server that is being restarted has no backend to kill and is not restarted twice.
            try await rig.target.exclusively {
                try await rig.server.restart(by: immediate ? SIGQUIT : SIGINT)
                return true
            }
        case .killBackend: try await rig.target.exclusively { try await killBackend() }
        }
    }

    private func end(_ victim: Fault.Victim, by number: Int32) async throws -> Bool {
        let pid = try await signal(number, victim)
        try await eventually("\(victim) (\(pid)) ends", deadline: Self.patience) { Self.state(of: pid) == nil }
        return true
    }

    private func pause(_ victims: [Fault.Victim], _ milliseconds: Int) async throws -> Bool {
        var pids: [pid_t] = []
        defer { for pid in pids { kill(pid, SIGCONT) } }
        for victim in victims { pids.append(try await signal(SIGSTOP, victim)) }
        var isStopped = false
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while ContinuousClock.now < end {
            isStopped = isStopped || pids.contains { Self.state(of: $0) == "T" }
            try await Task.sleep(for: .milliseconds(20))
        }
        return isStopped
    }

    private func fillDisk(_ milliseconds: Int) async throws -> Bool {
        let before = failedWrites
        try rig.disk.fill()
        do {
            try await Task.sleep(for: .milliseconds(milliseconds))
            let end = ContinuousClock.now + Self.furtherFullDisk
            while failedWrites == before, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
        } catch {
            try rig.disk.free()
            throw error
        }
        try rig.disk.free()
        return failedWrites > before
    }

    private var failedWrites: Int {
        let process = rig.gateway.supervisor
        return (process.output + process.errors).components(separatedBy: Self.failedWrite).count - 1
    }

    /// A command of `sluice up`. It may be refused as busy, or fail because what it is for was killed; what it answers then
    /// is RollingTests' matter.
    private func command(_ arguments: () async throws -> [String]) async throws -> Bool {
        for _ in 0..<Self.tries {
            let done = try await rig.gateway.sluice(try await arguments(), deadline: Self.commandDeadline)
            if done.status == 0 { return true }
        }
        return false
    }

    private func killBackend() async throws -> Bool {
        let pid = try await eventually("the target has a session of Sluice's", deadline: Self.patience) {
            pid_t(
                try await rig.server.direct.query(
                    "SELECT pid FROM pg_stat_activity WHERE usename = 'app' ORDER BY pid LIMIT 1"))
        }
        let isKilled = kill(pid, SIGKILL) == 0
        try await rig.server.waitUntilReady()
        return isKilled
    }

    /// Sends a signal to a replica of the stage that runs, waiting for one if there is none. Its process.
    private func signal(_ number: Int32, _ victim: Fault.Victim) async throws -> pid_t {
        try await eventually("\(victim.stage) has a process", deadline: Self.patience) {
            let pids = try await rig.gateway.stages().filter { $0.stage == victim.stage }.compactMap(\.pid)
            guard !pids.isEmpty else { return nil }
            let pid = pids[victim.place % pids.count]
            return kill(pid, number) == 0 ? pid : nil
        }
    }

    /// The letter of a process's state (proc_pid_stat(5)); nil when there is none, or only what is left of it.
    private static func state(of pid: pid_t) -> Character? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let state = String(decoding: data, as: UTF8.self).components(separatedBy: ") ").last?.first
        else { return nil }
        return state == "Z" || state == "X" ? nil : state
    }
}

/// Lets one task after the other in, in the order in which they come.
actor Turnstile {
    private var last: Task<Bool, any Error>?

    func exclusively(_ body: @escaping @Sendable () async throws -> Bool) async throws -> Bool {
        let former = last
        let next = Task {
            _ = await former?.result
            return try await body()
        }
        last = next
        return try await next.value
    }
}
