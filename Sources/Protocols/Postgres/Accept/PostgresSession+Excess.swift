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
        /// The statement's name in it, and what it stood for.
        let name: String
        let statement: PreparedStatement
        let columns: PortalColumns
    }

    init(request: JudgeRequest, frame: Frame, portal: Portal? = nil) {
        self.request = request
        self.frame = frame
        self.portal = portal
    }
}

/// A write that went beyond its limit and was undone is judged once more: a rule may let reviewers decide about it. Outside of a
/// transaction of the client's undoing it undoes nothing else; inside of one it runs behind a savepoint.
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
        guard executedInBatch == 1, let portal = command.retry?.portal, stillStands(portal) else { return false }
        if command.limiter?.undo == .savepoint {
            expected.removeFirst()
            runInBatch(.rollbackToSavepoint)
            runInBatch(.release, undoing: command)
            writeToTarget(FrontendEncoder.flush())
            flushTarget()
            return true
        }
        guard self.status == .idle else { return false }
        expected.removeFirst()
        writeToTarget(FrontendEncoder.parse(name: "sluice_refused", text: Self.refusedText))
        writeToTarget(FrontendEncoder.sync())
        flushTarget()
        isBatchOpenAtTarget = false
        expected.append(.undoing(command))
        return true
    }

    /// Whether the Bind, sent once more, means the same statement: a later Parse of the batch may have taken its name.
    private func stillStands(_ portal: Retry.Portal) -> Bool {
        guard case .found(let statement) = statements.lookup(portal.name, batch: batch) else { return false }
        return statement.textDigest == portal.statement.textDigest && statement.types == portal.statement.types
    }

    /// Puts a savepoint before an Execute that reviewers may let go beyond its limit. Where it is not known whether a
    /// transaction is open, there is none.
    func guardExecution(_ command: Command) {
        guard let limit = command.limit, limit.holds, RowLimit.mayChange(command.facts), command.limiter == nil,
            command.retry?.portal != nil, status == .inTransaction, executedInBatch == 1,
            !expected.contains(where: \.endsWithReady)
        else { return }
        command.limiter = RowLimiter(limit, changes: true, isExtended: true, undo: .savepoint, tally: command.tally)
        runInBatch(.savepoint)
    }

    /// Runs a statement of Sluice's own in the client's batch, beside its statements and portals.
    func runInBatch(_ own: RowLimiter.Own, undoing command: Command? = nil) {
        writeToTarget(FrontendEncoder.execution(of: own.text(savepoint: ownName), as: ownName))
        for _ in 1..<FrontendEncoder.executionReplies { expected.append(.own(undoing: nil)) }
        expected.append(.own(undoing: command))
    }

    func batchUndone(_ command: Command, _ status: TransactionStatus) throws {
        guard status == .idle else { throw WireError("a batch could not be undone") }
        becomeReady(status)
        judgeExcess(command)
    }

    func judgeExcess(_ command: Command) {
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
                    expecting: .columnsOfPortal(again.columns, command.mask, settles: false),
                    type: FrontendType.describe))
        }
        enqueue(
            .message(
                retry.frame.bytes, after: 0, expecting: .execute(again.columns, command), type: retry.frame.type))
        enqueue(Self.flushRequest)
    }

    /// The command stays undone; its refusal takes its place in the reply order.
    func refuseUndone(_ command: Command, _ notice: WireNotice, extended: Bool) {
        recordWhole(command.number)
        note(notice, on: command)
        ran(command)
        if extended { isSkippingToSync = true }
        enqueue(.refusal(notice, command, extended: extended))
    }
}
