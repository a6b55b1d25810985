import Configuration

/// Scaling and replacing while everything runs. One command at a time; it goes step by step, and when a new process
/// does not start it is taken back: the old ones go on.
extension Fleet {
    /// How long a new process must have been ready before it counts: senders have found it, and a program that dies
    /// in its first work is found out while the old one still serves.
    static let settleMilliseconds: UInt64 = 1_000
    /// How long to wait for a replaced ingress to say how many connections it finishes.
    static let handoverMilliseconds: UInt64 = 5_000
    /// Replaced ingress processes that may finish connections at the same time.
    static let maximumRetiring = 4

    enum Command: Sendable, Equatable, CustomStringConvertible {
        case scale(stage: String, replicas: Int)
        /// Stages in the order in which they are replaced; all when nil. `programs`: a folder to take them from.
        case restart(stages: [String]?, programs: String?)

        var description: String {
            switch self {
            case .scale(let stage, let replicas): "scale \(stage) \(replicas)"
            case .restart(let stages, _): "restart \(stages?.joined(separator: " ") ?? "--all")"
            }
        }
    }

    /// What the command under way does next, and what it waits for.
    struct Operation: Sendable {
        let command: Command
        var steps: ArraySlice<Step>
        var waiting: Wait?
    }

    enum Step: Sendable, Equatable {
        case start(stage: String, count: Int, programs: String?)
        case leave([Int])
        case replace(Int, programs: String?)
        case handOver(Int)
    }

    enum Wait: Sendable, Equatable {
        /// Until these have been ready for ``settleMilliseconds``.
        case settled([Int])
        /// Until these are no more.
        case gone([Int])
        /// Until it has said what it finishes, or has ended.
        case handedOver(Int, deadline: UInt64)
    }

    /// Begins `command`. Throws with the reason when it cannot be done now, or not at all.
    mutating func begin(_ command: Command, now: UInt64) throws(SupervisorError) -> [Action] {
        guard stopping == nil else { throw SupervisorError("sluice up is stopping") }
        guard isAnnounced else { throw SupervisorError("sluice up is still starting its stages; try again") }
        if let operation {
            throw SupervisorError("busy with “\(operation.command)”; try again when it is done")
        }
        let steps: [Step]
        switch command {
        case .scale(let stage, let replicas): steps = try scaling(named(stage), to: replicas)
        case .restart(let names, let programs):
            var found: [Stage] = []
            for name in names ?? [] { found.append(try named(name)) }
            if names == nil { found = stages.filter { !serving($0.name).isEmpty } }
            if let absent = found.first(where: { serving($0.name).isEmpty }) {
                throw SupervisorError("\(absent.name) does not run here")
            }
            var plan: [Step] = []
            for stage in stages where found.contains(stage) {
                plan += try replacing(stage.name, programs: programs ?? self.programs[stage.name])
            }
            steps = plan
        }
        operation = Operation(command: command, steps: steps[...])
        return advance(now: now)
    }

    /// When ``advance(now:)`` has something to do, whatever happens to members.
    var operationDeadline: UInt64? {
        switch operation?.waiting {
        case .settled(let ids):
            // Only when all are ready: before that, their own deadlines count.
            let readySince = ids.compactMap { id -> UInt64? in
                guard case .ready(let since)? = members[id]?.state else { return nil }
                return since
            }
            guard readySince.count == ids.count, let last = readySince.max() else { return nil }
            return last + Self.settleMilliseconds
        case .handedOver(_, let deadline): return deadline
        case .gone, nil: return nil
        }
    }

    // MARK: - Plans

    private func named(_ name: String) throws(SupervisorError) -> Stage {
        guard let stage = stages.first(where: { $0.name == name }) else {
            throw SupervisorError("no stage “\(name)”: there are \(stages.map(\.name).joined(separator: ", "))")
        }
        return stage
    }

    /// The stage's replicas in the order of their numbers.
    private func serving(_ stage: String) -> [Member] {
        members.values.filter { $0.stage == stage && $0.role.isStaying }.sorted { $0.replica < $1.replica }
    }

    private func scaling(_ stage: Stage, to replicas: Int) throws(SupervisorError) -> [Step] {
        let present = serving(stage.name)
        if let reason = stage.soleReason, replicas != present.count {
            throw SupervisorError("\(stage.name) runs exactly once: \(reason)")
        }
        guard stage.bounds.contains(replicas) else {
            throw SupervisorError(
                "\(stage.name) can have \(stage.bounds.lowerBound) to \(stage.bounds.upperBound) replicas here"
                    + (replicas == 0 ? "; none only when sluice.yaml says where it runs (at:)" : ""))
        }
        if replicas > present.count {
            return [.start(stage: stage.name, count: replicas - present.count, programs: programs[stage.name])]
        }
        return replicas < present.count ? [.leave(present.dropFirst(replicas).map(\.id))] : []
    }

    private func replacing(_ stage: String, programs: String?) throws(SupervisorError) -> [Step] {
        switch Replacement(of: stage) {
        case .surge:
            return serving(stage).flatMap { [.start(stage: stage, count: 1, programs: programs), .leave([$0.id])] }
        case .inPlace:
            return serving(stage).map { .replace($0.id, programs: programs) }
        case .handover:
            let retiring = members.values.filter { $0.stage == stage && !$0.role.isStaying }.count
            guard retiring < Self.maximumRetiring else {
                throw SupervisorError(
                    "\(retiring) replaced \(stage) processes still finish their connections: wait until one has ended")
            }
            return serving(stage).flatMap { [.start(stage: stage, count: 1, programs: programs), .handOver($0.id)] }
        }
    }

