import Configuration

/// All processes of one installation and what to do next: events in, actions out, no clock and no I/O.
///
/// Stages start one after the other, each when all replicas of the one before it are ready. They stop in four phases, so
/// that no command is cut and no record lost: ingress, then the stages it asks, then the recorder, then what works on
/// recordings.
/// Until its phase comes, a stage that dies while others drain is still restarted. In between, commands change the
/// number of processes and replace them (`Fleet+Commands.swift`). Times are milliseconds of one monotonic clock.
struct Fleet: Sendable {
    static let readinessMilliseconds: UInt64 = 20_000
    /// Failed starts before a stage's first readiness after which it is given up.
    static let maximumStartFailures = 5
    /// How long a replica's number rests before another process gets it: senders must first have seen it gone.
    static let restMilliseconds: UInt64 = 10_000

    /// One stage as the configuration has it.
    struct Stage: Sendable, Equatable {
        let name: String
        /// How many processes run at first; 0 when it runs elsewhere.
        let replicas: Int
        /// How many may run here.
        var bounds = 1...StageTable.maximumReplicas
        /// Why there is exactly one, or nil.
        var soleReason: String?
    }

    /// Members are named by their id.
    enum Action: Sendable, Equatable {
        case spawn(Int)
        /// Ask the process group to finish (SIGTERM).
        case terminate(Int)
        /// End the process group (SIGKILL).
        case kill(Int)
        /// Ask an ingress to accept no more and to finish its connections (SIGUSR2).
        case handOver(Int)
        case say(label: String, String)
        /// Every stage is ready for the first time; the text is what ingress says about itself.
        case ready(String?)
        /// What the command under way has come to.
        case answer(ControlAnswer)
        /// Nothing runs any more; a reason makes it a failure.
        case finished(String?)
    }

    let stages: [Stage]
    let drainMilliseconds: UInt64
    /// Ids count up and are never used again.
    var members: [Int: Member] = [:]
    private var nextID = 0
    private var groups: [[Int]] = []
    private var launchedGroups = 0
    private(set) var isAnnounced = false
    private(set) var stopping: (phase: StopPhase, hurried: Bool)?
    private var failure: String?
    private var isFinished = false
    /// When a replica's number became free, by label.
    private var freedAt: [String: UInt64] = [:]
    /// The folder of a stage's programs, where a command named one.
    var programs: [String: String] = [:]
    /// The command under way.
    var operation: Operation?

    /// `drainMilliseconds`: how long a replaced ingress may finish its connections.
    init(_ stages: [Stage], drainMilliseconds: UInt64) {
        self.stages = stages
        self.drainMilliseconds = drainMilliseconds
        for stage in stages {
            groups.append((0..<stage.replicas).map { _ in add(stage.name, now: 0) })
        }
    }

    var isStopping: Bool { stopping != nil }

    /// All members in the order in which they came.
    var ordered: [Member] { members.values.sorted { $0.id < $1.id } }

    func label(_ id: Int) -> String { members[id]?.label ?? "process \(id)" }

    /// When ``tick(now:)`` has something to do; nil: only after another event.
    var nextDeadline: UInt64? {
        let ofMembers = members.values.compactMap { member in
            switch member.state {
            case .starting(let deadline), .backingOff(let deadline), .stopping(let deadline), .draining(let deadline):
                deadline == .max ? nil : deadline
            case .waiting, .ready, .stopped: nil
            }
        }.min()
        return [ofMembers, operationDeadline].compactMap { $0 }.min()
    }

    // MARK: - Events

    mutating func start(now: UInt64) -> [Action] { launch(status: nil, now: now) }

    mutating func spawned(_ id: Int, pid: Int32) -> [Action] {
        members[id]?.pid = pid
        let isAsked = operation != nil && members[id]?.role.isJoining == true
        return [.say(label: label(id), "started (pid \(pid))")] + (isAsked ? [.answer(.started(label(id)))] : [])
    }

    /// The program could not be run at all. Before its first readiness that is final: it will not get better.
    mutating func spawnFailed(_ id: Int, reason: String, now: UInt64) -> [Action] {
        guard let member = members[id] else { return [] }
        let text = "cannot start: \(reason)"
        switch member.role {
        case .joining:
            return [.say(label: member.label, text)] + takeBack(id, "\(member.label) \(text)", now: now)
        case .serving, .leaving, .replacing:
            guard !member.wasReady else { return [restart(id, after: text, now: now)] }
            members[id]?.state = .stopped
            return [.say(label: member.label, text)] + fail("\(member.label) \(text)", now: now)
        }
    }

