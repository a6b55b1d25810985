import Bus
import Contract
import Foundation
import Gateway
import NIOCore
import PostgresWire
import Telemetry

/// Commands on their way through the request lane and the recorder.
extension PostgresSession {
    /// Time that a record may take to be acknowledged, from when it was added, nanoseconds.
    static let recordTimeout: UInt64 = 5_000_000_000

    /// Records a command and has it judged, at once when a memoised decision covers it. `release` puts it on its way;
    /// it gets the command's number, its record and the ruling, on a permit to run only.
    func start(
        _ request: JudgeRequest, frame: Frame, message: String, extended: Bool, statementName: String = "",
        portalName: String = "", parameters: [Parameter] = [], question: PlanQuestion? = nil,
        release: @escaping (_ number: UInt64, _ record: UInt64, _ ruling: Ruling) -> Void
    ) {
        commands += 1
        turn.take(in: services.turn)
        let number = commands
        judgingSince = monotonicNanoseconds()
        schema.keepFresh()
        var request = request
        request.catalogVersion = catalogVersion
        // A memoised hold says that an execution needs an approval of its own, so it has to be asked for.
        let memoised = services.memoisedRuling(request).flatMap {
            $0.outcome == .hold && request.purpose == .execution ? nil : $0
        }
        let record = append(
            .command(
                Self.received(
                    request, number: number, message: message, statementName: statementName, portalName: portalName,
                    parameters: parameters, memoised: memoised)))
        let ruled = { [self] (ruling: Ruling) in
            if isSkippingToSync { return skip(number) }
            if let objection = objection(to: ruling) ?? limitObjection(to: ruling)
                ?? revealObjection(to: ruling, extended: extended)
            {
                return refuse(number, objection, extended: extended)
            }
            switch ruling.outcome {
            case .allow:
                metrics.commandsAllowed.add()
                // What people allowed does not run before it is recorded that they did.
                release(number, ruling.holdID.isEmpty ? record : recording.lastSequence, ruling)
            case .hold:
                metrics.commandsHeld.add()
                // Only a statement that is not run yet gets here: its executions are judged on their own.
                release(number, record, ruling)
            case .refuse:
                metrics.commandsRefused.add()
                refuse(number, Refusals.policy(ruling), extended: extended)
            }
        }
        if let memoised {
            metrics.commandsRemembered.add()
            sessionMask.tighten(memoised.mask.withoutOutputs)
            return ruled(memoised)
        }

        let pending = PendingCommand(
            number: number, frame: frame, question: question ?? PlanQuestion(text: request.text), ruled: ruled)
        request.traceparent = trace.traceparent(span: number)
        resolve(request, pending)
    }

    /// Decisions by another version of the catalogue, or for another search path, are others.
    private var catalogVersion: UInt64 { schema.version << 1 | (isPathKnown ? 1 : 0) }

    /// Finds what the names in the text stand for, then has the command judged.
    func resolve(_ request: JudgeRequest, _ pending: PendingCommand) {
        let names: Set<String>
        do {
            names = try NameScan(request.text).names
        } catch {
            return refuse(pending, Refusals.unreadNames(error), status: .refused)
        }
        gate = .resolving(pending)
        schema.excerpt(of: names, pathKnown: isPathKnown) { [weak self] found in
            guard let self, !self.isEnded, case .resolving(let waiting) = self.gate, waiting.number == pending.number
            else { return }
            var request = request
            switch found {
            case .success where self.hiddenName(names) != nil:
                self.refuse(pending, Refusals.hidden(self.hiddenName(names) ?? ""), status: .refused)
            case .success(let excerpt):
                request.catalog = excerpt.bytes
                request.catalogVersion = self.catalogVersion
                self.judge(request, pending)
            case .failure(.unavailable):
                self.metrics.commandsUnavailable.add()
                self.refuse(
                    pending, Refusals.unavailable("the target's catalogue could not be read"), status: .refused)
            case .failure(.tooLarge):
                self.refuse(pending, Refusals.tooManyNames(), status: .refused)
            }
        }
    }

