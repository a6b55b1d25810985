import NIOCore
import PostgresWire

/// Holds one command to its row limit: replies in, actions out.
///
/// A write is answered when it is known to be within the limit; until then its reply waits here, up to ``withheldBytes``.
/// Outside of a transaction a simple query runs in one that Sluice begins and ends; inside of one, what reviewers may let go
/// beyond its limit runs behind a savepoint of Sluice's. Otherwise, and in a batch of the extended protocol, what was too much
/// is undone by a statement that can only fail. A read is answered as it comes, and stopped.
struct RowLimiter {
    /// Bytes of a write's reply that wait for its count. What exceeds them reaches the client before.
    static let withheldBytes = 256 << 10

    /// Sluice's own statements, whose replies are not the client's.
    enum Own {
        case begin, commit, rollback
        case savepoint, release, rollbackToSavepoint
        /// In the simple protocol alone.
        case undoSavepoint

        func text(savepoint name: String) -> String {
            switch self {
            case .begin: "BEGIN"
            case .commit: "COMMIT"
            case .rollback: "ROLLBACK"
            case .savepoint: "SAVEPOINT \(name)"
            case .release: "RELEASE SAVEPOINT \(name)"
            case .rollbackToSavepoint: "ROLLBACK TO SAVEPOINT \(name)"
            case .undoSavepoint: "ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)"
            }
        }
    }

    /// What undoes the command alone.
    enum Undo {
        /// Nothing does.
        case none
        /// A transaction of Sluice's own around it.
        case transaction
        /// A savepoint of Sluice's in the client's transaction.
        case savepoint

        var begin: Own? {
            switch self {
            case .none: nil
            case .transaction: .begin
            case .savepoint: .savepoint
            }
        }
    }

    enum Action {
        /// A reply for the client, in its turn.
        case deliver(Frame)
        case send(Own)
        /// BEGIN failed: the command must not go out.
        case drop
        /// The target is to stop what it still does.
        case cancel
        /// The target is done with the command and stands at `status` (simple protocol), or has the batch still open (nil): the
        /// client gets the refusal.
        case refuse(status: TransactionStatus?)
        /// The target failed, which ends the batch: the client gets the refusal in its error's place.
        case refuseInPlace(Frame)
        /// The session must end: what the command did can be neither kept nor undone.
        case fail(String)
    }

    /// Why the command is refused after all.
    enum Objection: Equatable {
        /// Rows that it changed or returned, as far as they were counted.
        case rows(UInt64)
        /// A portal was suspended before its changes were told.
        case uncounted
    }

    private enum Phase { case beginning, notBegun, running, committing, notCommitted, undoing, done }

    let limit: RowLimit
    private let changes: Bool
    private let isExtended: Bool
    let undo: Undo
    private let tally: RowTally
    private var phase: Phase
    private var withheld: [Frame] = []
    private var withheldSize = 0
    private var isCommitted = false
    /// The reply outgrew what may wait: only the last CommandComplete still does.
    private var isPassing = false
    /// A COPY's header line is no row.
    private var headers: UInt64 = 0
    private(set) var objection: Objection?
    /// The client has something of the command's reply, so that it cannot run once more.
    private(set) var isSeen = false

    /// `undo`: in the simple protocol its beginning was just sent, and the command follows when ``mayRun``; in a batch it goes
    /// before the command.
    init(_ limit: RowLimit, changes: Bool, isExtended: Bool, undo: Undo, tally: RowTally) {
        self.limit = limit
        self.changes = changes
        self.isExtended = isExtended
        self.undo = undo
        self.tally = tally
        phase = undo.begin == nil || isExtended ? .running : .beginning
    }

    var mayRun: Bool { if case .running = phase { true } else { false } }
    /// A write that went beyond, and nothing of it was seen: it could run once more.
    var mayRunAgain: Bool {
        guard changes, !isSeen, case .rows = objection else { return false }
        return isExtended || undo.begin != nil
    }

    /// Takes a reply to the command or to Sluice's own statements around it. `hasHeader`: of COPY TO STDOUT.
    mutating func receive(_ frame: Frame, hasHeader: Bool = false) throws(WireError) -> [Action] {
        switch phase {
        case .beginning: try begun(frame)
        case .running: try run(frame, hasHeader: hasHeader)
        case .committing, .notCommitted: try committed(frame)
        case .undoing: try undone(frame)
        case .notBegun, .done: [.deliver(frame)]
        }
    }

    // MARK: Own statements

    private mutating func begun(_ frame: Frame) throws(WireError) -> [Action] {
        switch frame.type {
        case BackendType.commandComplete: return []
        case BackendType.errorResponse:
            phase = .notBegun
            return [.drop, .deliver(frame)]
        case BackendType.readyForQuery:
            guard try BackendDecoder.readyForQuery(frame) == .inTransaction else {
                return [.fail("a transaction could not be begun")]
            }
            phase = .running
            return []
        default: return [.deliver(frame)]
        }
    }

    private mutating func committed(_ frame: Frame) throws(WireError) -> [Action] {
        switch frame.type {
        case BackendType.commandComplete:
            isCommitted = ["COMMIT", "RELEASE"].contains(try BackendDecoder.commandTag(frame))
            return []
        case BackendType.errorResponse:
            // A deferred constraint: its error stands where the last CommandComplete would.
            if withheld.last?.type == BackendType.commandComplete { withheld.removeLast() }
            phase = .notCommitted
            return release() + [.deliver(frame)]
        case BackendType.readyForQuery:
            let status = try BackendDecoder.readyForQuery(frame)
            guard phase == .notCommitted ? status == statusAfterError : isCommitted && status == statusAround else {
                return [.fail("a limited command could not be committed")]
            }
            phase = .done
            return release() + [.deliver(frame)]
        default: return [.deliver(frame)]
        }
    }