    mutating func becameReady(_ id: Int, status: String?, now: UInt64) -> [Action] {
        guard let member = members[id], case .starting = member.state else { return [] }
        let isFirst = !member.wasReady
        members[id]?.state = .ready(since: now)
        members[id]?.wasReady = true
        let line = Action.say(label: member.label, "ready")
        guard isAnnounced else {
            guard isFirst, stopping == nil, launchedGroups > 0 else { return [line] }
            guard groups[launchedGroups - 1].allSatisfy({ members[$0]?.wasReady == true }) else { return [line] }
            return [line] + launch(status: status, now: now)
        }
        guard member.role.isJoining else { return [line] }
        guard operation != nil else {
            // Its command was given up meanwhile, when everything began to stop.
            members[id]?.role = .serving
            return [line]
        }
        return [line, .answer(.ready(member.label))]
    }

    /// The process says that it finishes what it has; `status` says how much that is.
    mutating func saidStopping(_ id: Int, status: String?, now: UInt64) -> [Action] {
        guard let member = members[id], case .draining = member.state else { return [] }
        return [.say(label: member.label, status.map { "draining: \($0)" } ?? "draining")]
            + handedOver(id, status: status, now: now)
    }

    /// `lastLines`: what the process wrote last on its standard error.
    mutating func exited(_ id: Int, _ exit: Exit, lastLines: [String], now: UInt64) -> [Action] {
        guard let member = members[id] else { return [] }
        members[id]?.pid = nil
        if let stopping, member.stopPhase <= stopping.phase {
            members[id]?.state = .stopped
            return [.say(label: member.label, "stopped (\(exit))")] + continueStopping(now: now)
        }
        switch member.role {
        case .leaving:
            remove(id, now: now)
            return [.say(label: member.label, "stopped (\(exit))")] + left(member, now: now)
        case .replacing(let programs):
            members[id]?.comeBack(with: programs)
            return [.say(label: member.label, "stopped (\(exit))"), spawn(id, now: now)]
        case .joining:
            return failedToStart(member, exit, lastLines, now: now) { fleet, reason in
                fleet.takeBack(id, reason, now: now)
            }
        case .serving:
            if case .ready(let since) = member.state, now - since >= Backoff.resetAfterMilliseconds {
                members[id]?.backoff.reset()
            }
            guard member.wasReady else {
                return failedToStart(member, exit, lastLines, now: now) { fleet, reason in
                    fleet.members[id]?.state = .stopped
                    return fleet.fail(reason, now: now)
                }
            }
            return [restart(id, after: "exited (\(exit))", now: now)]
        }
    }

    mutating func tick(now: UInt64) -> [Action] {
        var actions: [Action] = []
        for member in ordered {
            switch member.state {
            case .starting(let deadline) where deadline <= now:
                members[member.id]?.state = .starting(deadline: .max)
                // It hangs: trying it again would take as long each time.
                if member.role.isJoining { members[member.id]?.startFailures = Self.maximumStartFailures - 1 }
                let text = "not ready after \(Self.readinessMilliseconds / 1000) s, killed"
                actions += [.say(label: member.label, text), .kill(member.id)]
            case .backingOff(let until) where until <= now:
                members[member.id]?.restarts += 1
                actions.append(spawn(member.id, now: now))
            case .stopping(let deadline) where deadline <= now:
                members[member.id]?.state = .stopping(deadline: .max)
                actions += [.say(label: member.label, "not stopped in time, killed"), .kill(member.id)]
            case .draining(let deadline) where deadline <= now:
                members[member.id]?.state = .draining(deadline: .max)
                actions += [.say(label: member.label, "not drained in time, killed"), .kill(member.id)]
            case .waiting, .starting, .ready, .backingOff, .stopping, .draining, .stopped:
                break
            }
        }
        return actions + advance(now: now)
    }

    /// Drains and stops everything; asked again, it hurries.
    mutating func stop(now: UInt64) -> [Action] {
        guard let current = stopping else { return beginStopping(.ingress, now: now) }
        stopping = (current.phase, true)
        let deadline = now + current.phase.graceMilliseconds(hurried: true)
        for id in members.keys {
            if case .stopping(let old)? = members[id]?.state, old != .max {
                members[id]?.state = .stopping(deadline: min(old, deadline))
            }
        }
        return tick(now: now)
    }

