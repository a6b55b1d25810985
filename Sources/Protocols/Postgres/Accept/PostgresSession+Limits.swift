import Bus
import Contract
import Gateway
import NIOCore
import PostgresWire
import Telemetry

/// Row limits: what a ``RowLimiter`` asks for is done here.
extension PostgresSession {
    /// What is under way because of a limit.
    struct Limiting {
        /// A cancel request of Sluice's own is on its way: until it has arrived, it could hit a later command.
        var isCancelling = false
        /// What is done when it has.
        var afterCancel: [() throws -> Void] = []
    }

    // MARK: On the way to the target

    /// Whether a limited query may go out now. One that may change rows has the target for itself, in the client's
    /// transaction or in one that is begun here.
    func mayRun(_ command: Command) -> Bool {
        guard let limit = command.limit, RowLimit.mayChange(command.facts) else { return true }
        if let limiter = command.limiter { return limiter.mayRun }
        // Before the replies to all that went before it, it is not known whether a transaction is open.
        guard expected.isEmpty else { return false }
        let undo: RowLimiter.Undo =
            switch status {
            case .idle: .transaction
            case .inTransaction: limit.holds && command.retry != nil ? .savepoint : .none
            case .failed: .none
            }
        command.limiter = RowLimiter(limit, changes: true, isExtended: false, undo: undo, tally: command.tally)
        guard let begin = undo.begin else { return true }
        expected.append(.query(command))
        writeToTarget(FrontendEncoder.query(begin.text(savepoint: ownName)))
        flushTarget()
        return false
    }

    // MARK: Replies

    /// Takes a reply to a limited command. False: the reply is to something else.
    func takeLimited(_ frame: Frame) throws -> Bool {
        guard let command = running, let limit = command.limit else { return false }
        switch frame.type {
        case BackendType.noticeResponse, BackendType.notificationResponse, BackendType.parameterStatus: return false
        default: break
        }
        if command.limiter == nil {
            let isExtended = if case .execute = expected.first { true } else { false }
            command.limiter = RowLimiter(
                limit, changes: RowLimit.mayChange(command.facts), isExtended: isExtended, undo: .none,
                tally: command.tally)
        }
        let actions = try command.limiter?.receive(frame, hasHeader: command.facts.copy.header) ?? []
        for action in actions where !isEnded { try perform(action, command) }
        return true
    }

    private func perform(_ action: RowLimiter.Action, _ command: Command) throws {
        switch action {
        case .deliver(let frame): try deliverCounted(frame)
        case .send(let own):
            try whenCancelled { [self] in
                if case .execute = expected.first {
                    runInBatch(own)
                } else {
                    writeToTarget(FrontendEncoder.query(own.text(savepoint: ownName)))
                }
                flushTarget()
            }
        case .drop: dequeue()
        case .cancel: cancelRest()
        case .refuse(let status):
            try whenCancelled { [self] in
                if !runsAgain(command, status) { refuseBeyondLimit(command, status) }
            }
        case .refuseInPlace(let frame):
            try whenCancelled { [self] in
                // A batch that has failed cannot go back to a savepoint in it.
                let isOver = command.limiter?.undo == .savepoint
                guard isOver || !runsAgain(command, nil) else { return }
                note(Refusals.beyondLimit(command), on: command)
                try deliverCounted(frame)
            }
        case .fail(let reason):
            end(
                "row limit: \(reason)",
                failure: SessionFailure(
                    "57P03", "the session ends because a row limit could not be kept: \(reason)"))
        }
    }

    private func deliverCounted(_ frame: Frame) throws {
        if stalled != nil {
            stalled?.append(StalledReply(frame: frame, isCounted: true))
        } else {
            try handleReply(frame)
        }
    }

    // MARK: Refusals

    /// The command went beyond its limit and the target is done with it.
    private func refuseBeyondLimit(_ command: Command, _ status: TransactionStatus?) {
        let notice = Refusals.beyondLimit(command)
        note(notice, on: command)
        expected.removeFirst()
        guard let status else {
            ran(command)
            if send(notice, command, extended: true) { flushTarget() }
            return
        }
        becomeReady(status)
        if status == .inTransaction {
            // Aborts it, with all that the command did.
            if send(notice, command, extended: false) { flushTarget() }
            return
        }
        replies.append(BackendEncoder.notice(notice), command: command)
        replies.append(BackendEncoder.readyForQuery(status), command: command)
        ran(command)
        finish(command, .refused)
    }

    func note(_ notice: WireNotice, on command: Command) {
        metrics.commandsRefused.add()
        if copyOut != nil {
            replies.endCopy()
            copyOut = nil
        }
        command.tag = ""
        command.sqlState = notice.sqlState
        command.error = notice.message
        command.status = .refused
        command.rows = command.tally.rows
    }

    // MARK: Cancelling

    private func cancelRest() {
        guard greeting.processID != 0 else { return }
        limiting.isCancelling = true
        TargetConnector(resource: resource, eventLoop: services.eventLoop)
            .cancel(processID: greeting.processID, key: greeting.cancelKey) { [weak self] in self?.cancelArrived() }
    }

    private func cancelArrived() {
        guard !isEnded else { return }
        limiting.isCancelling = false
        let waiting = limiting.afterCancel
        limiting.afterCancel = []
        do {
            for action in waiting where !isEnded { try action() }
        } catch {
            return targetBrokeProtocol(error)
        }
        targetDidFinishReading()
    }

    private func whenCancelled(_ action: @escaping () throws -> Void) throws {
        if limiting.isCancelling { limiting.afterCancel.append(action) } else { try action() }
    }
}