    // MARK: - Steps

    /// Goes on with the command as far as it can.
    mutating func advance(now: UInt64) -> [Action] {
        var actions: [Action] = []
        while let current = operation {
            if let wait = current.waiting {
                guard isOver(wait, now: now) else { break }
                conclude(wait)
                operation?.waiting = nil
            }
            guard let step = operation?.steps.popFirst() else {
                operation = nil
                actions.append(.answer(.done))
                break
            }
            actions += perform(step, now: now)
        }
        return actions
    }

    private func isOver(_ wait: Wait, now: UInt64) -> Bool {
        switch wait {
        case .settled(let ids):
            ids.allSatisfy { id in
                guard case .ready(let since)? = members[id]?.state else { return false }
                return now >= since + Self.settleMilliseconds
            }
        case .gone(let ids): ids.allSatisfy { members[$0] == nil }
        case .handedOver(let id, let deadline): members[id] == nil || now >= deadline
        }
    }

    /// New processes have proven themselves: from now on they are restarted like all others.
    private mutating func conclude(_ wait: Wait) {
        switch wait {
        case .settled(let ids):
            for id in ids {
                guard let member = members[id] else { continue }
                members[id]?.role = .serving
                programs[member.stage] = member.programs
            }
        case .gone, .handedOver: break
        }
    }

    private mutating func perform(_ step: Step, now: UInt64) -> [Action] {
        switch step {
        case .start(let stage, let count, let programs):
            var actions: [Action] = []
            var ids: [Int] = []
            for _ in 0..<count {
                let id = add(stage, now: now)
                members[id]?.role = .joining(former: nil)
                members[id]?.programs = programs
                actions.append(spawn(id, now: now))
                ids.append(id)
            }
            operation?.waiting = .settled(ids)
            return actions
        case .leave(let ids):
            operation?.waiting = .gone(ids)
            return ids.flatMap { letGo($0, .terminate($0), now: now) }
        case .replace(let id, let programs):
            operation?.waiting = .settled([id])
            guard let member = members[id] else { return [] }
            guard member.pid != nil else {
                members[id]?.comeBack(with: programs)
                return [spawn(id, now: now)]
            }
            members[id]?.role = .replacing(programs: programs)
            members[id]?.state = .draining(deadline: now + member.stopPhase.graceMilliseconds(hurried: false))
            return [.answer(.draining(member.label)), .terminate(id)]
        case .handOver(let id):
            operation?.waiting = .handedOver(id, deadline: now + Self.handoverMilliseconds)
            return letGo(id, .handOver(id), now: now)
        }
    }

    /// Lets a member finish by `action`, or go at once when it does not run.
    private mutating func letGo(_ id: Int, _ action: Action, now: UInt64) -> [Action] {
        guard let member = members[id] else { return [] }
        guard member.pid != nil else {
            remove(id, now: now)
            return [.answer(.stopped(member.label))]
        }
        let longer = action == .handOver(id) ? drainMilliseconds : 0
        members[id]?.role = .leaving
        members[id]?.state = .draining(deadline: now + longer + member.stopPhase.graceMilliseconds(hurried: false))
        return [.answer(.draining(member.label)), action]
    }

    /// A member that was told to finish is gone.
    mutating func left(_ member: Member, now: UInt64) -> [Action] {
        let isAwaited =
            switch operation?.waiting {
            case .gone(let ids): ids.contains(member.id)
            case .handedOver(let id, _): id == member.id
            case .settled, nil: false
            }
        return (isAwaited ? [.answer(.stopped(member.label))] : []) + advance(now: now)
    }

    /// A replaced ingress accepts no more.
    mutating func handedOver(_ id: Int, status: String?, now: UInt64) -> [Action] {
        guard case .handedOver(id, _)? = operation?.waiting else { return [] }
        operation?.waiting = .handedOver(id, deadline: now)
        return [.answer(.finishing(label(id), status))] + advance(now: now)
    }

    /// A new process cannot be had: what this step started goes, what was there before stays or comes back.
    mutating func takeBack(_ id: Int, _ reason: String, now: UInt64) -> [Action] {
        var actions: [Action] = []
        var kept = ""
        for member in ordered {
            guard case .joining(let former) = member.role else { continue }
            if let former {
                members[member.id]?.programs = former
                members[member.id]?.role = .serving
                if member.id == id { actions.append(spawn(id, now: now)) }
                kept = "; it starts again with the former program"
            } else if member.pid != nil {
                members[member.id]?.role = .leaving
                let grace = member.stopPhase.graceMilliseconds(hurried: false)
                members[member.id]?.state = .draining(deadline: now + grace)
                actions.append(.terminate(member.id))
            } else {
                remove(member.id, now: now)
            }
        }
        guard operation != nil else { return actions }
        operation = nil
        return actions + [.answer(.failed(reason + (kept.isEmpty ? "; what ran before goes on" : kept)))]
    }
}