    // MARK: - Members

    /// A new member of `stage` under the lowest number that is free.
    mutating func add(_ stage: String, now: UInt64) -> Int {
        let taken = Set(members.values.filter { $0.stage == stage }.map(\.replica))
        let free = (0...StageTable.maximumReplicaNumber).filter { !taken.contains($0) }
        // Where the number names a folder, it is taken up again; elsewhere a fresh one keeps senders from confusion.
        let rested = free.first { number in
            guard let since = freedAt["\(stage).\(number)"] else { return true }
            return Replacement(of: stage) == .inPlace || now - since >= Self.restMilliseconds
        }
        let id = nextID
        nextID += 1
        members[id] = Member(id: id, stage: stage, replica: rested ?? free.first ?? 0, programs: programs[stage])
        return id
    }

    mutating func remove(_ id: Int, now: UInt64) {
        guard let member = members.removeValue(forKey: id) else { return }
        freedAt[member.label] = now
    }

    mutating func spawn(_ id: Int, now: UInt64) -> Action {
        members[id]?.state = .starting(deadline: now + Self.readinessMilliseconds)
        return .spawn(id)
    }

    private mutating func restart(_ id: Int, after event: String, now: UInt64) -> Action {
        let delay = members[id]?.backoff.next() ?? Backoff.firstMilliseconds
        members[id]?.state = .backingOff(until: now + delay)
        return .say(label: label(id), "\(event), restarting in \(delay / 1000).\(delay % 1000 / 100) s")
    }

    /// Counts a failed start; `giveUp` gets the reason when it was the last.
    private mutating func failedToStart(
        _ member: Member, _ exit: Exit, _ lastLines: [String], now: UInt64,
        giveUp: (inout Fleet, String) -> [Action]
    ) -> [Action] {
        let failures = member.startFailures + 1
        members[member.id]?.startFailures = failures
        guard failures >= Self.maximumStartFailures else {
            return [restart(member.id, after: "exited (\(exit))", now: now)]
        }
        let lines = lastLines.isEmpty ? "it wrote no reason" : lastLines.joined(separator: "\n")
        let isHanging = member.state == .starting(deadline: .max) && member.role.isJoining
        let what = isHanging ? "did not become ready" : "failed \(Self.maximumStartFailures) times to start"
        return [.say(label: member.label, "exited (\(exit)), giving up")]
            + giveUp(&self, "\(member.label) \(what): \(lines)")
    }

    // MARK: - Start and stop

    private mutating func launch(status: String?, now: UInt64) -> [Action] {
        while launchedGroups < groups.count {
            launchedGroups += 1
            let group = groups[launchedGroups - 1]
            guard group.isEmpty else { return group.map { spawn($0, now: now) } }
        }
        isAnnounced = true
        return [.ready(status)]
    }

    private mutating func fail(_ reason: String, now: UInt64) -> [Action] {
        if failure == nil { failure = reason }
        return stopping == nil ? beginStopping(.ingress, now: now) : continueStopping(now: now)
    }

    private mutating func beginStopping(_ phase: StopPhase, now: UInt64) -> [Action] {
        let hurried = stopping?.hurried ?? false
        stopping = (phase, hurried)
        var actions: [Action] = []
        if operation != nil {
            operation = nil
            actions.append(.answer(.failed("sluice up is stopping")))
        }
        for member in ordered where member.stopPhase == phase {
            if member.pid != nil {
                members[member.id]?.state = .stopping(deadline: now + phase.graceMilliseconds(hurried: hurried))
                actions.append(.terminate(member.id))
            } else {
                members[member.id]?.state = .stopped
            }
        }
        return actions + continueStopping(now: now)
    }

    private mutating func continueStopping(now: UInt64) -> [Action] {
        guard let phase = stopping?.phase, !isFinished else { return [] }
        guard members.values.allSatisfy({ $0.stopPhase != phase || $0.state == .stopped }) else { return [] }
        guard let next = StopPhase(rawValue: phase.rawValue + 1) else {
            isFinished = true
            return [.finished(failure)]
        }
        return beginStopping(next, now: now)
    }
}
