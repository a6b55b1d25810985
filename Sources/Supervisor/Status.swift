import Configuration
import Foundation
import Glibc

/// What runs, as `<run>/status.json` says it. The supervisor replaces the file on every change.
public struct Status: Codable, Sendable, Equatable {
    public var stages: [Process]

    public struct Process: Codable, Sendable, Equatable {
        public let stage: String
        public let replica: Int
        /// Nil while no process runs.
        public let pid: Int32?
        /// `waiting`, `starting`, `ready`, `restarting`, `draining` (replaced, it finishes what it has), `stopping` or
        /// `stopped`.
        public var state: String
        public let restarts: Int

        /// Written in full: `pid` is null while no process runs.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stage, forKey: .stage)
            try container.encode(replica, forKey: .replica)
            try container.encode(pid, forKey: .pid)
            try container.encode(state, forKey: .state)
            try container.encode(restarts, forKey: .restarts)
        }
    }

    public init(stages: [Process]) { self.stages = stages }

    init(_ members: [Fleet.Member]) {
        stages = members.map { member in
            Process(
                stage: member.stage, replica: member.replica, pid: member.pid, state: Self.name(of: member.state),
                restarts: member.restarts)
        }
    }

    private static func name(of state: Fleet.State) -> String {
        switch state {
        case .waiting: "waiting"
        case .starting: "starting"
        case .ready: "ready"
        case .backingOff: "restarting"
        case .draining: "draining"
        case .stopping: "stopping"
        case .stopped: "stopped"
        }
    }

    /// Reads the status file; nil when there is none or it is not whole.
    public static func load(_ state: StateDirectory) -> Status? {
        guard let data = FileManager.default.contents(atPath: state.statusFile) else { return nil }
        return try? JSONDecoder().decode(Status.self, from: data)
    }

    /// The processes that the file names and that live; the others say `dead`. A supervisor that was killed
    /// leaves its file behind.
    public func checked() -> Status {
        var result = self
        for index in result.stages.indices {
            guard let pid = result.stages[index].pid else { continue }
            if !Self.lives(pid) { result.stages[index].state = "dead" }
        }
        return result
    }

    /// False also for a process that has ended and that nobody has waited for (state `Z` in proc(5)).
    static func lives(_ pid: Int32) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
        // The program's name stands in parentheses before the state and may hold anything.
        let rest = data.lastIndex(of: UInt8(ascii: ")")).map { data[$0...].dropFirst(2) } ?? data[...]
        return rest.first != UInt8(ascii: "Z") && rest.first != UInt8(ascii: "X")
    }

    /// True when at least one process lives; ask it of a ``checked()`` status.
    public var isRunning: Bool { stages.contains { $0.pid != nil && $0.state != "dead" } }

    func write(_ state: StateDirectory) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let temporary = state.statusFile + ".new"
        try encoder.encode(self).write(to: URL(fileURLWithPath: temporary))
        guard rename(temporary, state.statusFile) == 0 else {
            throw SupervisorError.system("replace \(state.statusFile)")
        }
    }
}
