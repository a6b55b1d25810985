import Foundation
import TestKit

/// Does what a plan says, each fault at its time, whatever the others are at.
struct FaultInjector: Sendable {
    /// Longest that `sluice restart` or `sluice scale` may take while faults keep new processes from becoming ready.
    static let commandDeadline = Duration.seconds(180)

    let rig: ChaosRig

    /// Returns when all faults have come and gone.
    func run(_ plan: FaultPlan) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for entry in plan.entries {
                group.addTask {
                    try await clock.sleep(until: start + .milliseconds(entry.at))
                    try await perform(entry.fault)
                }
            }
            try await group.waitForAll()
        }
    }

    private func perform(_ fault: Fault) async throws {
        switch fault {
        case .kill(let victim): try await signal(SIGKILL, victim)
        case .killIngress: try await signal(SIGKILL, Fault.Victim(stage: "ingress", place: 0))
        case .terminate(let victim): try await signal(SIGTERM, victim)
        case .pause(let victims, let milliseconds):
            var pids: [pid_t] = []
            for victim in victims { pids += try await pid(of: victim).map { [$0] } ?? [] }
            for pid in pids { kill(pid, SIGSTOP) }
            defer { for pid in pids { kill(pid, SIGCONT) } }
            try await Task.sleep(for: .milliseconds(milliseconds))
        case .fullDisk(let milliseconds):
            try rig.disk.fill()
            do {
                try await Task.sleep(for: .milliseconds(milliseconds))
            } catch {
                try rig.disk.free()
                throw error
            }
            try rig.disk.free()
        // What the command answers when its stage is killed meanwhile is RollingTests' matter: clients must not notice.
        case .restart(let stage): _ = try await rig.gateway.sluice(["restart", stage], deadline: Self.commandDeadline)
        case .scale(let stage, let count):
            _ = try await rig.gateway.sluice(["scale", stage, "\(count)"], deadline: Self.commandDeadline)
        case .restartTarget(let immediate):
            // One after the other: a server that is being restarted has no backend to kill and is not restarted twice.
            try await rig.target.exclusively { try await rig.server.restart(by: immediate ? SIGQUIT : SIGINT) }
        case .killBackend:
            try await rig.target.exclusively {
                let backend = try await rig.server.direct.query(
                    "SELECT pid FROM pg_stat_activity WHERE usename = 'app' ORDER BY pid LIMIT 1")
                guard let pid = pid_t(backend) else { return }
                kill(pid, SIGKILL)
                try await rig.server.waitUntilReady()
            }
        }
    }

    private func signal(_ number: Int32, _ victim: Fault.Victim) async throws {
        if let pid = try await pid(of: victim) { kill(pid, number) }
    }

    /// Nil when no replica of the stage runs now.
    private func pid(of victim: Fault.Victim) async throws -> pid_t? {
        let pids = try await rig.gateway.stages().filter { $0.stage == victim.stage }.compactMap(\.pid)
        return pids.isEmpty ? nil : pids[victim.place % pids.count]
    }
}

/// Lets one task after the other in, in the order in which they come.
actor Turnstile {
    private var last: Task<Void, any Error>?

    func exclusively(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let former = last
        let next = Task {
            _ = await former?.result
            try await body()
        }
        last = next
        try await next.value
    }
}
