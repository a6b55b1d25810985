import Configuration

/// All processes of one installation and what to do next: events in, actions out, no clock and no I/O.
///
/// Stages start one after the other, each when all replicas of the one before it are ready. They stop in three
/// phases, so that no command is cut and no record lost: ingress, then the stages it asks, then the recorder.
/// Until its phase comes, a stage that dies while others drain is still restarted. Times are milliseconds of
/// one monotonic clock.
struct Fleet: Sendable {
    static let readinessMilliseconds: UInt64 = 20_000
    /// Failed starts before a stage's first readiness after which it is given up.
    static let maximumStartFailures = 5

    struct Member: Sendable, Equatable {
        let stage: String
        let replica: Int
        var state = State.waiting
        var pid: Int32?
        var restarts = 0
        var startFailures = 0
        var wasReady = false
        var backoff = Backoff()

        /// As in log lines: `classifier.0`.
        var label: String { "\(stage).\(replica)" }
        var stopPhase: StopPhase {
            switch BuiltInStage(rawValue: stage) {
            case .ingress: .ingress
            case .recorder: .recorder
            case .approver, .classifier, .masker, nil: .stages
            }
        }
    }

    enum State: Sendable, Equatable {
        case waiting
        case starting(deadline: UInt64)
        case ready(since: UInt64)
        case backingOff(until: UInt64)
        case stopping(deadline: UInt64)
        case stopped
    }

    enum StopPhase: Int, Sendable, Comparable, CaseIterable {
        case ingress, stages, recorder

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

        /// How long its processes may take to finish, in milliseconds.
        func graceMilliseconds(hurried: Bool) -> UInt64 {
            switch self {
            case .ingress: hurried ? 0 : 30_000
            case .stages: hurried ? 1_000 : 10_000
            case .recorder: hurried ? 5_000 : 30_000
            }
        }
    }

    /// How a process ended.
    enum Exit: Sendable, Equatable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .status(let status): "status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    /// Members are named by their index.
    enum Action: Sendable, Equatable {
        case spawn(Int)
        /// Ask the process group to finish (SIGTERM).
        case terminate(Int)
        /// End the process group (SIGKILL).
        case kill(Int)
        case say(Int, String)
        /// Every stage is ready for the first time; the text is what ingress says about itself.
        case ready(String?)
        /// Nothing runs any more; a reason makes it a failure.
        case finished(String?)
    }

    private(set) var members: [Member]
    private let groups: [Range<Int>]
    private var launchedGroups = 0
    private var stopping: (phase: StopPhase, hurried: Bool)?
    private var failure: String?
    private var finished = false

    init(_ stages: [(name: String, replicas: Int)]) {
        var members: [Member] = []
        var groups: [Range<Int>] = []
        for stage in stages {
            let first = members.count
            members += (0..<stage.replicas).map { Member(stage: stage.name, replica: $0) }
            groups.append(first..<members.count)
        }
        self.members = members
        self.groups = groups
    }

    var isStopping: Bool { stopping != nil }

    /// When ``tick(now:)`` has something to do; nil: only after another event.
    var nextDeadline: UInt64? {
        members.compactMap { member in
            switch member.state {
            case .starting(let deadline), .backingOff(let deadline), .stopping(let deadline):
                deadline == .max ? nil : deadline
            case .waiting, .ready, .stopped: nil
            }
        }.min()
    }

    mutating func start(now: UInt64) -> [Action] { launch(now: now) }

    mutating func spawned(_ index: Int, pid: Int32) -> [Action] {
        members[index].pid = pid
        return [.say(index, "started (pid \(pid))")]
    }

    /// The program could not be run at all. Before its first readiness that is final: it will not get better.
    mutating func spawnFailed(_ index: Int, reason: String, now: UInt64) -> [Action] {
        guard members[index].wasReady else {
            members[index].state = .stopped
            return [.say(index, "cannot start: \(reason)")]
                + fail("\(members[index].label) cannot start: \(reason)", now: now)
        }
        return [restart(index, after: "cannot start: \(reason)", now: now)]
    }

    mutating func becameReady(_ index: Int, status: String?, now: UInt64) -> [Action] {
        guard case .starting = members[index].state else { return [] }
        let isFirst = !members[index].wasReady
        members[index].state = .ready(since: now)
        members[index].wasReady = true
        let line = Action.say(index, "ready")
        guard isFirst, stopping == nil, launchedGroups > 0 else { return [line] }
        guard groups[launchedGroups - 1].allSatisfy({ members[$0].wasReady }) else { return [line] }
        return [line] + (launchedGroups == groups.count ? [.ready(status)] : launch(now: now))
    }