    private mutating func undone(_ frame: Frame) throws(WireError) -> [Action] {
        switch frame.type {
        case BackendType.commandComplete: return []
        case BackendType.readyForQuery:
            guard try BackendDecoder.readyForQuery(frame) == statusAround else { break }
            phase = .done
            return [objection == nil ? .deliver(frame) : .refuse(status: statusAround)]
        default: break
        }
        return [.fail("a limited command could not be rolled back")]
    }

    /// Where the target stands before the command and after it.
    private var statusAround: TransactionStatus {
        switch undo {
        case .none, .transaction: .idle
        case .savepoint: .inTransaction
        }
    }

    /// Where an error leaves it that comes in place of the end.
    private var statusAfterError: TransactionStatus {
        switch undo {
        case .none, .transaction: .idle
        case .savepoint: .failed
        }
    }

    // MARK: The command

    private mutating func run(_ frame: Frame, hasHeader: Bool) throws(WireError) -> [Action] {
        let isKnown = objection != nil
        try count(frame, hasHeader: hasHeader)
        if frame.type == BackendType.readyForQuery, !isExtended {
            return finished(frame, try BackendDecoder.readyForQuery(frame))
        }
        guard objection == nil else { return exceeded(frame, isNew: !isKnown) }
        switch frame.type {
        case BackendType.copyInResponse:
            isSeen = true
            return release() + [.deliver(frame)]
        case BackendType.errorResponse:
            return release() + [.deliver(frame)]
        case BackendType.commandComplete, BackendType.emptyQueryResponse, BackendType.portalSuspended:
            guard !isExtended else {
                let ends: [Action] = undo.begin == nil ? [] : [.send(.release)]
                return ends + release() + [.deliver(frame)]
            }
            guard changes else { return [.deliver(frame)] }
            return withhold(frame)
        default:
            return changes ? withhold(frame) : [.deliver(frame)]
        }
    }

    private mutating func count(_ frame: Frame, hasHeader: Bool) throws(WireError) {
        switch frame.type {
        case BackendType.dataRow: tally.returnedRow()
        case BackendType.copyData:
            // The trailer of a binary COPY (manual, COPY, "File Trailer") is no row.
            if frame.count == 7, frame.bytes.getInteger(at: frame.bytes.readerIndex + 5, as: Int16.self) == -1 {
                return
            }
            if hasHeader, headers == 0 {
                headers = 1
                return
            }
            tally.returnedRow()
        case BackendType.commandComplete:
            guard changes else { return }
            tally.completed(tag: try BackendDecoder.commandTag(frame))
        case BackendType.portalSuspended:
            if changes { objection = objection ?? .uncounted }
            return
        default: return
        }
        if tally.rows > limit.rows { objection = .rows(tally.rows) }
    }

    /// Beyond the limit nothing reaches the client but what it has.
    private mutating func exceeded(_ frame: Frame, isNew: Bool) -> [Action] {
        withheld = []
        switch frame.type {
        case BackendType.commandComplete, BackendType.emptyQueryResponse, BackendType.portalSuspended:
            guard isExtended else { return [] }
            phase = .done
            return [.refuse(status: nil)]
        case BackendType.errorResponse:
            guard isExtended else { return [] }
            phase = .done
            return [.refuseInPlace(frame)]
        case BackendType.copyInResponse: return [.fail("a command beyond its limit asks for data")]
        default:
            // An error would end the batch, and only an open one can go back to its savepoint.
            return isNew && !(isExtended && undo.begin != nil) ? [.cancel] : []
        }
    }

    /// ReadyForQuery: the target is done with the command.
    private mutating func finished(_ frame: Frame, _ status: TransactionStatus) -> [Action] {
        switch (undo, status) {
        case (.none, _):
            phase = .done
            return objection == nil ? release() + [.deliver(frame)] : [.refuse(status: status)]
        case (.transaction, .inTransaction) where objection == nil:
            phase = .committing
            return [.send(.commit)]
        case (.savepoint, .inTransaction) where objection == nil:
            phase = .committing
            return [.send(.release)]
        case (.savepoint, .failed) where objection == nil:
            // The command's own error, which fails the client's transaction.
            phase = .done
            return [.deliver(frame)]
        case (.transaction, .inTransaction), (.transaction, .failed):
            withheld = []
            phase = .undoing
            return [.send(.rollback)]
        case (.savepoint, .inTransaction), (.savepoint, .failed):
            withheld = []
            phase = .undoing
            return [.send(.undoSavepoint)]
        case (.transaction, .idle), (.savepoint, .idle): return [.fail("a limited command ended its transaction")]
        }
    }

    // MARK: Withheld replies

    private mutating func withhold(_ frame: Frame) -> [Action] {
        var actions: [Action] = []
        if isPassing {
            actions = release()
            if frame.type != BackendType.commandComplete { return actions + [.deliver(frame)] }
        }
        withheld.append(frame)
        withheldSize += frame.count
        guard withheldSize > Self.withheldBytes, !isPassing else { return actions }
        isPassing = true
        isSeen = true
        guard frame.type == BackendType.commandComplete else { return release() }
        withheld.removeLast()
        actions = release()
        withheld = [frame]
        return actions
    }

    private mutating func release() -> [Action] {
        defer {
            withheld = []
            withheldSize = 0
        }
        return withheld.map(Action.deliver)
    }
}