    /// A name that stands for a relation of the catalogue and for another one that only this session has: what is masked in
    /// the one could be read from the other.
    private func hiddenName(_ names: Set<String>) -> String? {
        guard !sessionMask.columns.isEmpty, !(temporaryNames.isEmpty && transactionNames.isEmpty) else { return nil }
        let isFull = temporaryNames.count + transactionNames.count >= Self.ownNames
        return names.first { name in
            schema.isNamed(name) && (isFull || temporaryNames.contains(name) || transactionNames.contains(name))
        }
    }

    /// What the parser takes for a relation was looked up, if only to find none.
    private func wasLookedUp(_ relations: [String], in text: [UInt8]) -> Bool {
        guard !relations.isEmpty else { return true }
        do {
            let names = try NameScan(text).names
            return relations.allSatisfy { names.contains(NameScan.last(of: $0)) }
        } catch {
            return false
        }
    }

    private func judge(_ request: JudgeRequest, _ pending: PendingCommand) {
        let number = pending.number
        var exchange: UInt64 = 0
        var isDecided = false
        exchange = services.judge(request) { [weak self] event in
            guard let self, !self.isEnded else { return }
            if case .held = event {} else { isDecided = true }
            switch event {
            case .held(let hold): self.held(hold, sequence: exchange, pending)
            case .ruled(let ruling) where ruling.wantsEstimate && ruling.outcome == .refuse:
                self.estimate(request, pending, ruling.facts)
            case .ruled(let ruling) where !self.wasLookedUp(ruling.facts.unresolved, in: request.text):
                self.refuse(pending, Refusals.unreadNames(.escaped), status: .refused)
            case .ruled(let ruling):
                self.recordDecision(ruling, number: number)
                self.sessionMask.tighten(ruling.mask.withoutOutputs)
                if !ruling.holdID.isEmpty {
                    self.holdDecided(ruling, sequence: exchange, number: number)
                } else if case .held(_, let holdID, _) = self.gate {
                    // Another stage refused it meanwhile: what waits for reviewers is closed.
                    self.recordHold(number, id: holdID, status: "cancelled", reviews: [])
                    self.services.closeHold(holdID, session: self.id, sequence: exchange, used: false)
                }
                self.gate = .open
                pending.ruled(ruling)
                self.advance()
                self.flushClient()
            case .unavailable(let reason):
                self.metrics.commandsUnavailable.add()
                if case .held(_, let holdID, _) = self.gate {
                    self.recordHold(number, id: holdID, status: "cancelled", reviews: [])
                    self.services.closeHold(holdID, session: self.id, sequence: exchange, used: false)
                }
                self.refuse(pending, Refusals.unavailable(reason), status: .refused)
            }
        }
        if !isDecided { gate = .judging(sequence: exchange, pending) }
    }

    /// Has the command judged once more, by what the planner expects of it.
    private func estimate(_ request: JudgeRequest, _ pending: PendingCommand, _ facts: Facts) {
        guard request.estimate == nil else {
            metrics.commandsUnavailable.add()
            return refuse(
                pending, Refusals.unavailable("the classifier cannot decide by an estimate"), status: .refused)
        }
        gate = .resolving(pending)
        let answered = { [weak self] (estimate: Estimate) in
            guard let self, !self.isEnded, case .resolving(let waiting) = self.gate, waiting.number == pending.number
            else { return }
            var request = request
            request.estimate = estimate
            self.judge(request, pending)
            self.flushClient()
        }
        guard PlanQuestion.fits(facts), isPathKnown else { return answered(.failure) }
        catalog.estimates.estimate(pending.question, answered)
    }