    /// `lastLines`: what the process wrote last on its standard error.
    mutating func exited(_ index: Int, _ exit: Exit, lastLines: [String], now: UInt64) -> [Action] {
        members[index].pid = nil
        if let stopping, members[index].stopPhase <= stopping.phase {
            members[index].state = .stopped
            return [.say(index, "stopped (\(exit))")] + continueStopping(now: now)
        }
        if case .ready(let since) = members[index].state, now - since >= Backoff.resetAfterMilliseconds {
            members[index].backoff.reset()
        }
        if !members[index].wasReady {
            members[index].startFailures += 1
            if members[index].startFailures >= Self.maximumStartFailures {
                members[index].state = .stopped
                let lines = lastLines.isEmpty ? "it wrote no reason" : lastLines.joined(separator: "\n")
                let reason = "\(members[index].label) failed \(Self.maximumStartFailures) times to start: \(lines)"
                return [.say(index, "exited (\(exit)), giving up")] + fail(reason, now: now)
            }
        }
        return [restart(index, after: "exited (\(exit))", now: now)]
    }

    mutating func tick(now: UInt64) -> [Action] {
        var actions: [Action] = []
        for index in members.indices {
            switch members[index].state {
            case .starting(let deadline) where deadline <= now:
                members[index].state = .starting(deadline: .max)
                actions += [
                    .say(index, "not ready after \(Self.readinessMilliseconds / 1000) s, killed"), .kill(index),
                ]
            case .backingOff(let until) where until <= now:
                members[index].restarts += 1
                actions.append(spawn(index, now: now))
            case .stopping(let deadline) where deadline <= now:
                members[index].state = .stopping(deadline: .max)
                actions += [.say(index, "not stopped in time, killed"), .kill(index)]
            case .waiting, .starting, .ready, .backingOff, .stopping, .stopped:
                break
            }
        }
        return actions
    }

    /// Drains and stops everything; asked again, it hurries.
    mutating func stop(now: UInt64) -> [Action] {
        guard let current = stopping else { return beginStopping(.ingress, now: now) }
        stopping = (current.phase, true)
        let deadline = now + current.phase.graceMilliseconds(hurried: true)
        for index in members.indices {
            if case .stopping(let old) = members[index].state, old != .max {
                members[index].state = .stopping(deadline: min(old, deadline))
            }
        }
        return tick(now: now)
    }

    // MARK: - Steps

    private mutating func launch(now: UInt64) -> [Action] {
        guard launchedGroups < groups.count else { return [] }
        launchedGroups += 1
        return groups[launchedGroups - 1].map { spawn($0, now: now) }
    }

    private mutating func spawn(_ index: Int, now: UInt64) -> Action {
        members[index].state = .starting(deadline: now + Self.readinessMilliseconds)
        return .spawn(index)
    }

    private mutating func restart(_ index: Int, after event: String, now: UInt64) -> Action {
        let delay = members[index].backoff.next()
        members[index].state = .backingOff(until: now + delay)
        return .say(index, "\(event), restarting in \(delay / 1000).\(delay % 1000 / 100) s")
    }

    private mutating func fail(_ reason: String, now: UInt64) -> [Action] {
        if failure == nil { failure = reason }
        return stopping == nil ? beginStopping(.ingress, now: now) : continueStopping(now: now)
    }

    private mutating func beginStopping(_ phase: StopPhase, now: UInt64) -> [Action] {
        let hurried = stopping?.hurried ?? false
        stopping = (phase, hurried)
        var actions: [Action] = []
        for index in members.indices where members[index].stopPhase == phase {
            if members[index].pid != nil {
                members[index].state = .stopping(deadline: now + phase.graceMilliseconds(hurried: hurried))
                actions.append(.terminate(index))
            } else {
                members[index].state = .stopped
            }
        }
        return actions + continueStopping(now: now)
    }

    private mutating func continueStopping(now: UInt64) -> [Action] {
        guard let phase = stopping?.phase, !finished else { return [] }
        guard members.allSatisfy({ $0.stopPhase != phase || $0.state == .stopped }) else { return [] }
        guard let next = StopPhase(rawValue: phase.rawValue + 1) else {
            finished = true
            return [.finished(failure)]
        }
        return beginStopping(next, now: now)
    }
}
