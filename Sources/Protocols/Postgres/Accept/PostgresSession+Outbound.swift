import Bus
import Contract
import Gateway
import NIOCore
import PostgresWire
import Telemetry

/// The last step before the target: in order, and only what is recorded.
extension PostgresSession {
    /// What the target gets in place of a refused command where its own state must change as after an error: it can
    /// only fail, so an open transaction is aborted as PostgreSQL would, and the refusal takes the place of its error.
    static let refusedText = "SLUICE REFUSED THIS COMMAND"

    func drainOutbound() {
        guard !isEnded, !isWaitingForRecord else { return }
        var wrote = false
        loop: while expected.count < Self.expectedReplies, !isRevealing, let next = outbound.first {
            switch next {
            case .message(let bytes, let record, let expecting, let type):
                guard recording.isDurable(through: record) else {
                    // What was behind others in the queue has waited with them.
                    let deadline = recording.deadline(of: record, after: Self.recordTimeout)
                    guard expecting == nil || deadline > monotonicNanoseconds() else {
                        recordingFailed(.late, record: record)
                        continue
                    }
                    waitForRecord(record, deadline: deadline)
                    break loop
                }
                if case .query(let command) = expecting, !mayRun(command) { break loop }
                if case .reveal(let command) = expecting {
                    guard expected.isEmpty, !isBatchOpenAtTarget else { break loop }
                    dequeue()
                    if reveal(command) { wrote = true }
                    continue
                }
                dequeue()
                if case .execute(_, let command) = expecting { guardExecution(command) }
                writeToTarget(bytes)
                wrote = true
                if let command = expecting?.command, let readAt = command.readAt {
                    command.readAt = nil
                    if command.sentAt == 0 { command.sentAt = unixMicroseconds() }
                    metrics.handling.observe(nanoseconds: monotonicNanoseconds() &- readAt)
                }
                switch type {
                case FrontendType.sync, FrontendType.query: isBatchOpenAtTarget = false
                case FrontendType.copyData, FrontendType.copyDone, FrontendType.copyFail, FrontendType.flush: break
                default: isBatchOpenAtTarget = true
                }
                // In a transaction of Sluice's own its place in the reply order is taken already.
                if let expecting, !isAwaited(expecting) { expected.append(expecting) }
            case .refusal(let notice, let command, let extended):
                dequeue()
                if send(notice, command, extended: extended) { wrote = true }
            case .terminate:
                guard expected.isEmpty, replies.isEmpty else { break loop }
                return end("client closed the session")
            }
        }
        if wrote { flushTarget() }
    }

    private func isAwaited(_ reply: ExpectedReply) -> Bool {
        guard case .query(let command) = reply, case .query(let first) = expected.first else { return false }
        return command === first
    }

    private func waitForRecord(_ record: UInt64, deadline: UInt64) {
        isWaitingForRecord = true
        let since = monotonicNanoseconds()
        recording.whenDurable(through: record, deadline: deadline) {
            [weak self] failure in
            guard let self, !self.isEnded else { return }
            self.isWaitingForRecord = false
            self.metrics.auditWait.observe(nanoseconds: monotonicNanoseconds() &- since)
            if let failure { self.recordingFailed(failure, record: record) }
            self.advance()
            self.flushClient()
        }
    }

    /// The command at the head was not recorded: it does not run. Nothing happens when it was dropped meanwhile.
    private func recordingFailed(_ failure: AuditTrail.AuditFailure, record: UInt64) {
        guard case .message(_, record, let expecting?, let type) = outbound.first else { return }
        let notice = Refusals.unavailable("its recording failed: \(failure.reason)")
        metrics.commandsUnrecorded.add()
        let extended = type != FrontendType.query
        let command = expecting.command
        command?.sqlState = notice.sqlState
        command?.error = notice.message
        command?.status = .refused
        if extended {
            // With all that is behind it: what it defined is covered by later definitions, which are undone before it.
            dropOutboundToSync(sparing: command)
        } else {
            dequeue()
            undo(expecting)
        }
        enqueueFirst(.refusal(notice, command, extended: extended))
    }

    /// Puts a refusal into the reply order. True when the target was written to.
    func send(_ notice: WireNotice, _ command: Command?, extended: Bool) -> Bool {
        if extended { dropOutboundToSync(sparing: command) }
        if expected.isEmpty, status == .idle, !isBatchOpenAtTarget {
            replies.append(BackendEncoder.notice(notice), command: command)
            if !extended { replies.append(BackendEncoder.readyForQuery(status), command: command) }
            if let command { finish(command, .refused) }
            flushClient()
            return false
        }
        if extended {
            isBatchOpenAtTarget = true
            writeToTarget(FrontendEncoder.parse(name: "sluice_refused", text: Self.refusedText))
            expected.append(.refusedParse(notice, command))
        } else {
            writeToTarget(FrontendEncoder.query(Self.refusedText))
            expected.append(.refusedQuery(notice, command))
        }
        return true
    }

    /// After a refusal or an error in the extended protocol: nothing is sent before the next Sync. `spared` is the command
    /// whose refusal is still to be said, and which ends by that.
    func dropOutboundToSync(sparing spared: Command? = nil) {
        var dropped: [ExpectedReply] = []
        var foundSync = false
        while let next = outbound.first, !foundSync {
            switch next {
            case .message(_, _, _, FrontendType.sync), .terminate:
                foundSync = true
                continue
            case .message(_, _, let expecting, _):
                if let expecting { dropped.append(expecting) }
            case .refusal(_, let command, _):
                if let command { replies.end(command) }
            }
            dequeue()
        }
        if !foundSync {
            isSkippingToSync = true
            abandonPending()
        }
        undo(dropped, sparing: spared)
    }

    /// Undoes what messages that the target does not act on had defined, the last one first.
    func undo(_ replies: some BidirectionalCollection<ExpectedReply>, sparing spared: Command? = nil) {
        for reply in replies.reversed() { undo(reply) }
        for reply in replies {
            if let command = reply.command, command !== spared { finish(command, .skipped) }
        }
    }

    private func undo(_ reply: ExpectedReply) {
        switch reply {
        case .parse(_, let definition), .closeStatement(let definition): statements.undo(definition)
        case .bind(_, let definition), .closePortal(let definition), .rebind(let definition): portals.undo(definition)
        case .describeStatement(let statement?): undoDescription(of: statement.columns)
        case .columnsOfStatement(let columns, _): undoDescription(of: columns)
        case .query, .reveal, .refusedQuery, .refusedParse, .describeStatement(nil), .describePortal, .columnsOfPortal,
            .execute,
            .sync, .own, .undoing:
            break
        }
        if let command = reply.command { lowerBarrier(command) }
    }

    func lowerBarrier(_ command: Command) {
        guard barrier === command else { return }
        barrier = nil
        copyIn = .none
    }
}