    private func held(_ hold: HoldPending, sequence: UInt64, _ pending: PendingCommand) {
        if case .held = gate { return }
        gate = .held(sequence: sequence, id: hold.id, pending)
        recordHold(pending.number, id: hold.id, status: "pending", reviews: [])
        let now = unixMilliseconds()
        let left = hold.expiresAtMs > now ? (hold.expiresAtMs - now + 999) / 1000 : 0
        let notice = BackendEncoder.notice(Refusals.held((hold.id, left)))
        if replies.isEmpty {
            writeToClient(notice)
            flushClient()
        } else {
            replies.append(notice, command: nil)
        }
    }

    private func holdDecided(_ ruling: Ruling, sequence: UInt64, number: UInt64) {
        recordHold(
            number, id: ruling.holdID, status: ruling.outcome == .allow ? "approved" : "denied", reviews: ruling.reviews
        )
        if ruling.outcome == .allow { services.closeHold(ruling.holdID, session: id, sequence: sequence, used: true) }
    }

    private func recordDecision(_ ruling: Ruling, number: UInt64) {
        var decision = Self.decision(ruling, number: number)
        decision.decisions = ruling.signed
        append(.decision(decision))
        for var event in ruling.events {
            event.command = number
            append(.stageEvent(event))
        }
    }

    static func decision(_ ruling: Ruling, number: UInt64) -> DecisionMade {
        var decision = DecisionMade()
        decision.command = number
        decision.verdict =
            switch ruling.outcome {
            case .allow: .allow
            case .hold: .hold
            case .refuse: .refuse
            }
        decision.rule = ruling.rule
        decision.stage = ruling.stage
        decision.reason = ruling.reason
        decision.policyEpoch = Data(ruling.epoch)
        decision.tables = ruling.tables
        return decision
    }

    private static func received(
        _ request: JudgeRequest, number: UInt64, message: String, statementName: String, portalName: String,
        parameters: [Parameter], memoised: Ruling?
    ) -> CommandReceived {
        var command = CommandReceived()
        command.command = number
        command.message = message
        command.digest = Data(request.digest)
        command.parameters = parameters
        command.statementName = statementName
        command.portalName = portalName
        if let text = String(validating: request.text, as: UTF8.self) {
            command.text = text
        } else {
            command.raw = Data(request.text)
        }
        if let memoised {
            command.memoised = decision(memoised, number: number)
            // As signed for an earlier command with this text: the decisions carry what stages noted about it.
            if memoised.isAnnotated { command.memoised.decisions = memoised.signed }
        }
        return command
    }

    /// SQL EXECUTE runs a statement that was judged when it was prepared: only while that judgement still holds.
    private func objection(to ruling: Ruling) -> WireNotice? {
        guard ruling.outcome == .allow, ruling.facts.operations.contains("execute"),
            !executables.mayRun(epoch: ruling.epoch)
        else { return nil }
        return WireNotice(
            sqlState: "42501",
            message: "EXECUTE is refused: a statement prepared on this connection would be judged differently now",
            hint: "Send DEALLOCATE ALL, or run the statement's own text.")
    }

    /// A command whose rows are limited but cannot be counted does not run.
    func limitObjection(to ruling: Ruling) -> WireNotice? {
        guard ruling.outcome != .refuse else { return nil }
        var limit = RowLimit(ruling.limits)
        if ruling.facts.operations.contains("execute") { limit = RowLimit.tighter(limit, executables.limit) }
        return limit.flatMap { limit in
            RowLimit.objection(to: ruling.facts).map { Refusals.unlimitable(limit, $0) }
        }
    }

    /// A command that the target will not see, since it skips to Sync.
    private func skip(_ number: UInt64) {
        let command = Command(refused: number)
        finish(command, .skipped)
    }

