import Bus
import Contract
import Gateway
import NIOCore
import PostgresWire

/// How a command that was undone runs once more.
final class Retry {
    let request: JudgeRequest
    /// Query, or Execute.
    var frame: Frame
    /// In the extended protocol.
    let portal: Portal?

    struct Portal {
        let bind: ByteBuffer
        let statement: PreparedStatement
        let columns: PortalColumns
    }

    init(request: JudgeRequest, frame: Frame, portal: Portal? = nil) {
        self.request = request
        self.frame = frame
        self.portal = portal
    }
}

/// A write that went beyond its limit and was undone is judged once more: a rule may let reviewers decide about it. Only
/// outside of a transaction of the client's, where undoing it undoes nothing else.
extension PostgresSession {
    /// Whether a command beyond its limit is judged once more; what it did is undone first. `status`: as for
    /// ``RowLimiter/Action/refuse(status:)``.
    func runsAgain(_ command: Command, _ status: TransactionStatus?) -> Bool {
        guard command.retry != nil, command.limiter?.mayRunAgain == true else { return false }
        if let status {
            expected.removeFirst()
            becomeReady(status)
            judgeExcess(command)
            return true
        }
        guard self.status == .idle, executedInBatch == 1, command.retry?.portal != nil else { return false }
        expected.removeFirst()
        writeToTarget(FrontendEncoder.parse(name: "sluice_refused", text: Self.refusedText))
        writeToTarget(FrontendEncoder.sync())
        flushTarget()
        isBatchOpenAtTarget = false
        expected.append(.undoing(command))
        return true
    }

    func batchUndone(_ command: Command, _ status: TransactionStatus) throws {
        guard status == .idle else { throw WireError("a batch could not be undone") }
        becomeReady(status)
        judgeExcess(command)
    }

    private func judgeExcess(_ command: Command) {
        guard let retry = command.retry, let limit = command.limit else {
            preconditionFailure("only a command that can run again is judged again")
        }
        var excess = Excess()
        excess.rows = command.tally.rows
        excess.maxRows = limit.rows
        var request = retry.request
        request.excess = excess
        request.estimate = command.estimate
        let isExtended = retry.portal != nil
        var pending = PendingCommand(
            number: command.number, frame: retry.frame, question: PlanQuestion(text: request.text)
        ) { [self] ruling in
            let objection = limitObjection(to: ruling)
            guard ruling.outcome == .allow, objection == nil else {
                let wasDenied = !ruling.holdID.isEmpty
                return refuseUndone(
                    command, wasDenied ? Refusals.policy(ruling) : objection ?? Refusals.beyondLimit(command),
                    extended: isExtended)
            }
            runAgain(command, retry, ruling, after: excess)
        }
        pending.undone = command
        resolve(request, pending)
    }

    private func runAgain(_ command: Command, _ retry: Retry, _ ruling: Ruling, after excess: Excess) {
        command.restart(ruling, after: excess)
        let record = recording.lastSequence
        guard let again = retry.portal else {
            enqueue(
                .message(retry.frame.bytes, after: record, expecting: .query(command), type: retry.frame.type))
            return
        }
        var portal = Portal(command: command, statement: again.statement, columns: again.columns)
        portal.wasExecuted = true
        enqueue(
            .message(
                again.bind, after: record, expecting: .rebind(portals.define("", portal, batch: batch)),
                type: FrontendType.bind))
        if !command.mask.isEmpty || services.shared.inspectsReplies {
            enqueue(
                .message(
                    FrontendEncoder.describePortal(""), after: 0,
                    expecting: .columnsOfPortal(again.columns, command.mask), type: FrontendType.describe))
        }
        enqueue(
            .message(
                retry.frame.bytes, after: 0, expecting: .execute(again.columns, command), type: retry.frame.type))
        enqueue(Self.flushRequest)
    }

    /// The command stays undone; its refusal takes its place in the reply order.
    func refuseUndone(_ command: Command, _ notice: WireNotice, extended: Bool) {
        note(notice, on: command)
        ran(command)
        if extended { isSkippingToSync = true }
        enqueue(.refusal(notice, command, extended: extended))
    }
}