    /// The target is skipping to Sync: a command that still waits for its decision is dropped.
    func abandonPending() {
        switch gate {
        case .resolving(let pending):
            gate = .open
            skip(pending.number)
        case .judging(let sequence, let pending):
            services.conductor.cancel(sequence: sequence)
            gate = .open
            skip(pending.number)
        case .held(let sequence, let holdID, let pending):
            services.conductor.cancel(sequence: sequence)
            recordHold(pending.number, id: holdID, status: "cancelled", reviews: [])
            services.closeHold(holdID, session: id, sequence: sequence, used: false)
            gate = .open
            skip(pending.number)
        case .open, .closed: break
        }
    }

    // MARK: Refusals

    /// Refuses the command that the gate waits for.
    func refuse(_ pending: PendingCommand, _ notice: WireNotice, status: Command.Status) {
        gate = .open
        let extended = pending.frame.type != FrontendType.query
        if let undone = pending.undone {
            refuseUndone(undone, notice, extended: extended)
        } else {
            refuse(pending.number, notice, extended: extended, status: status)
        }
        advance()
        flushClient()
    }

    /// Refuses a message that no stage was asked about; it is recorded like any other.
    func refuseUnjudged(_ frame: Frame, _ notice: WireNotice, message: String, extended: Bool) {
        commands += 1
        turn.take(in: services.turn)
        var received = CommandReceived()
        received.command = commands
        received.message = message
        received.digest = Data(Self.digest([UInt8](frame.bytes.readableBytesView)))
        append(.command(received))
        refuse(commands, notice, extended: extended)
    }

    func refuse(
        _ number: UInt64, _ notice: WireNotice, extended: Bool, status: Command.Status = .refused
    ) {
        let command = Command(refused: number)
        command.sqlState = notice.sqlState
        command.error = notice.message
        command.status = status
        if extended { isSkippingToSync = true }
        enqueue(.refusal(notice, command, extended: extended))
    }

    /// Operations after which unqualified names may stand for other relations: from then on any schema may be meant.
    private static let mayChangePath: Set<String> = ["session", "role", "call", "execute"]

    /// Whether a harmless setting is that of an empty search path. Were it written otherwise, names would stand for nothing.
    private func emptiesPath(_ facts: Facts, _ text: [UInt8]) -> Bool {
        facts.operations.contains("session.safe")
            && String(decoding: text, as: UTF8.self).lowercased().contains("search_path")
    }

    /// Nothing is sent behind a command that can change what later messages mean: one that may begin COPY FROM STDIN,
    /// redefine prepared statements, cursors or relations by SQL, or that was not understood.
    func raiseBarrier(for command: Command, text: [UInt8]) {
        let facts = command.facts
        if facts.copy.in || facts.opaque { copyIn = .possible }
        let changesNames =
            !facts.preparedNames.isEmpty || !facts.deallocatedNames.isEmpty
            || facts.operations.contains(where: ["cursor", "execute", "call", "session", "role"].contains)
        let changesDefinitions =
            facts.opaque || facts.operations.contains(where: ["alter", "drop", "create", "call"].contains)
        if facts.operations.contains("execute") { command.tighten(executables.limit) }
        // A limited command's outcome decides whether the ones behind it are seen at all.
        if facts.copy.in || changesNames || changesDefinitions || command.limit != nil { barrier = command }
        if facts.opaque || facts.operations.contains(where: Self.mayChangePath.contains) || emptiesPath(facts, text) {
            isPathKnown = false
        }
        // Known before it runs, so that an EXECUTE sent behind it is held against it.
        if !facts.preparedNames.isEmpty {
            executables.add(epoch: command.epoch, isForOnce: command.isForOnce, limit: command.limit)
        }
        if changesDefinitions { self.changesDefinitions = true }
        guard facts.operations.contains(where: ["alter", "drop", "create"].contains) else { return }
        for relation in facts.tablesWritten where temporaryNames.count + transactionNames.count < Self.ownNames {
            let name = NameScan.last(of: relation)
            if relation.hasPrefix("pg_temp.") { temporaryNames.insert(name) } else { transactionNames.insert(name) }
        }
    }
}
